"""Files by token: whole, in pieces, checked, analyzed by the real worker, read as a night."""

import hashlib
import io
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask import Flask

from somnia_server.store import recordings, repeats
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import give
from somnia_server.store.house import house
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.processing import NEEDED
from somnia_server.store.tables import RepeatRow, session
from tests.server.api.conftest import Program
from tests.server.conftest import csv_night

PROJECT = Path(__file__).resolve().parents[3]
PIECES = "application/offset+octet-stream"
PATIENCE_S = 120.0


def agree(app: Flask, actor: Actor) -> None:
    """Let a person's nights be worked on."""
    with app.app_context():
        save_profile(actor, Profile(birth_date=date(1980, 4, 23)))
        for kind in NEEDED:
            give(actor, kind)


@pytest.fixture
def ann(app: Flask, program: Callable[..., Program]) -> Program:
    found = program()
    agree(app, found.actor)
    return found


def post(program: Program, path: str, body: bytes = b"", **headers: str) -> Any:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return program.client.post(path, data=body, headers=program.headers() | said, content_type="application/octet-stream")


def patch(program: Program, path: str, body: bytes, offset: int, **headers: str) -> Any:
    said = {name.replace("_", "-"): value for name, value in headers.items()} | {"Upload-Offset": str(offset)}
    return program.client.patch(path, data=body, headers=program.headers() | said, content_type=PIECES)


def sha(data: bytes) -> str:
    return b64encode(hashlib.sha256(data).digest()).decode()


def sound(minutes: float = 1.0) -> bytes:
    """Return a FLAC file of a quiet hum."""
    samples = 0.05 * np.sin(np.arange(int(16000 * 60 * minutes)) / 9)
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format="FLAC")
    return file.getvalue()


@contextmanager
def worker(environ: dict[str, str]) -> Iterator[None]:
    """Let a real worker work beside the test."""
    process = subprocess.Popen([sys.executable, "-m", "somnia_server.work.worker"], cwd=PROJECT, env=os.environ | environ)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def ended(program: Program, href: str) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        job = program.get(href).get_json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(1.0)
    pytest.fail("the analysis did not end")


def test_a_file_comes_in_pieces_is_analyzed_and_read_as_a_night(ann: Program, environ: dict[str, str]) -> None:
    data = csv_night(minutes=240)
    room = post(ann, "/api/v1/upload/recording?name=ring.csv", Upload_Length=str(len(data)))
    assert (room.status_code, room.get_json()["state"], room.headers["Upload-Offset"]) == (201, "receiving", "0")
    place, cut = room.headers["Location"], len(data) // 3
    assert patch(ann, place, data[:cut], 0, Upload_Checksum=f"sha256 {sha(data[:cut])}").headers["Upload-Offset"] == str(cut)
    assert patch(ann, place, data[cut + 1 :], cut + 1).status_code == 409
    head = ann.client.head(place, headers=ann.headers())
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, str(cut), str(len(data)))
    assert patch(ann, place, data[cut:], cut, Repr_Digest=f"sha-256=:{sha(data)}:").status_code == 204
    assert ann.get(place).get_json()["sha256"] == hashlib.sha256(data).hexdigest()
    order = ann.post("/api/v1/analyze", json={"uploads": [place.rpartition("/")[2]]})
    assert (order.status_code, order.get_json()["jobs"][0]["state"]) == (202, "queued")
    assert ann.get(place).get_json()["found"]["format"] == "somnia_csv"
    with worker(environ):
        job = ended(ann, order.headers["Location"])
    assert (job["state"], job["error"], job["fraction"]) == ("done", None, 1.0)
    night = ann.get(job["night_href"]).get_json()
    assert night["start"].startswith(job["night"])
    assert ann.get("/api/v1/nights").get_json()["nights"][0]["id"] == job["night_id"]


def test_a_whole_file_comes_at_once_and_is_named_by_its_query(ann: Program) -> None:
    data = csv_night()
    said = post(ann, "/api/v1/upload/recording?name=C:\\nights\\ring.csv", data).get_json()
    assert (said["name"], said["state"], said["size"], said["received"]) == ("ring.csv", "ready", len(data), len(data))
    assert [one["id"] for one in ann.get("/api/v1/uploads").get_json()["uploads"]] == [said["id"]]
    assert ann.delete(said["href"]).status_code == 204
    assert ann.get(said["href"]).status_code == 404


def test_bytes_that_are_not_those_of_their_checksum_are_not_kept_and_may_come_again(ann: Program) -> None:
    data = os.urandom(600_000)
    place = post(ann, "/api/v1/upload/recording", Upload_Length=str(len(data))).headers["Location"]
    assert patch(ann, place, data[:300_000], 0).status_code == 204
    wrong = patch(ann, place, data[300_000:], 300_000, Upload_Checksum=f"sha256 {sha(b'other')}")
    assert (wrong.status_code, wrong.get_json()["error"]["code"], wrong.headers["Upload-Offset"]) == (460, "checksum_mismatch", "300000")
    assert patch(ann, place, data[300_000:], 300_000, Upload_Checksum=f"sha256 {sha(data[300_000:])}").status_code == 204
    assert ann.get(place).get_json()["sha256"] == hashlib.sha256(data).hexdigest()
    for header, value in (("Upload_Checksum", "md5 abc"), ("Upload_Checksum", "sha256 abc"), ("Repr_Digest", "sha-256=abc")):
        assert patch(ann, place, b"x", 0, **{header: value}).status_code == 400


def test_a_file_that_is_not_that_of_its_digest_is_deleted(ann: Program) -> None:
    wrong = post(ann, "/api/v1/upload/recording", csv_night(), Repr_Digest=f"sha-256=:{sha(b'other')}:")
    assert wrong.status_code == 460
    assert post(ann, "/api/v1/upload/recording", csv_night(), Upload_Checksum=f"sha256 {sha(b'other')}").status_code == 460
    assert ann.get("/api/v1/uploads").get_json()["uploads"] == []


def test_sound_is_taken_as_sound_and_what_is_none_is_refused_and_deleted(ann: Program) -> None:
    said = post(ann, "/api/v1/upload/audio?name=night.flac", sound())
    assert said.status_code == 201
    assert said.get_json()["found"]["format"] == "audio"
    for kind, content in (("audio", csv_night()), ("video", sound()), ("audio", b"no file of any kind")):
        other = post(ann, f"/api/v1/upload/{kind}?name=x", content)
        assert (other.status_code, other.get_json()["error"]["code"]) == (415, "unsupported_media_type")
    assert len(ann.get("/api/v1/uploads").get_json()["uploads"]) == 1
    assert post(ann, "/api/v1/upload/picture", b"x").status_code == 404


def test_a_file_whose_server_died_before_it_looked_is_looked_into_when_it_is_asked_for(ann: Program, app: Flask) -> None:
    data = csv_night()
    place = post(ann, "/api/v1/upload/audio?name=night.flac", Upload_Length=str(len(data))).headers["Location"]
    with app.app_context():  # every byte has come, and nothing was noted of it
        upload = recordings.find_upload(ann.actor, place.rpartition("/")[2])
        assert upload is not None
        with recordings.open_writer(upload) as writer:
            writer.write(data)
    refused = ann.get(place)
    assert (refused.status_code, ann.get(place).status_code) == (415, 404)


def test_a_sound_without_a_time_asks_when_it_began(ann: Program) -> None:
    upload = post(ann, "/api/v1/upload/audio?name=night.flac", sound()).get_json()
    asked = ann.post("/api/v1/analyze", json={"uploads": [upload["id"]]})
    assert (asked.status_code, list(asked.get_json()["error"]["fields"])) == (422, ["start"])
    said = {"uploads": [upload["id"]], "start": "2026-03-01T22:41:00+01:00", "zone": "Europe/Berlin"}
    job = ann.post("/api/v1/analyze", json=said).get_json()["jobs"][0]
    assert job["night"] == "2026-03-01"
    assert ann.post("/api/v1/analyze", json=said).get_json()["jobs"][0]["id"] == job["id"]
    assert ann.post("/api/v1/analyze", json=said | {"zone": "Moon/Crater"}).status_code == 422
    assert ann.post("/api/v1/analyze", json=said | {"nights": ["2020-01-01"]}).status_code == 422
    assert ann.delete(job["href"]).status_code == 204
    assert ann.get(job["href"]).get_json()["state"] == "cancelled"


def test_a_key_gets_the_same_answer_again_and_nothing_twice(ann: Program, app: Flask) -> None:
    data = csv_night()
    first = post(ann, "/api/v1/upload/recording?name=a.csv", data, Idempotency_Key="one")
    again = post(ann, "/api/v1/upload/recording?name=a.csv", data, Idempotency_Key="one")
    assert (again.status_code, again.get_json(), again.headers["Location"]) == (201, first.get_json(), first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    order = {"uploads": [first.get_json()["id"]]}
    key = {"headers": ann.headers() | {"Idempotency-Key": "two"}}
    jobs = [ann.client.post("/api/v1/analyze", json=order, **key) for _ in range(3)]
    assert {job.status_code for job in jobs} == {202}
    assert len({job.get_data() for job in jobs}) == 1
    assert len(ann.get("/api/v1/uploads").get_json()["uploads"]) == len(ann.get("/api/v1/jobs").get_json()["jobs"]) == 1
    with app.app_context():
        assert first.get_json()["id"].encode() not in b"".join(row.sealed_answer or b"" for row in session().query(RepeatRow))


def test_a_large_file_comes_again_under_its_key(ann: Program) -> None:
    data = os.urandom(17 << 20)
    first, again = (post(ann, "/api/v1/upload/recording?name=a.bin", data, Idempotency_Key="large") for _ in range(2))
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert post(ann, "/api/v1/upload/recording?name=a.bin", data[:-1] + b"x", Idempotency_Key="large").status_code == 409


def test_a_key_of_another_request_is_refused(ann: Program, program: Callable[..., Program], app: Flask) -> None:
    data = csv_night()
    assert post(ann, "/api/v1/upload/recording?name=a.csv", data, Idempotency_Key="one").status_code == 201
    swapped = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
    for path, body in (("recording?name=b.csv", data), ("audio?name=a.csv", data), ("recording?name=a.csv", swapped)):
        other = post(ann, f"/api/v1/upload/{path}", body, Idempotency_Key="one")
        assert (other.status_code, other.get_json()["error"]["code"]) == (409, "conflict")
    for key in ("", "x" * 256, "ä"):
        assert post(ann, "/api/v1/upload/recording", data, Idempotency_Key=key).status_code == 400
    bob = program("bob@example.org")
    agree(app, bob.actor)
    assert post(bob, "/api/v1/upload/recording?name=b.csv", data, Idempotency_Key="one").status_code == 201


def test_whatever_comes_of_a_key_it_is_counted(ann: Program) -> None:
    body = {"json": {"email": "doctor@example.org"}}
    left = []
    for key, more in (("k", body), ("k", body), ("k", {"json": {}}), ("x" * 999, body)):
        answer = ann.client.post("/api/v1/grants", headers=ann.headers() | {"Idempotency-Key": key}, **more)
        left.append((answer.status_code, int(answer.headers["RateLimit-Remaining"])))
    first = left[0][1]
    assert left == [(201, first), (201, first - 1), (409, first - 2), (400, first - 3)]


def test_what_was_refused_may_come_again_under_its_key(ann: Program) -> None:
    body = {"headers": ann.headers() | {"Idempotency-Key": "k"}, "json": {"uploads": ["0" * 32]}}
    assert [ann.client.post("/api/v1/analyze", **body).status_code for _ in range(2)] == [422, 422]


def test_a_request_under_way_is_not_done_twice_until_it_is_forsaken(ann: Program, app: Flask) -> None:
    with app.app_context():
        ticket = repeats.claim(ann.actor, "k", asked="this")
        assert isinstance(ticket, repeats.Ticket)
        with pytest.raises(repeats.OtherRequestError, match="being answered"):
            repeats.claim(ann.actor, "k", asked="this")
        row = session().query(RepeatRow).one()
        row.created_at -= repeats.FORSAKEN
        session().commit()
        assert repeats.claim(ann.actor, "k", asked="this") == ticket
        repeats.keep(ticket, repeats.Answer(201, "{}"))
        assert repeats.claim(ann.actor, "k", asked="this") == repeats.Answer(201, "{}")
        row = session().query(RepeatRow).one()
        assert repeats.purge_repeats(row.created_at + repeats.KEPT) == 1


def test_files_and_jobs_of_others_are_not_there(ann: Program, program: Callable[..., Program], app: Flask) -> None:
    upload = post(ann, "/api/v1/upload/recording?name=a.csv", csv_night()).get_json()
    job = ann.post("/api/v1/analyze", json={"uploads": [upload["id"]]}).get_json()["jobs"][0]
    for name, role in (("bob", Role.USER), ("doc", Role.DOCTOR), ("root", Role.ADMIN)):
        other = program(f"{name}@example.org", role)
        agree(app, other.actor)
        assert other.get(upload["href"]).status_code == other.get(job["href"]).status_code == 404
        assert other.delete(upload["href"]).status_code == other.delete(job["href"]).status_code == 404
        assert patch(other, upload["href"], b"x", 0).status_code == 404
        assert other.post("/api/v1/analyze", json={"uploads": [upload["id"]]}).status_code == 422
        assert post(other, f"/api/v1/upload/recording?subject={ann.actor.id}", b"x").status_code == 404
        assert other.get("/api/v1/uploads").get_json()["uploads"] == other.get("/api/v1/jobs").get_json()["jobs"] == []


def test_without_consent_nothing_is_taken_and_the_reason_is_said(program: Callable[..., Program]) -> None:
    refused = post(program(), "/api/v1/upload/recording", csv_night())
    assert refused.status_code == 403
    assert refused.get_json()["error"]["message"]


def test_what_is_more_than_may_wait_is_refused(ann: Program, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        most = house().settings.max_upload_bytes
    assert post(ann, "/api/v1/upload/recording", Upload_Length=str(most + 1)).status_code == 413
    monkeypatch.setattr(recordings, "MOST_FILES", 0)
    assert post(ann, "/api/v1/upload/recording", b"x").status_code == 413


def test_the_same_file_at_once_twice_and_resumed_is_one_night(ann: Program, app: Flask, environ: dict[str, str]) -> None:
    """R32 by the API: in parallel under one key, in parallel without one, in pieces after a break; one night, one result."""
    data = csv_night(minutes=240)

    def bring(key: str | None) -> Any:
        return post(ann, "/api/v1/upload/recording?name=ring.csv", data, **({} if key is None else {"Idempotency_Key": key}))

    with ThreadPoolExecutor(4) as pool:
        keyed, loose = list(pool.map(bring, ["one"] * 4)), list(pool.map(bring, [None] * 2))
    assert {answer.status_code for answer in keyed} <= {201, 409}
    assert len({answer.get_json()["id"] for answer in keyed if answer.status_code == 201}) == 1
    room = post(ann, "/api/v1/upload/recording?name=ring.csv", Upload_Length=str(len(data))).headers["Location"]
    patch(ann, room, data[:1000], 0)
    with ThreadPoolExecutor(2) as pool:
        rest = list(pool.map(lambda _: patch(ann, room, data[1000:], 1000).status_code, range(2)))
    assert 204 in rest
    assert set(rest) <= {204, 409, 423}
    files = [
        keyed[-1].get_json().get("id") or bring("one").get_json()["id"],
        *(one.get_json()["id"] for one in loose),
        room.rpartition("/")[2],
    ]
    orders = [ann.post("/api/v1/analyze", json={"uploads": [one]}).get_json()["jobs"][0] for one in files for _ in range(2)]
    assert len({one["id"] for one in orders}) == 1
    with worker(environ):
        assert ended(ann, orders[0]["href"])["state"] == "done"
    assert len(ann.get("/api/v1/nights").get_json()["nights"]) == 1
