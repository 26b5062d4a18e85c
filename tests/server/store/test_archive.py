import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from somnia_engine.text import Text
from somnia_server.store import nights, persons, recordings
from somnia_server.store.archive import ArchiveError
from somnia_server.store.nightcodec import pack_night
from somnia_server.store.restore import Imported, import_zip
from somnia_server.store.tables import AuditRow, ConsentRow, NightRow, PersonRow, session
from tests.server.conftest import make_night
from tests.server.store.test_persons import FULL
from tests.server.store.test_privacy import ME, THERE, exported, fill, instance, members, rebuilt, written


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """Speak to one instance in which nobody keeps anything, and hold the members of a good export from another."""
    with instance(tmp_path_factory.mktemp("there")):
        fill(ME, count=2)
        found = members(exported(ME))
    with instance(tmp_path_factory.mktemp("here")):
        yield found


@pytest.fixture
def whole(here: dict[str, bytes]) -> dict[str, bytes]:
    """Return the members of a good export; nothing of it is here."""
    return dict(here)


def refused(tmp_path: Path, content: bytes) -> str:
    """Take an archive in, in vain, and return why."""
    with pytest.raises((ArchiveError, persons.PersonError)) as error:
        import_zip(THERE, written(tmp_path, content))
    session().rollback()
    for table in (NightRow, PersonRow, ConsentRow, AuditRow):
        assert session().query(table).count() == 0
    assert recordings.list_uploads(THERE) == ()
    return str(error.value.text)


def test_the_good_archive_that_the_bad_ones_are_made_of_is_taken_in(tmp_path: Path, whole: dict[str, bytes]):
    with instance(tmp_path):
        assert import_zip(THERE, written(tmp_path, rebuilt(whole))) == Imported(2, 0, 1, 2)


def special(info: zipfile.ZipInfo, data: bytes, whole: dict[str, bytes]) -> bytes:
    out = io.BytesIO(rebuilt(whole))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "nights/../../evil", "C:\\evil", "a/b/c/d", ".hidden", "nights/", "a\x00b"[:1] + "\n"]
)
def test_a_member_with_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, whole: dict[str, bytes], name: str):
    assert "not as it was exported" in refused(tmp_path, rebuilt(whole | {name: b"x"}))


def test_a_link_is_refused(tmp_path: Path, whole: dict[str, bytes]):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "“link”" in refused(tmp_path, special(info, b"/etc/passwd", whole))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path, whole: dict[str, bytes]):
    refused(tmp_path, special(zipfile.ZipInfo("profile.json"), b"{}", whole))


def test_a_member_that_the_manifest_does_not_know_or_that_is_missing_is_refused(tmp_path: Path, whole: dict[str, bytes]):
    assert "manifest.json" in refused(tmp_path, special(zipfile.ZipInfo("more.json"), b"{}", whole))
    assert "manifest.json" in refused(
        tmp_path, rebuilt(whole, manifest=lambda said: said["members"].append(said["members"][0] | {"name": "x"}))
    )


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"size": 1}, {"size": "x"}])
def test_a_wrong_digest_or_size_is_refused(tmp_path: Path, whole: dict[str, bytes], change: dict[str, object]):
    refused(tmp_path, rebuilt(whole, manifest=lambda said: said["members"][3].update(change)))


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"version": None}, {"format": "other"}, {"members": None}, {"owner": None, "members": 5}]
)
def test_another_version_or_format_is_refused(tmp_path: Path, whole: dict[str, bytes], change: dict[str, object]):
    refused(tmp_path, rebuilt(whole, manifest=lambda said: said.update(change)))


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, whole: dict[str, bytes]):
    assert "more content" in refused(tmp_path, rebuilt(whole | {"uploads/bomb.csv": bytes(64 << 20)}))


def test_a_claimed_size_is_refused_before_anything_is_read(tmp_path: Path, whole: dict[str, bytes]):
    content = bytearray(rebuilt(whole))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (3 << 30).to_bytes(4, "little")
    assert "more content" in refused(tmp_path, bytes(content))


def test_a_directory_that_claims_gigabytes_is_refused_before_it_is_read(tmp_path: Path, whole: dict[str, bytes]):
    content = bytearray(rebuilt(whole))
    content[-10:-6] = (2 << 30).to_bytes(4, "little")
    assert "more content" in refused(tmp_path, bytes(content))


def test_other_ways_to_pack_are_refused(tmp_path: Path, whole: dict[str, bytes]):
    info = zipfile.ZipInfo("packed")
    info.compress_type = zipfile.ZIP_LZMA
    refused(tmp_path, special(info, bytes(100), whole))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"x" * 100_000, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(tmp_path: Path, whole: dict[str, bytes], content: bytes):
    refused(tmp_path, content)


def test_an_archive_that_was_cut_or_flipped_anywhere_is_refused_or_equal(tmp_path: Path, whole: dict[str, bytes]):
    content = rebuilt(whole)
    rng = np.random.default_rng(5)
    for cut in rng.integers(0, len(content), 20).tolist():
        refused(tmp_path, content[:cut])
    outcomes = []
    with instance(tmp_path):
        for at in rng.integers(0, len(content), 60).tolist():
            flipped = content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]
            try:
                outcomes.append(import_zip(THERE, written(tmp_path, flipped)) is not None)
            except ArchiveError:
                outcomes.append(False)
            session().rollback()
        if any(outcomes):  # a flipped date of a member says nothing
            assert len(nights.list_nights(THERE)) == 2
            assert persons.load_profile(THERE) == FULL


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("profile.json", b"[" * 100_000),
        ("profile.json", b'{"a":' * 100_000),
        ("profile.json", b"[]"),
        ("profile.json", b"\xff"),
        ("profile.json", b'{"sex": "x"}'),
        ("profile.json", b'{"height_cm": "tall"}'),
        ("profile.json", b'{"height_cm": Infinity}'),
        ("profile.json", b'{"later": "' + b"x" * 1_000_001 + b'"}'),
        ("history.json", b'{"entries": 5}'),
        ("history.json", b'{"entries": [{"kind": "diagnosis"}]}'),
        ("settings.json", b'{"clock": {}}'),
        ("remarks.json", b'[{"night": "2025-01-10", "note": 5}]'),
        ("remarks.json", b'[{"night": "then", "note": "", "tags": []}]'),
        ("consents.json", b"{}"),
        ("consents.json", b'[{"kind": "terms"}]'),
        ("nights.json", b'[{"folder": "nights/none", "night": "2025-01-10", "demo": false, "created_at": "2025-01-10T00:00:00+00:00"}]'),
        ("nights.json", b'[{"folder": "x", "night": 1, "created_at": 2}]'),
        ("uploads.json", b'[{"file": "none", "name": "x"}]'),
    ],
)
def test_a_list_or_value_that_nobody_exported_is_refused(tmp_path: Path, whole: dict[str, bytes], name: str, data: bytes):
    refused(tmp_path, rebuilt(whole | {name: data}))


BAD_NIGHTS: dict[str, Any] = {
    "a sentence that asks for a huge width": {"notes": (Text("{n:>999999999}", {"n": 1}),)},
    "a sentence that reaches into objects": {"notes": (Text("{n.__class__}", {"n": 1}),)},
    "a sentence without its value": {"notes": (Text("{n} {m}", {"n": 1}),)},
    "an infinite number": {"measures": {"odi3_per_h": float("inf")}},
    "an endless word": {"versions": {"engine": "x" * 5000}},
    "a zone that is a path": {"zone": "../../etc/passwd"},
}


@pytest.mark.parametrize("what", BAD_NIGHTS)
def test_a_night_that_would_do_harm_when_it_is_shown_is_refused(tmp_path: Path, whole: dict[str, bytes], what: str):
    name = next(name for name in whole if name.endswith("summary.zst"))
    summary, series = pack_night(replace(make_night(), **BAD_NIGHTS[what]))
    changed = {name: summary, name.replace("summary", "series"): series}
    assert ".zst" in refused(tmp_path, rebuilt(whole | changed))


@pytest.mark.parametrize("blob", [b"", b"x" * 50, bytes.fromhex("28b52ffd") + b"\xa4" + (1 << 31).to_bytes(4, "little") + bytes(9)])
def test_a_night_that_is_none_or_claims_gigabytes_is_refused(tmp_path: Path, whole: dict[str, bytes], blob: bytes):
    for end in ("summary.zst", "series.zst"):
        name = next(name for name in whole if name.endswith(end))
        refused(tmp_path, rebuilt(whole | {name: blob}))
