"""WFDB: samples as the reference program reads them, beats, rhythms, stages, and names that lead nowhere else."""

import random
import struct
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import wfdb

from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.errors import DamagedFile, SomniaError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers._wfdb_header import FORMATS
from somnia_engine.readers._wfdb_marks import parse_annotations
from somnia_engine.readers._wfdb_signals import decode
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.recording import ReadOptions
from tests.engine.wfdb_files import annotation_bytes, write_wfdb, zipped

BERLIN = ReadOptions(zone="Europe/Berlin")
EVENING = "22:00:00 08/03/2025"
START = datetime.fromisoformat("2025-03-08T22:00:00+01:00")


def beats(n: int, *, step: int = 90) -> list[tuple[int, int, str]]:
    return [(step * k, 1, "") for k in range(n)]


def test_real_records_have_the_samples_and_beats_of_the_reference_program(reference: Path) -> None:
    for path in (
        reference / "af/mitdb/wfdb/208.hea",
        reference / "af/cpsc2021_sample/data_84_1.hea",
        reference / "imports/wfdb/100_3chan.hea",
    ):
        found, record = read_recording(path), wfdb.rdrecord(str(path.with_suffix("")))
        ecg = [s for s in found.signals if s.channel == "ecg_mv"]
        assert [s.fs for s in ecg] == [record.fs] * 2
        for k, signal in enumerate(ecg):
            np.testing.assert_allclose(signal.samples, record.p_signal[:, k], atol=1e-5)
        if path.with_suffix(".atr").exists():
            marked = wfdb.rdann(str(path.with_suffix("")), "atr")
            at = marked.sample[np.isin(marked.symbol, list("NLRaVFJASEj/Qe?nfBr"))]
            np.testing.assert_allclose(found.series[0].times_s, at[1:] / record.fs, atol=1e-9)
            np.testing.assert_allclose(found.series[0].values, 1000 * np.diff(at) / record.fs, rtol=1e-6)


def test_atrial_fibrillation_that_was_scored_is_kept(reference: Path) -> None:
    found = read_recording(reference / "af/cpsc2021_sample/data_8_2.hea")
    assert set(found.events.kind) == {EventKind.IR}
    assert float(found.events.duration_s.sum()) == pytest.approx(43092 / 200, rel=0.01)


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_every_format_gives_back_what_was_packed(format_: str) -> None:
    values = np.array([0, 1, -1, 100, -100, 127, -127], dtype=np.int64)
    packed = {
        "16": values.astype("<i2").tobytes(), "61": values.astype(">i2").tobytes(), "32": values.astype("<i4").tobytes(),
        "80": (values + 128).astype(np.uint8).tobytes(), "160": (values + 32768).astype("<u2").tobytes(),
        "24": b"".join(struct.pack("<i", v)[:3] for v in values.tolist()), "212": pack_212(values),
    }[format_]  # fmt: skip
    assert decode(np.frombuffer(packed, dtype=np.uint8), format_).tolist() == values.tolist()


def pack_212(values: np.ndarray) -> bytes:
    raw = b""
    even = [*values.tolist(), 0][: len(values) + len(values) % 2]
    for a, b in zip(even[::2], even[1::2], strict=True):
        raw += bytes((a & 255, (a >> 8 & 15) | (b >> 4 & 240), b & 255))
    return raw[:-1] if len(values) % 2 else raw


def test_a_zip_holds_the_same_recording_as_its_files(tmp_path: Path) -> None:
    header = write_wfdb(tmp_path / "n", {"ECG": np.sin(np.arange(60000) / 9)}, fs=100, start=EVENING, annotations={"atr": beats(600)})
    beside, packed = read_recording(header, BERLIN), read_recording(zipped(header), BERLIN)
    assert beside.start == packed.start == START
    np.testing.assert_array_equal(beside.signals[0].samples, packed.signals[0].samples)
    np.testing.assert_array_equal(beside.series[0].values, packed.series[0].values)
    assert packed.series[0].values.tolist() == [900.0] * 599
    assert packed.series[0].times_s[0] == pytest.approx(0.9)


def test_stages_and_events_of_the_polysomnographic_database_are_known(tmp_path: Path) -> None:
    notes = [(k * 7500, 22, text) for k, text in enumerate(("W", "1", "2 HA", "3", "4 OA", "R L", "MT", "W"))]
    header = write_wfdb(tmp_path / "slp", {}, fs=250, start=EVENING, annotations={"st": notes, "ecg": beats(300, step=200)})
    found = read_recording(header, BERLIN)
    assert found.stages is not None
    assert found.stages.stages.tolist() == [Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.N3, Stage.R, Stage.UNSCORED, Stage.W]
    assert sorted(found.events.kind) == [EventKind.AR, EventKind.H, EventKind.LM, EventKind.OA]
    assert found.duration_s == 240


def test_minutes_of_apnea_are_no_beats_and_no_events(tmp_path: Path) -> None:
    minutes = [(6000 * k, 8 if k % 2 else 1, "") for k in range(10)]
    header = write_wfdb(tmp_path / "a01", {"ECG": np.sin(np.arange(60000) / 9)}, fs=100, annotations={"apn": minutes})
    found = read_recording(header, ReadOptions(zone="Europe/Berlin", start=START))
    assert found.series == ()
    assert len(found.events) == 0
    assert any("5 minutes" in str(note) for note in found.notes)


def test_a_long_holter_is_cut_into_nights(tmp_path: Path) -> None:
    hours = 40
    levels = 95 + np.arange(hours * 3600) / (hours * 3600)
    header = write_wfdb(
        tmp_path / "h",
        {"SpO2": levels},
        fs=1,
        start=EVENING,
        unit="%",
        gain=100,
        annotations={"qrs": [(k, 1, "") for k in range(hours * 3600)]},
    )
    nights = survey(header, BERLIN).nights
    assert [span.start for span in nights if span.start] == [START, START + timedelta(hours=14), START + timedelta(hours=38)]
    found = read_recording(header, ReadOptions(zone="Europe/Berlin", night=nights[1].night))
    assert found.duration_s == 24 * 3600
    assert found.signals[0].samples[0] == pytest.approx(95 + 14 / 40, abs=6e-3)
    assert found.series[0].times_s[0] < 2


def test_missing_samples_are_named_and_beats_are_read_without_them(tmp_path: Path) -> None:
    header = write_wfdb(tmp_path / "n", {"ECG": np.zeros(1000)}, fs=100, annotations={"atr": beats(10)})
    (tmp_path / "n.dat").unlink()
    found = read_recording(header)
    assert len(found.series[0].values) == 9
    assert any("n.dat" in str(note) for note in found.notes)
    (tmp_path / "n.atr").unlink()
    with pytest.raises(DamagedFile, match="into one zip"):
        read_recording(header)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.dat", "..\\secret.dat", "sub/x.dat", "C:x.dat", "s3://bucket/x.dat", "notes.txt"]
)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.dat").write_bytes(b"\1\0" * 4000)
    (tmp_path / "notes.txt").write_bytes(b"\1\0" * 4000)
    inner = tmp_path / "inner"
    inner.mkdir()
    header = inner / "x.hea"
    header.write_text(f"x 1 100 1000\n{name} 16 200 16 0 0 0 0 ECG\n")
    with pytest.raises(DamagedFile, match="beside the header"):
        read_recording(header)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\1\0" * 4000)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "x.dat").symlink_to(tmp_path / "secret")
    (inner / "x.hea").write_text("x 1 100 1000\nx.dat 16 200 16 0 0 0 0 ECG\n")
    with pytest.raises(DamagedFile):
        read_recording(inner / "x.hea")


def test_zips_that_are_traps_are_refused(tmp_path: Path) -> None:
    bomb, many = tmp_path / "bomb.zip", tmp_path / "many.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.hea", "x 1 100\nx.dat 16 200 16 0 0 0 0 ECG\n")
        archive.writestr("x.dat", bytes(80_000_000))
    with zipfile.ZipFile(many, "w") as archive:
        for name in ("a.hea", "b.hea"):
            archive.writestr(name, "a 0 100 1000\n")
    for path, text in ((bomb, "far more"), (many, "one zip")):
        assert recognise(path).key == "wfdb"
        with pytest.raises(DamagedFile, match=text):
            read_recording(path)


def test_a_cut_record_gives_what_is_left(tmp_path: Path) -> None:
    header = write_wfdb(tmp_path / "n", {"ECG": np.sin(np.arange(60000) / 9)}, fs=100, annotations={"atr": beats(600)})
    data = tmp_path / "n.dat"
    data.write_bytes(data.read_bytes()[:60001])
    found = read_recording(header)
    assert len(found.signals[0].samples) == 30000
    assert any("before the header says" in str(note) for note in found.notes)


def test_cut_and_mutated_annotations_never_raise() -> None:
    whole = annotation_bytes([(k * 3000, 28 if k % 5 == 0 else 1, "(AFIB" if k % 5 == 0 else "") for k in range(50)])
    assert len(parse_annotations(whole)) == 50
    rng = random.Random(4)
    for at in range(len(whole)):
        assert len(parse_annotations(whole[:at])) <= 50
    for _ in range(2000):
        raw = bytearray(whole)
        for _ in range(rng.choice((1, 3, 20))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        parse_annotations(bytes(raw))


def test_every_cut_and_mutated_record_is_read_or_refused(tmp_path: Path) -> None:
    whole = write_wfdb(
        tmp_path / "n", {"ECG": np.sin(np.arange(500) / 9)}, fs=100, start=EVENING, annotations={"atr": beats(5)}
    ).read_bytes()
    rng, read = random.Random(7), 0
    for turn in range(600):
        raw = bytearray(whole[: rng.randrange(1, len(whole))] if turn % 3 == 0 else whole)
        for _ in range(rng.choice((0, 1, 4))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        (tmp_path / "n.hea").write_bytes(bytes(raw))
        try:
            read_recording(tmp_path / "n.hea")
            read += 1
        except SomniaError:
            continue
    assert 50 < read < 600


def test_a_scored_record_becomes_a_night_with_stages_and_heart_rate(reference: Path, tmp_path: Path) -> None:
    data = np.load(reference / "apnea/slpdb_annot/slpdb_rr_stage_apnea.npz", allow_pickle=False)
    name = next(key.removesuffix("_beats") for key in data.files if key.endswith("_beats"))
    stages = [
        (int(at), 22, f"{stage} {events}".strip())
        for at, stage, events in zip(data[f"{name}_ep_start"], data[f"{name}_stage"], data[f"{name}_events"], strict=True)
    ]
    marked = {"st": stages, "ecg": [(int(at), 1, "") for at in data[f"{name}_beats"]]}
    header = write_wfdb(tmp_path / name, {}, fs=250, start=EVENING, annotations=marked)
    night = analyse([read_recording(zipped(header), BERLIN)], options=AnalysisOptions(zone="Europe/Berlin"))
    assert night.statistics.tst_min > 60
    assert 40 < float(np.nanmean(night.features.columns["hr_bpm"])) < 110
    assert night.hypnogram is not None
