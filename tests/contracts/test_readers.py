"""What every registered reader promises."""

import contextlib
import random
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.errors import DamagedFile, ReadError, SomniaError, UnknownFormat
from somnia_engine.packet.seal import OPENED
from somnia_engine.packing import pack_night
from somnia_engine.readers import accept, night_key, read_recording, readers, recognise, survey
from somnia_engine.text import Text
from somnia_engine.types.recording import Reader, ReadOptions
from tests.engine.edf_files import write_edf
from tests.engine.packet.nights import golden_night
from tests.engine.readers.exports import one_of_each, ring_bin
from tests.engine.videos import Scene, evenly, render, write_video
from tests.engine.wfdb_files import write_wfdb, zipped

NONE = ReadOptions()
ICONS = {"watch", "ring", "sound", "video", "room", "table", "lab"}
SLEEP = (
    '<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="W" '
    'startDate="{}" endDate="{}" value="HKCategoryValueSleepAnalysisAsleep"/>'
)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, ...]]:
    """Small files of every format, by reader."""
    folder = tmp_path_factory.mktemp("samples")
    table = folder / "night.csv"
    table.write_text("time,hr_bpm,stage\n" + "".join(f"2025-03-06T22:{m:02d}:00Z,{60 + m},N2\n" for m in range(60)))
    ring = folder / "ring.csv"
    rows = (f"22:{m:02d}:{s:02d} Mar 06 2025,95,60,0,0,0\n" for m in range(5) for s in range(0, 60, 4))
    ring.write_text("Time,Oxygen Level,Pulse Rate,Motion,O2 Reminder,PR Reminder\n" + "".join(rows))
    health = folder / "export.xml"
    rows = (SLEEP.format(f"2025-03-07 0{h}:00:00 +0100", f"2025-03-07 0{h + 1}:00:00 +0100") for h in range(6))
    health.write_text('<HealthData locale="en">' + "\n".join(rows) + "</HealthData>")
    packed = folder / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(health, "apple_health_export/export.xml")
    sounds = [folder / f"night.{suffix}" for suffix in ("wav", "flac", "mp3")]
    for path in sounds:
        soundfile.write(str(path), 0.1 * np.random.default_rng(1).standard_normal(8000), 8000)
    return {
        "somnia_csv": (table,),
        "o2ring": (ring,),
        "apple_health": (health, packed),
        "audio": tuple(sounds),
        "edf": _edf(folder),
        "wfdb": _wfdb(folder),
        "video": _video(folder),
        "mat": _mat(folder),
        "packet": _packet(folder),
        "o2ring_bin": _written(folder / "ring.bin", ring_bin(60)),
        **_rooms(folder),
        **one_of_each(folder),
    }


def _mat(folder: Path) -> tuple[Path, ...]:
    frames = np.random.default_rng(2).integers(0, 400, (6, 16, 8)).astype(np.uint16)
    np.save(folder / "mat.npy", frames)
    rows = "\n".join(",".join(map(str, frame.ravel())) for frame in frames)
    (folder / "mat.csv").write_text("# pressure mat rows=16 columns=8 fs=0.5 head=last\n" + rows + "\n")
    return folder / "mat.npy", folder / "mat.csv"


def _video(folder: Path) -> tuple[Path, ...]:
    times_s = evenly(2.0, 10.0)
    return tuple(write_video(folder / f"night.{suffix}", render(Scene(), times_s), times_s) for suffix in ("mp4", "mkv"))


def _packet(folder: Path) -> tuple[Path, ...]:
    path = folder / "night.pkt"
    path.write_bytes(OPENED + pack_night(golden_night(), effort=0))
    return (path,)


def _written(path: Path, content: bytes) -> tuple[Path, ...]:
    path.write_bytes(content)
    return (path,)


def _rooms(folder: Path) -> dict[str, tuple[Path, ...]]:
    moments = [f"2025-03-06T22:{m:02d}:00" for m in range(0, 60, 5)]
    rows = {
        "airthings": ["recorded;TEMP °C;HUMIDITY %", *(f"{at};20.5;{50 + k}" for k, at in enumerate(moments))],
        "home_assistant": ["entity_id,state,last_changed", *(f"sensor.bedroom_co2,{600 + k},{at}Z" for k, at in enumerate(moments))],
        "netatmo": ['Timestamp;"Timezone : Europe/Berlin";Noise', *(f"{1741298400 + 300 * k};x;{38 + k}" for k in range(12))],
    }
    for key, lines in rows.items():
        (folder / f"{key}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {key: (folder / f"{key}.csv",) for key in rows}


def _edf(folder: Path) -> tuple[Path, ...]:
    levels = 95 + np.sin(np.arange(600) / 30)
    marks = [(0.0, 30.0, "Sleep stage W"), (30.0, 60.0, "Sleep stage N2"), (100.0, 20.0, "Hypopnea"), (5.0, None, "Lights off")]
    whole = write_edf(folder / "night.edf", {("SpO2", "%"): levels}, marks=marks)
    return whole, write_edf(folder / "hypnogram.edf", record_s=0, marks=marks[:2])


def _wfdb(folder: Path) -> tuple[Path, ...]:
    ecg = np.sin(np.arange(20 * 100) / 9.0)
    header = write_wfdb(
        folder / "holter", {"ECG": ecg}, fs=100, start="22:00:00 08/03/2025", annotations={"atr": [(k * 90, 1, "") for k in range(20)]}
    )
    return header, zipped(header)


def every() -> list[Reader]:
    return list(readers())


@pytest.mark.parametrize("reader", every(), ids=lambda r: r.key)
def test_a_reader_says_who_it_is(reader: Reader) -> None:
    assert isinstance(reader.name, Text)
    assert str(reader.name)
    assert reader.icon in ICONS
    assert reader.suffixes
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in reader.suffixes)
    assert set(reader.suffixes) <= set(accept())


def test_keys_are_unique() -> None:
    assert len({reader.key for reader in readers()}) == len(readers())


@pytest.mark.parametrize("reader", every(), ids=lambda r: r.key)
def test_recognition_never_raises_and_knows_nothing_in_noise(reader: Reader, tmp_path: Path) -> None:
    rng = random.Random(5)
    for head in (
        b"",
        b"\0" * 70000,
        b"PK\x03\x04",
        b"\xff\xfe",
        b"RIFF",
        b"ID3",
        b"\xff\xfb",
        *(rng.randbytes(n) for n in range(1, 400, 7)),
    ):
        path = tmp_path / "noise"
        path.write_bytes(head)
        assert reader.recognises(path, head) in (True, False)
    noise = [rng.randbytes(4096) for _ in range(200)]
    assert not any(reader.recognises(tmp_path / "noise", head) for head in noise)


@pytest.mark.parametrize("reader", every(), ids=lambda r: r.key)
def test_a_reader_knows_its_own_files_and_no_others(reader: Reader, samples: dict[str, tuple[Path, ...]]) -> None:
    assert reader.key in samples, "a new reader needs a sample here"
    for key, paths in samples.items():
        for path in paths:
            assert reader.recognises(path, path.read_bytes()[:65536]) is (key == reader.key)
            if key == reader.key:
                assert recognise(path) is reader
            else:
                with pytest.raises(ReadError):
                    reader.read(path, NONE)


@pytest.mark.parametrize("reader", every(), ids=lambda r: r.key)
def test_the_survey_is_complete_and_agrees_with_what_is_read(reader: Reader, samples: dict[str, tuple[Path, ...]]) -> None:
    for path in samples[reader.key]:
        found, night = survey(path, NONE), read_recording(path, NONE)
        assert found.format == reader.key == night.source.format
        assert isinstance(found.zone_origin, Text)
        assert len(found.nights) == 1
        streams = (
            {s.channel for s in (*night.signals, *night.series)} | {m.kind for m in night.media} | ({"stage"} if night.stages else set())
        )
        streams |= set(night.packet.features.columns) if night.packet is not None else set()
        assert set(found.channels) == streams
        assert found.needs_start is (night.start is None)
        assert night.start is None or night.start.tzinfo is not None
        for series in night.series:
            assert series.times_s.dtype == np.float64
            assert series.values.dtype == np.float32
            assert np.isfinite(series.values).all()
            assert (np.diff(series.times_s) >= 0).all()


@pytest.mark.parametrize("reader", every(), ids=lambda r: r.key)
def test_of_damaged_files_only_our_own_errors_come(reader: Reader, samples: dict[str, tuple[Path, ...]], tmp_path: Path) -> None:
    rng = random.Random(11)
    path = tmp_path / "mutant"
    for turn in range(200):
        raw = bytearray(rng.choice(samples[reader.key]).read_bytes())
        for _ in range(rng.choice((1, 3, 30))):
            at = rng.randrange(len(raw))
            action = rng.randrange(4)
            if action == 0:
                raw[at] = rng.randrange(256)
            elif action == 1:
                del raw[at : at + rng.randrange(1, 40)]
            elif action == 2:
                raw[at:at] = rng.randbytes(rng.randrange(1, 20))
            else:
                raw[at:at] = raw[max(0, at - 60) : at]
            raw = raw or bytearray(b"x")
        path.write_bytes(bytes(raw[: rng.randrange(1, len(raw))] if turn % 3 == 0 else raw))
        for ask in (survey, read_recording):
            with contextlib.suppress(SomniaError):
                ask(path, NONE)


def test_an_unknown_file_is_told_what_can_be_read(tmp_path: Path) -> None:
    for content, kind in ((b"%PDF-1.7\n", "PDF"), (b"name,age\n1,2\n", "name,age"), (b"\x01\x02\x03", "unknown kind")):
        path = tmp_path / "file.dat"
        path.write_bytes(content)
        with pytest.raises(UnknownFormat) as refused:
            recognise(path)
        assert kind in str(refused.value)
        assert all(str(reader.name) in str(refused.value) for reader in readers())


def test_empty_missing_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DamagedFile, match="empty"):
        recognise(tmp_path / "empty.csv")
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(ReadError, match="cannot be opened"):
            recognise(path)


def test_the_night_is_the_local_date_twelve_hours_before() -> None:
    assert night_key(datetime(2025, 3, 7, 3, tzinfo=UTC), "Europe/Berlin") == date(2025, 3, 6)
    assert night_key(datetime(2025, 3, 7, 10, 59, tzinfo=UTC), "Europe/Berlin") == date(2025, 3, 6)
    assert night_key(datetime(2025, 3, 7, 11, tzinfo=UTC), "Europe/Berlin") == date(2025, 3, 7)
    assert night_key(datetime(2025, 3, 7, 7, tzinfo=UTC), "Asia/Kolkata") == date(2025, 3, 7)
    assert night_key(datetime.fromisoformat("2025-03-07T11:00:00+09:00"), None) == date(2025, 3, 6)


def test_the_registry_imports_nothing_heavy() -> None:
    code = "import sys; from somnia_engine.readers import readers; readers(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"soundfile", "soxr", "pandas", "scipy", "av"} & set(loaded)
