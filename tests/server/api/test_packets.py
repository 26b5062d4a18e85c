"""Devices and their packets, as a device and its person meet them over the API."""

import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from flask import Flask
from sqlalchemy import select

from somnia_engine.packet.seal import PacketKey, seal
from somnia_engine.packing import pack_night
from somnia_server.store import jobs, nights
from somnia_server.store.actors import Role
from somnia_server.store.consents import give
from somnia_server.store.devices import add_device, device_key, devices_of, enroll, invite_device, renew
from somnia_server.store.house import now
from somnia_server.store.packets import letter_of, purge_letters
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.processing import NEEDED
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import DeviceRow, PacketRow, session
from somnia_server.work import analyses
from tests.engine.packet.nights import a_night
from tests.server.api.conftest import Program

pytestmark = pytest.mark.sqlite
BINARY = "application/octet-stream"


@pytest.fixture(scope="module")
def letter() -> bytes:
    return pack_night(a_night(240), effort=0)


def keyed(app: Flask, program: Program, name: str = "Phone") -> PacketKey:
    allow(app, program)
    with app.app_context():
        return add_device(program.actor, name)


def allow(app: Flask, program: Program) -> None:
    """Let somebody's nights be worked on."""
    with app.app_context():
        save_profile(program.actor, Profile(birth_date=date(1980, 4, 23)))
        for kind in NEEDED:
            give(program.actor, kind)


def bring(program: Program, packet: bytes) -> Any:
    return program.post("/api/v1/packets", bearer=None, data=packet, content_type=BINARY)


def test_a_packet_is_taken_and_becomes_a_night(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    key = keyed(app, ann)
    answer = bring(ann, seal(letter, key))
    assert answer.status_code == 202, answer.text
    assert answer.get_json()["state"] == "queued"
    with app.app_context():
        claim = jobs.claim_next()
        assert claim is not None
        assert claim.id == answer.get_json()["job"]
        analyses.run(claim, threading.Event())
        kept = nights.list_nights(ann.actor)
        assert len(kept) == 1
        assert kept[0].stages.size == 240
        assert letter_of(claim.id, ann.actor.id) is None
        night = nights.load_night(ann.actor, kept[0].id)
        assert night is not None
        assert night.analysis.measures["odi3_per_h"] == pytest.approx(14.96, abs=0.011)


def test_the_same_packet_again_is_the_same_night_and_a_new_telling_replaces_it(
    app: Flask, program: Callable[..., Program], letter: bytes
) -> None:
    ann = program()
    key = keyed(app, ann)
    packet = seal(letter, key)
    first = bring(ann, packet).get_json()
    again = bring(ann, packet)
    assert again.status_code == 200
    assert again.get_json()["job"] == first["job"]
    assert bring(ann, seal(letter, key)).status_code == 202
    with app.app_context():
        for _ in range(2):
            claim = jobs.claim_next()
            assert claim is not None
            analyses.run(claim, threading.Event())
        kept = nights.list_nights(ann.actor)
        assert len(kept) == 1
    done = bring(ann, packet).get_json()
    assert done == {"job": first["job"], "state": "done", "night": kept[0].id, "known": True}


def test_what_is_no_genuine_packet_is_refused(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    key = keyed(app, ann)
    packet = seal(letter, key, nonce=bytes(12))
    assert bring(ann, packet).status_code == 202
    for wrong, status in (
        (seal(b"another letter", key, nonce=bytes(12)), 409),
        (packet[:-1] + bytes([packet[-1] ^ 1]), 422),
        (b"", 422),
        (b"SP", 422),
        (b"SP\x02" + packet[3:], 422),
        (seal(letter, PacketKey(b"nobody", bytes(32))), 403),
        (b"SP\x01" + bytes(70_000), 413),
    ):
        answer = bring(ann, wrong)
        assert answer.status_code == status, (status, answer.text)
        assert answer.get_json()["error"]["message"]


def test_nothing_is_taken_before_its_person_has_agreed(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    with app.app_context():
        key = add_device(ann.actor, "Phone")
    answer = bring(ann, seal(letter, key))
    assert answer.status_code == 422
    assert "birth date" in answer.get_json()["error"]["message"]


def test_a_letter_that_is_no_night_is_kept_from_the_nights(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    answer = bring(ann, seal(b"not a letter", keyed(app, ann)))
    assert answer.status_code == 202
    with app.app_context():
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
        view = jobs.job_for(ann.actor, claim.id)
        assert view is not None
        assert view.state == "failed"
        assert "format" in str(view.error)
        assert nights.list_nights(ann.actor) == ()


def test_a_device_enrolls_by_a_code_and_both_draw_the_same_key(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    allow(app, ann)
    with app.app_context():
        code = invite_device(ann.actor, "Phone")
        assert devices_of(ann.actor)[0].waits
    mine = X25519PrivateKey.generate()
    said = {"code": code.lower(), "public_key": b64encode(mine.public_key().public_bytes_raw()).decode()}
    answer = ann.post("/api/v1/devices", bearer=None, json=said)
    assert answer.status_code == 201, answer.text
    found = answer.get_json()
    shared = mine.exchange(X25519PublicKey.from_public_bytes(b64decode(found["public_key"])))
    key = PacketKey(bytes.fromhex(found["key_id"]), device_key(shared, code, bytes.fromhex(found["key_id"])))
    assert bring(ann, seal(letter, key)).status_code == 202
    assert ann.post("/api/v1/devices", bearer=None, json=said).status_code == 403
    listed = ann.get("/api/v1/devices").get_json()["devices"]
    assert [(one["name"], one["waits"]) for one in listed] == [("Phone", False)]
    assert listed[0]["seen_at"] is not None


def test_a_code_runs_out_and_guesses_are_counted(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        code = invite_device(ann.actor, "Phone")
        session().scalars(select(DeviceRow)).one().code_expires_at = now() - timedelta(seconds=1)
        session().commit()
        assert enroll(code, bytes(range(32))) is None
        assert enroll(invite_device(ann.actor, "Low order"), bytes(32)) is None
    said = {"code": "0000-0000-00", "public_key": b64encode(bytes(range(32))).decode()}
    seen = {ann.post("/api/v1/devices", bearer=None, json=said).status_code for _ in range(40)}
    assert seen == {403, 429}
    assert ann.post("/api/v1/devices", bearer=None, json={**said, "public_key": "?" * 44}).status_code in (422, 429)


def test_an_ended_or_renewed_key_opens_nothing(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    first, second = keyed(app, ann), keyed(app, ann, "Tablet")
    with app.app_context():
        third = renew(ann.actor, second.id.hex())
        assert third is not None
        names = [device.name for device in devices_of(ann.actor)]
        assert sorted(names) == ["Phone", "Tablet"]
    assert ann.delete(f"/api/v1/devices/{first.id.hex()}").status_code == 204
    assert ann.delete(f"/api/v1/devices/{first.id.hex()}").status_code == 404
    assert [bring(ann, seal(letter, key)).status_code for key in (first, second, third)] == [403, 403, 202]
    with app.app_context():
        assert {row.sealed_key for row in session().scalars(select(DeviceRow).where(DeviceRow.ended_at.is_not(None)))} == {None}


def test_nobody_sees_or_ends_the_devices_of_another(app: Flask, program: Callable[..., Program]) -> None:
    ann, ben = program(), program("ben@example.org", Role.DOCTOR)
    key = keyed(app, ann)
    assert ben.get("/api/v1/devices").get_json() == {"devices": []}
    assert ben.delete(f"/api/v1/devices/{key.id.hex()}").status_code == 404
    assert ann.get("/api/v1/devices", bearer=None).status_code == 401
    with app.app_context():
        assert renew(ben.actor, key.id.hex()) is None


def test_names_and_numbers_of_devices_are_bounded(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        for name in ("", "  ", "x" * 49):
            with pytest.raises(RefusalError, match="at most"):
                add_device(ann.actor, name)
        for number in range(50):
            add_device(ann.actor, f"Phone {number}")
        with pytest.raises(RefusalError, match="devices already"):
            add_device(ann.actor, "One more")


def test_a_letter_that_never_became_a_night_goes_after_a_week(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    assert bring(ann, seal(letter, keyed(app, ann))).status_code == 202
    with app.app_context():
        purge_letters(now() + timedelta(days=6))
        assert session().scalars(select(PacketRow)).one().sealed_letter is not None
        purge_letters(now() + timedelta(days=8))
        session().expire_all()
        assert session().scalars(select(PacketRow)).one().sealed_letter is None


def test_nothing_of_a_packet_is_readable_in_its_row(app: Flask, program: Callable[..., Program], letter: bytes) -> None:
    ann = program()
    assert bring(ann, seal(letter, keyed(app, ann))).status_code == 202
    with app.app_context():
        row = session().scalars(select(PacketRow)).one()
        assert row.sealed_letter is not None
        assert letter[:40] not in row.sealed_letter
        device = session().scalars(select(DeviceRow)).one()
        assert b"Phone" not in device.sealed_name
