"""A stolen disk tells nothing (R11): nothing of nights, uploads, jobs and persons is found by a search of all that lies on it."""

import base64
import io
import logging
import secrets
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from somnia_engine.text import Text
from somnia_server.settings import Settings
from somnia_server.store import audit, breaches, clinic_notes, jobs, kiosks, nights, notices, persons, recordings, sessions
from somnia_server.store.actors import Actor, Role
from somnia_server.store.export import export_zip
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept
from somnia_server.store.profiles import MedicalEntry, MedicalHistory
from somnia_server.store.sharing_requests import ask_to_share
from somnia_server.store.tables import session
from somnia_server.work import analyses, queue, uploads
from tests.server.conftest import Visitor, csv_night, make_account, make_night
from tests.server.store.test_persons import FULL

DAY = date(2025, 1, 10)


class Canaries:
    """Words that stand nowhere else in the world."""

    def __init__(self) -> None:
        self.sung: list[str] = []

    def __call__(self) -> str:
        self.sung.append(f"canary{secrets.token_hex(8)}")
        return self.sung[-1]


def forms(canary: str) -> Iterator[bytes]:
    """Yield how a word may lie on a disk."""
    plain = canary.encode()
    yield from (plain, canary.encode("utf-16-le"), plain.hex().encode(), plain[::-1])
    for shift in range(3):  # base64 of a longer text that holds the word at any place
        yield base64.b64encode(b"x" * shift + plain)[4 * (shift > 0) : -4]


def seen_in(folder: Path, canaries: list[str]) -> set[str]:
    """Return what of it a byte search of all files below a folder finds."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found |= {canary for canary in canaries if any(form in data for form in forms(canary))}
    return found


def live(app: Flask, visitor: Visitor, sing: Canaries) -> Actor:
    """Leave a word wherever somebody can leave one; return the person with an account."""
    me = visitor.actor
    column, half = sing(), sing()
    head, *rows = csv_night(DAY).decode().split()
    whole = visitor.upload("\n".join([f"{head},{column}", *(f"{row},7" for row in rows), ""]).encode(), f"{sing()}.csv")
    url = visitor.create(5000, f"{sing()}.csv")
    visitor.patch(url, half.encode() * 50, 0)
    visitor.upload(sing().encode() * 1000, f"{sing()}.wav")
    with app.app_context():
        uploads.survey_upload(me, whole)
        queue.enqueue(me, [whole])
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
        assert len(nights.list_nights(me)) == 1
        for _ in range(2):
            other = visitor.upload(csv_night(DAY + timedelta(days=1), seed=secrets.randbelow(1000)), f"{sing()}.csv")
            queue.enqueue(me, [other])
            claim = jobs.claim_next()
            assert claim is not None
            jobs.fail(claim, Text(sing()))
        recordings.add_upload(me, sing(), size=3)
        return _live_with_account(sing)


def _live_with_account(sing: Canaries) -> Actor:
    me, doctor, admin = (make_account(role, email=f"{sing()}@example.org") for role in (Role.USER, Role.DOCTOR, Role.ADMIN))
    for i in range(15):
        nights.save_night(me.id, make_night(DAY + timedelta(days=i), note=sing()), kept=Kept(DAY + timedelta(days=i), f"f{i}"))
    persons.save_profile(me, replace(FULL, name=sing()))
    entries = [MedicalEntry("diagnosis", sing(), code=sing()[:12]) for _ in range(20)] + [
        MedicalEntry("medication", sing()) for _ in range(20)
    ]
    persons.save_history(me, MedicalHistory(tuple(entries)))
    for _ in range(55):
        notices.tell(me.id, "test", Text("{name} asks.", {"name": sing()}))
        audit.note(me, "test", subject=me.id, detail=sing())
        session().commit()
    for _ in range(10):
        sessions.begin_session(me.id, sing())
    for _ in range(3):
        share_with_address(me, f"{sing()}@example.org")
        ask_to_share(doctor, f"{sing()}@example.org", message=sing())
        pairing = kiosks.start_pairing(doctor, sing())
        kiosks.pair(pairing.code)
        breaches.open_breach(admin, begins=now() - timedelta(hours=1), ends=now(), notes=sing())
    for _ in range(3):
        clinic_notes.write(admin, sing(), last_day=now().date())
    return me


def test_no_word_of_anybody_can_be_found_on_the_disk_or_in_the_log(
    app: Flask, visitor: Visitor, settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.INFO)
    sing = Canaries()
    me = live(app, visitor, sing)
    assert len(sing.sung) >= 200
    assert len(list(settings.uploads.iterdir())) >= 2
    assert seen_in(settings.instance, sing.sung) == set()
    said = caplog.text + "".join(capfd.readouterr())
    assert [canary for canary in sing.sung if canary in said] == []
    with app.app_context():
        pieces = export_zip(me)
        assert pieces is not None
        archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
        read = b"".join(archive.read(name) for name in archive.namelist())
    assert sum(canary.encode() in read for canary in sing.sung) >= 150  # they are all there for who may read them


def test_the_search_finds_what_is_there(tmp_path: Path):
    sing = Canaries()
    for i, form in enumerate(forms(sing())):
        (tmp_path / f"{i}").write_bytes(b"before" + form + b"after")
        assert seen_in(tmp_path, sing.sung) == set(sing.sung)
        (tmp_path / f"{i}").unlink()
    (tmp_path / "longer").write_bytes(base64.b64encode(b"some text before " + sing().encode() + b" and after"))
    assert seen_in(tmp_path, sing.sung) == {sing.sung[-1]}
    assert seen_in(tmp_path, ["not there"]) == set()
