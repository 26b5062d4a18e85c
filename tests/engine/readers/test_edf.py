"""EDF and EDF+: signals by their labels, marks by their words, gaps as gaps, and what is left of broken files."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile, NightChoiceNeeded
from somnia_engine.readers import read_recording, survey
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.recording import ReadOptions
from tests.engine.edf_files import write_edf

BERLIN = ReadOptions(zone="Europe/Berlin")
START = datetime.fromisoformat("2025-03-08T22:00:00+01:00")


def wave(n: int, low: float = 90.0, high: float = 98.0) -> np.ndarray:
    return low + (high - low) * (0.5 + 0.5 * np.sin(np.arange(n) / 50.0))


def test_signals_are_known_by_label_and_unit(tmp_path: Path) -> None:
    n = 600
    signals = {
        ("ECG II", "uV"): 1000.0 * np.sin(np.arange(n * 256) / 9.0),
        ("SpO2", "%"): wave(n),
        ("Pulse", "bpm"): wave(n, 50, 70),
        ("Accelerometer_X", "mg"): wave(n * 25, -900, 900),
        ("Temp rectal", "DegC"): wave(n, 36, 37),
        ("EEG Fpz-Cz", "uV"): wave(n * 100, -50, 50),
    }
    fs = {"ECG II": 256.0, "Accelerometer_X": 25.0, "EEG Fpz-Cz": 100.0}
    found = read_recording(write_edf(tmp_path / "night.edf", signals, fs=fs), BERLIN)
    by_name = {signal.channel: signal for signal in found.signals}
    assert found.start == START
    assert set(by_name) == {"ecg_mv", "spo2_pct", "hr_bpm", "acc_x_g", "body_temp_c"}
    assert by_name["ecg_mv"].fs == 256.0
    np.testing.assert_allclose(by_name["ecg_mv"].samples, np.sin(np.arange(n * 256) / 9.0), atol=2e-4)
    np.testing.assert_allclose(by_name["spo2_pct"].samples, signals["SpO2", "%"], atol=2e-3)
    np.testing.assert_allclose(by_name["acc_x_g"].samples, signals["Accelerometer_X", "mg"] / 1000, atol=2e-4)
    assert any("EEG Fpz-Cz" in str(note) for note in found.notes)


def test_two_leads_are_kept_and_a_third_is_named(tmp_path: Path) -> None:
    signals = {(f"ECG {lead}", "mV"): wave(2560, -1, 1) for lead in ("I", "II", "V5")}
    found = read_recording(write_edf(tmp_path / "n.edf", signals, fs=dict.fromkeys(("ECG I", "ECG II", "ECG V5"), 128.0)), BERLIN)
    assert [signal.channel for signal in found.signals] == ["ecg_mv", "ecg_mv"]
    assert any("ECG V5" in str(note) for note in found.notes)


def test_fast_signals_are_thinned(tmp_path: Path) -> None:
    t = np.arange(1000 * 60) / 1000.0
    signals = {("ECG", "mV"): np.sin(2 * np.pi * 8 * t), ("SaO2", "%"): np.repeat(wave(60), 200)}
    ecg, spo2 = read_recording(write_edf(tmp_path / "n.edf", signals, fs={"ECG": 1000.0, "SaO2": 200.0}), BERLIN).signals
    assert (ecg.fs, spo2.fs) == (250.0, 4.0)
    assert np.abs(ecg.samples - np.sin(2 * np.pi * 8 * (ecg.times_s + 0.0015))).max() < 0.02
    assert spo2.samples[::4] == pytest.approx(wave(60), abs=0.01)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Sleep stage W", Stage.W), ("Sleep stage 1", Stage.N1), ("Sleep stage 4", Stage.N3), ("Sleep stage R", Stage.R),
        ("Sleep stage N3", Stage.N3), ("N2", Stage.N2), ("SLEEP-S2", Stage.N2), ("SLEEP-REM", Stage.R), ("Stage - N1", Stage.N1),
        ("Sleep stage N", Stage.N), ("Wake", Stage.W),
    ],
)  # fmt: skip
def test_stages_are_read_in_both_systems(tmp_path: Path, text: str, stage: Stage) -> None:
    path = write_edf(tmp_path / "h.edf", record_s=0, marks=[(0, 30, "Sleep stage W"), (30, 60, text), (90, 30, "Sleep stage W")])
    stages = read_recording(path, BERLIN).stages
    assert stages is not None
    assert stages.stages.tolist() == [Stage.W, stage, Stage.W]
    assert stages.onset_s.tolist() == [0, 30, 90]


def test_a_stage_without_a_length_lasts_until_the_next(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "h.edf", record_s=0, marks=[(0, None, "N1"), (300, None, "N2"), (330, 30, "Sleep stage ?")])
    stages = read_recording(path, BERLIN).stages
    assert stages is not None
    assert stages.duration_s.tolist() == [300, 30]


def test_events_and_lights_have_their_kinds(tmp_path: Path) -> None:
    marks = [
        (5, None, "Lights off"), (40, 12.5, "Obstructive Apnea"), (80, 20, "Hypopnea"), (120, 15, "Central apnoea"),
        (200, 4, "EEG arousal"), (240, 1, "Left leg movement"), (260, 30, "SpO2 desaturation"), (280, 0, "Tür zu"),
        (900, None, "Lights on"),
    ]  # fmt: skip
    found = read_recording(write_edf(tmp_path / "e.edf", {("SpO2", "%"): wave(1000)}, marks=marks), BERLIN)
    kinds = [EventKind.OA, EventKind.H, EventKind.CA, EventKind.AR, EventKind.LM, EventKind.DS]
    assert list(found.events.kind) == kinds
    assert found.events.duration_s.tolist() == [12.5, 20, 15, 4, 1, 30]
    assert (found.lights_off_s, found.lights_on_s) == (5, 900)
    assert any("Tür zu" in str(note) for note in found.notes)


def test_marks_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "l.edf", {("SpO2", "%"): wave(100)}, marks=[(5, 10, "Apnea é"), (20, 10, "Schläft")], encoding="latin-1")
    found = read_recording(path, BERLIN)
    assert list(found.events.kind) == [EventKind.BP]
    assert any("Schläft" in str(note) for note in found.notes)


def test_a_gap_between_records_is_a_gap(tmp_path: Path) -> None:
    onsets = [float(i) for i in range(100)] + [float(400 + i) for i in range(100)]
    found = read_recording(
        write_edf(tmp_path / "d.edf", {("SpO2", "%"): wave(200)}, onsets_s=onsets, marks=[(450, 10, "Hypopnea")]), BERLIN
    )
    (signal,) = found.signals
    assert len(signal.samples) == 500
    assert np.isfinite(signal.samples[:100]).all()
    assert np.isnan(signal.samples[100:400]).all()
    np.testing.assert_allclose(signal.samples[400:], wave(200)[100:], atol=2e-3)
    assert found.events.onset_s.tolist() == [450]
    assert any("interrupted" in str(note) for note in found.notes)


def test_a_start_within_a_second_moves_samples_and_marks_alike(tmp_path: Path) -> None:
    onsets = [0.25 + i for i in range(100)]
    found = read_recording(write_edf(tmp_path / "s.edf", {("SpO2", "%"): wave(100)}, onsets_s=onsets, marks=[(10.25, 5, "Apnea")]), BERLIN)
    assert found.start == START + timedelta(seconds=0.25)
    assert found.events.onset_s.tolist() == [10.0]
    assert len(found.signals[0].samples) == 100


@pytest.mark.parametrize(
    ("claimed", "cut", "kept"),
    [("-1", 0, 600), ("100000000", 0, 600), ("99999999", 601, 599), ("600", 4000, 596), ("500", 0, 500), ("6e2", 0, 600)],
)
def test_the_records_that_are_there_are_read_whatever_the_header_claims(tmp_path: Path, claimed: str, cut: int, kept: int) -> None:
    path = write_edf(tmp_path / "c.edf", {("SpO2", "%"): np.repeat(wave(600), 600)}, fs={"SpO2": 600.0}, header={"n": claimed})
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) - cut])
    found = read_recording(path, BERLIN)
    assert len(found.signals[0].samples) == kept * found.signals[0].fs
    assert bool(found.dropped) is (claimed not in ("-1", "6e2") or cut > 0)


def test_a_damaged_date_asks_for_the_start(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "x.edf", {("SpO2", "%"): wave(100)}, header={"date": "99.99.99", "recording": "X"})
    assert survey(path, BERLIN).needs_start
    assert read_recording(path, ReadOptions(start=datetime(2025, 3, 8, 21, tzinfo=UTC))).start == datetime(2025, 3, 8, 21, tzinfo=UTC)


def test_decimal_commas_and_an_old_century_are_understood(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "k.edf", {("SpO2", "%"): wave(100)}, header={"record_s": "1,0", "date": "24.04.89", "recording": "x"})
    assert survey(path, BERLIN).nights[0].night == date(1989, 4, 24)
    assert read_recording(path, BERLIN).signals[0].fs == 1.0


def test_an_offset_in_the_header_is_used(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "f.edf", {("SpO2", "%"): wave(100)}, header={"recording": "Startdate 08-MAR-2025 X X SER=1_TZ=+0200"})
    assert read_recording(path).start == datetime(2025, 3, 8, 20, tzinfo=UTC)


def test_a_header_without_its_signals_is_refused_by_name(tmp_path: Path) -> None:
    whole = write_edf(tmp_path / "t.edf", {("SpO2", "%"): wave(100)}).read_bytes()
    path = tmp_path / "cut.edf"
    path.write_bytes(whole[:400])
    with pytest.raises(DamagedFile, match=r"cut\.edf ends within its header"):
        read_recording(path)


def test_a_holter_of_three_days_asks_which_night(tmp_path: Path) -> None:
    n = 3 * 1440
    path = write_edf(tmp_path / "h.edf", {("HR", "bpm"): 60 + np.arange(n) / n}, fs={"HR": 1 / 60}, record_s=60.0)
    with pytest.raises(NightChoiceNeeded):
        read_recording(path, BERLIN)
    nights = survey(path, BERLIN).nights
    assert [span.night for span in nights] == [date(2025, 3, 8), date(2025, 3, 9), date(2025, 3, 10), date(2025, 3, 11)]
    second = read_recording(path, ReadOptions(zone="Europe/Berlin", night=date(2025, 3, 9)))
    assert second.start == datetime.fromisoformat("2025-03-09T12:00:00+01:00")
    np.testing.assert_allclose(second.signals[0].samples, 60 + (14 * 60 + np.arange(1440)) / n, atol=1e-3)


def test_values_that_no_sensor_measures_are_missing(tmp_path: Path) -> None:
    values = wave(100)
    values[10:20], values[30] = 0.0, 130.0
    found = read_recording(write_edf(tmp_path / "v.edf", {("SpO2", "%"): values}), BERLIN)
    assert np.isnan(found.signals[0].samples[[*range(10, 20), 30]]).all()
    assert np.isfinite(found.signals[0].samples).sum() == 89
    assert found.dropped[0].count == 1


def test_the_technicians_stages_name_the_scorer(reference: Path) -> None:
    path = reference / "sleep_edf_hypnograms" / "SC4001EC-Hypnogram.edf"
    if not path.exists():
        pytest.skip("the reference data hold no Sleep-EDF hypnograms")
    stages = read_recording(path).stages
    assert stages is not None
    assert stages.scorer == path.name
    minutes = {stage: float(stages.duration_s[stages.stages == stage].sum()) / 60 for stage in Stage}
    assert minutes[Stage.N1] == 29.0
    assert minutes[Stage.N2] == 125.0
    assert minutes[Stage.N3] == 110.0
    assert minutes[Stage.R] == 62.5


@pytest.mark.parametrize("name", ["edf_plus/mne_test.edf", "edf_plus/short_psg.edf", "faros/testfile_read.EDF"])
def test_samples_agree_with_a_reference_reader(reference: Path, name: str) -> None:
    import pyedflib

    path = reference / "imports" / name
    found = read_recording(path, BERLIN)
    assert found.start is not None
    with pyedflib.EdfReader(str(path)) as other:
        begun = other.getStartdatetime() + timedelta(microseconds=other.starttime_subsecond // 10)
        labels = other.getSignalLabels()
        if "Temp rectal" in labels:
            np.testing.assert_allclose(found.signals[0].samples, other.readSignal(labels.index("Temp rectal")), rtol=1e-5)
        if "Accelerometer_Y" in labels:
            expected = other.readSignal(labels.index("Accelerometer_Y")) / 1000
            np.testing.assert_allclose(next(s for s in found.signals if s.channel == "acc_y_g").samples, expected, atol=1e-5)
    assert abs((found.start.replace(tzinfo=None) - begun).total_seconds()) in (pytest.approx(0.0, abs=0.001), 7200.0)
