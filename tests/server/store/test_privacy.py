import io
import json
import secrets
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask

from somnia_engine.readers import read_recording
from somnia_engine.types.questionnaires import Answered
from somnia_engine.types.recording import ReadOptions
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import answers, nights, persons, recordings, remarks
from somnia_server.store.actors import Actor, Role
from somnia_server.store.export import export_zip
from somnia_server.store.house import house, now
from somnia_server.store.nights import Kept
from somnia_server.store.persons import PersonSettings, Profile
from somnia_server.store.remarks import Remark
from somnia_server.store.restore import Imported, import_zip
from somnia_server.store.tables import ConsentRow, NightRow, UserRow, session
from tests import reports
from tests.server.conftest import long_night, make_account, make_night
from tests.server.store.test_persons import FULL, HISTORY, entries_about, guard
from tests.server.store.test_retention import bring

ME = Actor("u-" + "1" * 32, Role.USER)
THERE = Actor("u-" + "2" * 32, Role.USER)
"""The same person on another server."""
DAY = date(2025, 1, 10)


@contextmanager
def instance(folder: Path) -> Iterator[None]:
    settings = Settings.from_env({"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")})
    with create_server(settings).app_context():
        yield


def consent(actor: Actor, kind: str, *, withdrawn: bool) -> None:
    row = ConsentRow(id=secrets.token_hex(16), owner=actor.id, kind=kind, version="1", given_by=actor.id)
    row.given_at = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    row.withdrawn_at = datetime(2026, 2, 3, tzinfo=UTC) if withdrawn else None
    session().add(row)
    session().commit()


def fill(actor: Actor, *, count: int = 3) -> None:
    """Give a person something of everything."""
    at = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    row = UserRow(id=actor.id, email="canary@example.org", password="canary hash", active=True, fs_uniquifier="canary session")
    row.created_at = at
    session().add(row)
    persons.save_profile(actor, FULL)
    persons.save_history(actor, HISTORY)
    remarks.save_remark(actor, DAY, remark=Remark("Rain all night", ("coffee",)))
    answers.save_answers(actor, Answered("isi", DAY, (0, 1, 2, 3, 4, 3, 2)))
    persons.save_settings(actor, PersonSettings("imperial", 12, 18, 48.0, ai_text=True, email_notices=("night",)))
    consent(actor, "terms", withdrawn=False)
    consent(actor, "research", withdrawn=True)
    for i in range(count):
        night = long_night() if i == 0 else make_night(DAY + timedelta(days=i), seed=i)
        nights.save_night(actor.id, night, kept=Kept(DAY + timedelta(days=i), f"f{i}", demo=i == 1))
    bring(actor)


def exported(actor: Actor, subject: str | None = None) -> bytes:
    pieces = export_zip(actor, subject)
    assert pieces is not None
    return b"".join(pieces)


def written(folder: Path, content: bytes) -> Path:
    path = folder / f"{secrets.token_hex(4)}.zip"
    path.write_bytes(content)
    return path


def same(a: Any, b: Any) -> bool:
    """Return whether two values are equal to the last bit, NaN equal to NaN."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    if is_dataclass(a) and not isinstance(a, type):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or str(a) == str(b) == "nan"


def all_nights(actor: Actor) -> list[Any]:
    """Return all of a person's nights, oldest first, without what belongs to their server."""
    found = [nights.load_night(actor, summary.id) for summary in nights.list_nights(actor)]
    return [(n.night, n.analysis, n.created_at, n.demo) for n in reversed(found) if n is not None]


def said(actor: Actor) -> tuple[Any, ...]:
    told = persons.load_profile(actor), persons.load_history(actor), persons.load_settings(actor)
    return *told, remarks.list_remarks(actor), answers.load_answers(actor)


def consents_of(actor: Actor) -> list[tuple[str, str, datetime, bool]]:
    rows = session().query(ConsentRow).filter_by(owner=actor.id).order_by(ConsentRow.kind)
    return [(row.kind, row.version, row.given_at, row.given_by == actor.id) for row in rows]


def test_what_was_exported_is_equal_in_an_empty_instance(tmp_path: Path):
    with instance(tmp_path / "a"):
        fill(ME)
        before = said(ME), consents_of(ME), all_nights(ME)
        path = written(tmp_path, exported(ME))
    with instance(tmp_path / "b"):
        assert import_zip(THERE, path) == Imported(nights=3, known_nights=0, uploads=1, consents=2)
        assert said(THERE) == before[0]
        assert consents_of(THERE) == before[1]
        assert same(all_nights(THERE), before[2])
        (upload,) = recordings.list_uploads(THERE)
        assert (upload.name, b"".join(recordings.stream(upload))) == ("n.csv", b"x")
        assert import_zip(THERE, path) == Imported(nights=0, known_nights=3, uploads=0, consents=0)
        assert same((said(THERE), all_nights(THERE)), (before[0], before[2]))


@pytest.mark.slow
def test_a_year_of_nights_is_equal_in_an_empty_instance(tmp_path: Path):
    with instance(tmp_path / "a"):
        fill(ME, count=365)
        before = all_nights(ME)
        path = written(tmp_path, exported(ME))
    with instance(tmp_path / "b"):
        assert import_zip(THERE, path) == Imported(nights=365, known_nights=0, uploads=1, consents=2)
        assert same(all_nights(THERE), before)
    reports.keep(
        "r16-export", "A year's nights exported and taken in elsewhere (R16)", found={"nights": "365", "that came out otherwise": "0"}
    )


@pytest.mark.usefixtures("context")
def test_an_import_where_everything_is_already_adds_nothing(tmp_path: Path):
    fill(ME)
    path = written(tmp_path, exported(ME))
    assert import_zip(ME, path) == Imported(nights=0, known_nights=3, uploads=0, consents=0)
    assert session().query(ConsentRow).filter_by(withdrawn_at=None).count() == 1


def test_a_consent_to_another_server_is_none_to_this_one(tmp_path: Path):
    with instance(tmp_path / "a"):
        fill(ME, count=0)
        path = written(tmp_path, exported(ME))
    with instance(tmp_path / "b"):
        import_zip(THERE, path)
        assert session().query(ConsentRow).filter_by(withdrawn_at=None).count() == 0
        ended = {row.kind: row.withdrawn_at for row in session().query(ConsentRow)}
        assert ended["research"] == datetime(2026, 2, 3, tzinfo=UTC)
        assert now() - ended["terms"] < timedelta(minutes=1)


def test_what_a_person_said_here_goes_before_what_they_bring(tmp_path: Path):
    with instance(tmp_path / "a"):
        fill(ME, count=0)
        path = written(tmp_path, exported(ME))
    with instance(tmp_path / "b"):
        persons.save_profile(THERE, Profile(name="New name", birth_date=date(2012, 1, 1), weight_kg=70.0))
        persons.save_settings(THERE, PersonSettings(clock=12))
        import_zip(THERE, path)
        assert persons.load_profile(THERE) == replace(FULL, name="New name", birth_date=date(2012, 1, 1), weight_kg=70.0)
        assert persons.load_settings(THERE) == PersonSettings(clock=12)
        assert [entry.text for entry in persons.load_history(THERE).entries] == ["Canary apnea", "CPAP"]


def test_fields_of_a_later_version_travel(tmp_path: Path):
    with instance(tmp_path / "a"):
        fill(ME, count=0)
        content = with_json(exported(ME), "profile.json", lambda plain: plain | {"later": [1]})
    with instance(tmp_path / "b"):
        import_zip(THERE, written(tmp_path, content))
        assert json.loads(members(exported(THERE))["profile.json"])["later"] == [1]


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.usefixtures("context")
def test_the_archive_says_everything_but_secrets_and_vouches_for_each_file():
    fill(ME)
    found = members(exported(ME))
    whole = b"".join(found.values())
    for canary in (b"canary@example.org", "Canary Ånesdóttir".encode(), b"Canary apnea", b"G47.3", b"research"):
        assert canary in whole
    for secret in (b"canary hash", b"canary session"):
        assert secret not in whole
    manifest = json.loads(found.pop("manifest.json"))
    assert {m["name"]: (m["size"], m["sha256"]) for m in manifest["members"]} == {
        name: (len(data), sha256(data).hexdigest()) for name, data in found.items()
    }
    assert (manifest["format"], manifest["version"]) == ("somnia-export", 1)
    assert {"README.txt", "account.json", "consents.json", "sharing.json", "audit.json", "notices.json", "uploads.json"} <= found.keys()
    assert [entry["action"] for entry in json.loads(found["audit.json"])] == ["export"]


@pytest.mark.usefixtures("context")
def test_the_open_tables_of_an_export_hold_every_sample_and_our_own_reader_reads_them(tmp_path: Path):
    night = make_night()
    nights.save_night(ME.id, night, kept=Kept(DAY, "f"))
    found = members(exported(ME))
    folder = next(name for name in found if name.endswith("/night.json")).removesuffix("night.json")
    path = tmp_path / "trace.csv"
    path.write_bytes(found[f"{folder}trace-1-spo2_pct.csv"])
    read = read_recording(path, ReadOptions())
    (series,) = read.series
    trace = night.traces[0]
    there = np.isfinite(trace.samples)
    assert series.channel == "spo2_pct"
    assert np.allclose(series.values, trace.samples[there], atol=0.06)
    assert np.allclose(series.times_s - series.times_s[0], trace.times_s[there] - trace.times_s[there][0])
    epochs = found[f"{folder}epochs.csv"].decode().splitlines()
    assert epochs[0] == "time_s,time,stage,device_stage,p_W,p_L,p_N3,p_R,activity_count,hr_bpm"
    assert len(epochs) == 1 + night.features.n_epochs
    assert epochs[1].startswith("0,2025-01-10T23:00:00+01:00,?,W,,,,,")
    assert found[f"{folder}events.csv"].decode().splitlines()[1:] == ["SN,60,2,,phone,", "DS,120.25,31.5,0.9,ring,4"]


@pytest.mark.usefixtures("context")
def test_only_the_person_and_their_guardian_take_the_data_out_or_in(tmp_path: Path):
    fill(ME, count=1)
    path = written(tmp_path, exported(ME))
    for role in (Role.USER, Role.DOCTOR, Role.ADMIN, Role.KIOSK):
        assert export_zip(Actor(THERE.id, role), ME.id) is None
        assert import_zip(Actor(THERE.id, role), path, subject=ME.id) is None
    parent = make_account()
    guard(parent, ME)
    assert "profile.json" in members(exported(parent, ME.id))
    assert import_zip(parent, path, subject=ME.id) is not None
    assert entries_about(ME) == [(ME.id, "export"), (parent.id, "export"), (parent.id, "import")]


@pytest.mark.usefixtures("context")
def test_a_damaged_night_or_file_does_not_keep_the_rest_back(tmp_path: Path):
    fill(ME)
    row = session().query(NightRow).filter_by(night=DAY).one()
    row.sealed_summary = row.sealed_summary[:-1] + b"?"
    session().commit()
    (path,) = house().settings.uploads.glob("*.stream")
    path.write_bytes(path.read_bytes()[:-3])
    content = exported(ME)
    found = members(content)
    assert [entry.get("damaged", False) for entry in json.loads(found["nights.json"])] == [True, False, False]
    assert json.loads(found["uploads.json"])[0]["damaged"] is True
    session().query(NightRow).delete()
    session().commit()
    assert import_zip(ME, written(tmp_path, content)) == Imported(nights=2, known_nights=0, uploads=0, consents=0)


def test_an_export_is_made_piece_by_piece(app: Flask):
    with app.app_context():
        upload_id = recordings.add_upload(ME, "big.bin", size=40 << 18)
        assert upload_id is not None
        upload = recordings.find_upload(ME, upload_id)
        assert upload is not None
        with recordings.open_writer(upload) as writer:
            for _ in range(40):
                writer.write(secrets.token_bytes(1 << 18))
            writer.finish()
        recordings.mark_ready(ME, upload_id, sha256="s")
        pieces = export_zip(ME)
        assert pieces is not None
        sizes = [len(piece) for piece in pieces]
    assert sum(sizes) > 40 << 18
    assert max(sizes) < 1 << 20


def rebuilt(content: dict[str, bytes], *, manifest: Callable[[dict[str, Any]], object] | None = None) -> bytes:
    """Return a zip of members under a manifest that vouches for them."""
    plain = {name: data for name, data in content.items() if name != "manifest.json"}
    listed = [{"name": name, "size": len(data), "sha256": sha256(data).hexdigest()} for name, data in plain.items()]
    said = {"format": "somnia-export", "version": 1, "owner": ME.id, "members": listed}
    if manifest is not None:
        manifest(said)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**plain, "manifest.json": json.dumps(said).encode()}.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_json(content: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    found = members(content)
    found[name] = json.dumps(change(json.loads(found[name]))).encode()
    return rebuilt(found)
