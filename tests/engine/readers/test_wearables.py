"""Exports of wearables: one truth told by every maker, and what is kept of damaged files."""

import contextlib
import json
import random
import sqlite3
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile
from somnia_engine.metrics import architecture
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers._sqlite_rows import _quoted, opened
from somnia_engine.types.hypnogram import EPOCH_S, SLEEP, Hypnogram, Stage
from somnia_engine.types.night import Lights
from somnia_engine.types.recording import ReadOptions, Recording
from tests.engine.readers.exports import Made, nights, pulses

NONE = ReadOptions()
NIGHTS = {"A": date(2025, 10, 25), "B": date(2025, 11, 10)}
STAGED = (
    "google_fit/SYNTHETIC_raw_com.google.sleep.segment.json",
    "health_connect/SYNTHETIC_health_connect_export.db",
    "health_connect/SYNTHETIC_Health Connect.zip",
    "gadgetbridge/SYNTHETIC_Gadgetbridge.sqlite",
    "oura/SYNTHETIC_sleep.json",
    "samsung_health/SYNTHETIC_com.samsung.health.sleep_stage.20251120.csv",
    "fitbit/SYNTHETIC_takeout/Global Export Data/sleep-2025-10-25.json",
)
TOTALS = (
    "zepp/SYNTHETIC_SLEEP_1763600000000.csv",
    "zepp/SYNTHETIC_SLEEP_old_epoch_seconds.csv",
    "whoop/SYNTHETIC_sleeps.csv",
)


def truth_of(reference: Path, key: str) -> dict:
    return json.loads((reference / "imports" / "_synthetic" / "truth.json").read_text())[key]


def told(night: Recording) -> tuple[Hypnogram, Lights]:
    """The recording's own stages on the grid."""
    assert night.stages is not None
    stages = np.full(round(night.duration_s / EPOCH_S), Stage.UNSCORED, dtype=np.int8)
    for onset, length, code in zip(night.stages.onset_s, night.stages.duration_s, night.stages.stages, strict=True):
        stages[round(onset / EPOCH_S) : round((onset + length) / EPOCH_S)] = code
    assert night.lights_on_s is not None
    return Hypnogram(stages, tuple(sorted(SLEEP | {Stage.W})), "x"), Lights(0.0, night.lights_on_s)


@pytest.mark.parametrize("name", STAGED)
@pytest.mark.parametrize("key", NIGHTS)
def test_every_maker_tells_the_one_true_night(reference: Path, name: str, key: str) -> None:
    truth = truth_of(reference, key)
    night = read_recording(reference / "imports" / name, ReadOptions(zone=truth["zone"], night=NIGHTS[key]))
    assert night.start == datetime.fromisoformat(truth["start_utc"])
    hypnogram, lights = told(night)
    measured = [getattr(architecture, m)(hypnogram, lights) for m in ("tib_min", "tst_min", "sol_min", "waso_min", "spt_wake_min")]
    waso = {"A": 26, "B": 20}[key]
    assert measured == [truth["tib_min"], truth["tst_min"], truth["sol_min"], waso, truth["waso_min"]]


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("key", NIGHTS)
def test_files_of_totals_give_the_time_in_bed_and_asleep_and_no_stages(reference: Path, name: str, key: str) -> None:
    truth = truth_of(reference, key)
    night = read_recording(reference / "imports" / name, ReadOptions(zone=truth["zone"], night=NIGHTS[key]))
    assert night.start == datetime.fromisoformat(truth["start_utc"])
    assert night.duration_s == 60 * truth["tib_min"]
    assert night.stages is None
    assert any(f"{truth['tst_min']} min asleep" in str(note) for note in night.notes)


def test_a_nap_of_another_app_is_listed_and_a_second_app_of_one_night_is_named(reference: Path) -> None:
    path = reference / "imports" / "health_connect" / "SYNTHETIC_health_connect_export.db"
    assert [span.duration_s / 60 for span in survey(path, NONE).nights] == [570, 450, 45]
    night = read_recording(path, ReadOptions(zone="Asia/Kolkata", night=NIGHTS["B"]))
    assert any("Watch" in str(note) and "SleepApp" in str(note) for note in night.notes)
    assert read_recording(path, ReadOptions(night=date(2025, 11, 11))).stages is None


def test_short_wakes_are_laid_over_a_real_log_where_it_counts_them(reference: Path) -> None:
    night = read_recording(reference / "imports" / "fitbit" / "ddongyul_api12_oneDaySleepData0429.json", NONE)
    hypnogram, lights = told(night)
    assert architecture.tib_min(hypnogram, lights) == 452
    assert architecture.tst_min(hypnogram, lights) == pytest.approx(378, abs=1)


def test_oxygen_of_fifty_percent_is_missing_and_a_ratio_is_not_oxygen(reference: Path) -> None:
    folder = reference / "imports" / "fitbit" / "SYNTHETIC_takeout"
    night = read_recording(next(folder.glob("Oxygen*/*.csv")), NONE)
    (oxygen,) = night.series
    assert oxygen.values.min() > 90
    assert [d.count for d in night.dropped] == [13]
    with pytest.raises(DamagedFile):
        survey(next(folder.glob("Global*/estimated*.csv")), NONE)


def test_real_garmin_files_keep_their_own_clock(reference: Path) -> None:
    folder = reference / "imports" / "garmin"
    night = read_recording(folder / "garth_test_daily_sleep_data_get_0.json", NONE)
    assert night.start is not None
    assert night.start.timestamp() == 1751863648
    assert "-6 hours" in str(night.zone_origin)
    assert night.stages is None
    pulse = read_recording(folder / "garmin-2025-03-07-pulse.json", NONE)
    assert len(pulse.series[0].values) == len(json.loads((folder / "garmin-2025-03-07-pulse.json").read_text()))
    with pytest.raises(DamagedFile):
        survey(folder / "garth_test_daily_sleep_data_get_1.json", NONE)


def test_overlapping_rows_of_a_real_withings_mat_are_put_in_order(reference: Path) -> None:
    path = reference / "imports" / "withings" / "raw_sleep-monitor_sleep-state.csv"
    for span in survey(path, NONE).nights:
        night = read_recording(path, ReadOptions(night=span.night))
        assert night.stages is not None
        ends = night.stages.onset_s + night.stages.duration_s
        assert (night.stages.onset_s[1:] >= ends[:-1] - 1e-6).all()
        assert ends[-1] <= night.duration_s + 1e-6


def test_a_summary_in_german_is_read_by_its_columns(reference: Path) -> None:
    path = reference / "imports" / "withings" / "sleep.csv"
    night = read_recording(path, ReadOptions(night=date(2020, 10, 10)))
    assert any(f"{(15780 + 5340 + 4920) / 60:g} min asleep" in str(note) for note in night.notes)


@pytest.mark.parametrize(("name", "count"), [("sleepdata.csv", 58), ("sleepdata_zsolt.csv", 38)])
def test_both_generations_of_sleep_cycle_give_their_nights(reference: Path, name: str, count: int) -> None:
    assert len(survey(reference / "imports" / "sleep_cycle" / name, NONE).nights) == count


def test_times_that_a_spreadsheet_rounded_come_from_the_local_clock(reference: Path) -> None:
    path = reference / "imports" / "sleep_as_android" / "realuser_swan11jf_sleep-export.csv"
    night = read_recording(path, ReadOptions(night=date(2020, 6, 22)))
    assert night.zone == "Europe/London"
    assert night.start is not None
    assert night.start.isoformat() == "2020-06-22T22:53:00+00:00"
    assert night.duration_s == pytest.approx(8.14 * 3600)


MANY = {**{f"{k}: values": (k, m) for k, m in pulses(2000).items()}, **{f"{k}: nights": (k, m) for k, m in nights(400).items()}}


def kept(path: Path, key: str) -> int:
    """Values of the night, or nights: whichever the format was made with; 0 when nothing could be read."""
    try:
        assert recognise(path).key == key
        found = survey(path, NONE)
        if key in nights(1):
            return len(found.nights)
        return sum(len(series.values) for span in found.nights for series in read_recording(path, ReadOptions(night=span.night)).series)
    except DamagedFile:
        return 0


@pytest.mark.parametrize("which", MANY)
def test_injected_bytes_cost_only_the_records_they_hit(which: str, tmp_path: Path) -> None:
    key, made = MANY[which]
    rng = random.Random(7)
    lines = [line.encode() for line in made.lines]
    harmed = set(rng.sample(range(1, len(lines) - 1), len(lines) // 50))
    for i in harmed:
        at = rng.randrange(1, len(lines[i]))
        lines[i] = lines[i][:at] + bytes(rng.choice(b'{}[]",;\\\x00\xff7x') for _ in range(rng.randrange(1, 9))) + lines[i][at:]
    path = made.write(tmp_path, lines)
    assert kept(path, key) >= 0.999 * (len(lines) - len(harmed))
    assert survey(path, NONE).dropped


@pytest.mark.parametrize("which", MANY)
def test_a_cut_file_keeps_every_record_before_the_cut(which: str, tmp_path: Path) -> None:
    key, made = MANY[which]
    small = Made(made.name, made.head, made.lines[:300], between=made.between, tail=made.tail)
    raw = small.write(tmp_path).read_bytes()
    ends = np.cumsum([len(line.encode()) + len(made.between) for line in small.lines]) + len(made.head) - len(made.between)
    for percent in range(5, 100):
        cut = len(raw) * percent // 100
        (tmp_path / made.name).write_bytes(raw[:cut])
        assert kept(tmp_path / made.name, key) >= 0.999 * int((ends <= cut).sum())


@pytest.mark.parametrize("key", [*pulses(5), *nights(1)])
def test_the_same_file_gives_the_same_night_twice(key: str, tmp_path: Path) -> None:
    made = {**pulses(60), **nights(1)}[key]
    path = made.write(tmp_path)
    first, second = read_recording(path, NONE), read_recording(path, NONE)
    assert (first.start, first.duration_s, first.zone) == (second.start, second.duration_s, second.zone)
    assert [s.values.tolist() for s in first.series] == [s.values.tolist() for s in second.series]


def test_a_bomb_and_climbing_names_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "takeout.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Fitbit/Global Export Data/sleep-1.json", b" " * 80_000_000)
    with pytest.raises(DamagedFile, match="unpacks"):
        survey(path, NONE)
    made = pulses(60)["fitbit"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Fitbit/Global Export Data/../../../../heart_rate.json", made.write(tmp_path / "in").read_bytes())
    assert len(read_recording(path, NONE).series[0].values) == 60
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "takeout.zip"]


def test_names_in_a_database_are_quoted_whatever_stands_in_them(tmp_path: Path) -> None:
    path, name = tmp_path / "odd.db", 'a"; DROP TABLE b; --'
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE b (x)")
        made.execute(f"CREATE TABLE {_quoted(name)} ({_quoted(name)}, y)")
        made.execute(f"INSERT INTO {_quoted(name)} VALUES (1, 2)")
        made.commit()
    broken: list[bool] = []
    with opened(path, None, lambda: broken.append(True)) as rows:
        assert set(rows.columns) == {"b", name}
        assert list(rows.of(name, name, "none", "y")) == [(1, None, 2)]
    assert broken == []
