"""What the version before kept, sealed with one key from the key file, is read by this one."""

import hashlib
import secrets
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask
from sqlalchemy import create_engine, text

from somnia_engine.text import Text
from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError
from somnia_server.store import codec, jobs, nightcodec, nights, recordings
from somnia_server.store.actors import Actor
from somnia_server.store.choices import Choices
from somnia_server.store.house import house
from somnia_server.store.schema import upgrade
from somnia_server.store.tables import session
from somnia_server.store.vault import TamperedError
from tests.server.conftest import make_night

MASTER = b"m" * 32
VISITOR = "v-" + "5" * 32
DAY = date(2025, 1, 10)
AT = "2025-01-11 08:00:00.000000"
LATER = "2999-01-01 00:00:00.000000"


def derive(purpose: bytes, salt: bytes | None = None) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(MASTER)


def bound(table: str, row: str) -> bytes:
    return b"\x01" + b"".join(len(part).to_bytes(4, "big") + part for part in (table.encode(), row.encode(), VISITOR.encode()))


def seal(plain: bytes, table: str, row: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return b"\x01" + nonce + AESGCM(derive(b"somnia records")).encrypt(nonce, plain, bound(table, row))


def stream(row: str, *pieces: bytes, finished: bool) -> bytes:
    salt = secrets.token_bytes(16)
    cipher, data = AESGCM(derive(b"somnia stream", salt)), b"SOMNIA\x00\x01" + salt
    for i, piece in enumerate([*pieces, *([b""] if finished else [])]):
        nonce = secrets.token_bytes(12)
        body = cipher.encrypt(nonce, piece, bound("uploads.stream", row) + i.to_bytes(8, "big") + bytes([not piece]))
        data += (12 + len(body)).to_bytes(4, "big") + nonce + body
    return data


@dataclass(frozen=True)
class Old:
    settings: Settings
    ready: str = "a" * 32
    half: str = "b" * 32
    night: str = "c" * 32
    job: str = "d" * 32

    def fill(self) -> None:
        engine = create_engine(self.settings.database_url)
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":  # the tests' databases begin with the newest schema
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        upgrade(engine, "0001")
        with engine.begin() as connection:
            run = connection.execute
            run(text("INSERT INTO visitors VALUES (:id, :at, :at)"), {"id": VISITOR, "at": AT})
            for row, state, size in ((self.ready, "ready", 6), (self.half, "receiving", 9)):
                values = {"id": row, "owner": VISITOR, "state": state, "size": size, "at": AT, "later": LATER}
                values |= {name: seal(name.encode(), f"uploads.{name}", row) for name in ("name", "sha256", "survey")}
                columns = "id, owner, state, size, created_at, expires_at, sealed_name, sealed_sha256, sealed_survey"
                run(
                    text(f"INSERT INTO uploads ({columns}) VALUES (:id, :owner, :state, :size, :at, :later, :name, :sha256, :survey)"),
                    values,
                )
            blobs = nightcodec.pack_night(make_night(DAY))
            values = {"id": self.night, "owner": VISITOR, "night": DAY.isoformat(), "at": AT, "print": "f" * 64}
            values |= {"summary": seal(blobs[0], "nights.summary", self.night), "series": seal(blobs[1], "nights.series", self.night)}
            columns = "id, owner, night, state, demo, fingerprint, created_at, sealed_summary, sealed_series"
            run(
                text(f"INSERT INTO nights ({columns}) VALUES (:id, :owner, :night, 'ready', false, :print, :at, :summary, :series)"), values
            )
            values = {"id": self.job, "owner": VISITOR, "at": AT, "print": "g" * 64}
            values |= {"error": seal(codec.dumps(Text("No room.")), "jobs.error", self.job)}
            values |= {"options": seal(codec.dumps(Choices("Asia/Kolkata")), "jobs.options", self.job)}
            columns = "id, owner, fingerprint, state, stage, fraction, attempts, cancel_asked, created_at, sealed_error, sealed_options"
            run(
                text(f"INSERT INTO jobs ({columns}) VALUES (:id, :owner, :print, 'failed', '', 0, 1, false, :at, :error, :options)"), values
            )
        engine.dispose()
        self.file(self.ready).write_bytes(stream(self.ready, b"abc", b"def", finished=True))
        self.file(self.half).write_bytes(stream(self.half, b"abc", finished=False) + b"\x00\x00\x00\x50torn")

    def file(self, upload_id: str) -> Path:
        return self.settings.uploads / f"{upload_id}.sealed"


@pytest.fixture
def old(settings: Settings) -> Old:
    settings.prepare()
    settings.key_file.touch(0o600)
    settings.key_file.write_bytes(MASTER)
    made = Old(settings)
    made.fill()
    return made


ME = Actor.owner(VISITOR)


def check(app: Flask, old: Old) -> None:
    with app.app_context():
        stored = nights.load_night(ME, old.night)
        assert stored is not None
        assert stored.analysis.statistics.tst_min == 400.5
        (job,) = jobs.jobs_of(ME)
        assert job.error == Text("No room.")
        ready, half = recordings.find_upload(ME, old.ready), recordings.find_upload(ME, old.half)
        assert ready is not None
        assert half is not None
        assert (ready.name, ready.sha256, recordings.load_survey(ready)) == ("name", "sha256", b"survey")
        assert b"".join(recordings.stream(ready)) == b"abcdef"
        assert half.received == 3


def test_nights_jobs_uploads_and_streams_are_read_and_an_unfinished_one_goes_on(old: Old):
    app = create_server(old.settings)
    check(app, old)
    with app.app_context():
        half = recordings.find_upload(ME, old.half)
        assert half is not None
        with recordings.open_writer(half) as writer:
            assert writer.offset == 3
            writer.write(b"ghijkl")
            writer.finish()
        recordings.mark_ready(ME, half.id, sha256=hashlib.sha256(b"abcghijkl").hexdigest())
        assert b"".join(recordings.stream(half)) == b"abcghijkl"
    check_again = create_server(old.settings)
    with check_again.app_context():
        assert nights.load_night(ME, old.night) is not None


def test_visitors_stay_who_they_are_and_a_file_that_comes_again_is_recognised(old: Old):
    app = create_server(old.settings)
    assert app.secret_key == derive(b"somnia cookies").hex()
    with app.app_context():
        assert house().vault.derive(b"somnia fingerprints") == derive(b"somnia fingerprints")


def test_the_former_files_are_swept_and_nothing_opens_with_the_former_key(old: Old):
    with create_server(old.settings).app_context():
        recordings.purge_uploads(recordings.now())
        assert {path.suffix for path in old.settings.uploads.iterdir()} == {".stream"}
        sealed = session().execute(text("SELECT sealed_summary, sealed_series FROM nights")).one()
        assert [blob[0] for blob in sealed] == [2, 2]


@pytest.mark.sqlite
def test_a_start_that_ends_halfway_is_repeated(old: Old):
    (old.settings.uploads / f"{old.ready}.stream").write_bytes(b"left by a start that was killed")
    backup = old.settings.instance.parent / "backup.db"
    shutil.copy(old.settings.instance / "somnia.db", backup)
    create_server(old.settings)
    for path in old.settings.instance.glob("somnia.db*"):
        path.unlink()
    shutil.copy(backup, old.settings.instance / "somnia.db")  # as if its one transaction had not been committed
    check(create_server(old.settings), old)


def test_a_record_that_was_changed_stays_unreadable_and_the_rest_is_read(old: Old):
    engine = create_engine(old.settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE nights SET sealed_summary = sealed_series"))
    engine.dispose()
    data = bytearray(old.file(old.ready).read_bytes())
    data[-1] ^= 1
    old.file(old.ready).write_bytes(data)
    with create_server(old.settings).app_context():
        with pytest.raises(TamperedError):
            nights.load_night(ME, old.night)
        assert len(jobs.jobs_of(ME)) == 1
        ready = recordings.find_upload(ME, old.ready)
        assert ready is not None
        with pytest.raises(TamperedError):
            list(recordings.stream(ready))


def test_without_the_former_key_file_the_start_says_what_is_missing(old: Old):
    old.settings.key_file.unlink()
    with pytest.raises(SettingsError, match="Put it back for this start"):
        create_server(old.settings)
