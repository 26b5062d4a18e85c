"""The ring's CSV: real files, every way to write a date, and nights on which the clock changes."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile, NightChoiceNeeded, ReadError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.types.recording import ReadOptions, Recording

NONE = ReadOptions()
HEADER = "Time,Oxygen Level,Pulse Rate,Motion,O2 Reminder,PR Reminder"
START = datetime(2025, 3, 6, 22, 20, 56)


def write(folder: Path, rows: list[str], *, header: str = HEADER, name: str = "ring.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def channel(night: Recording, name: str) -> np.ndarray:
    return next(s.samples for s in night.signals if s.channel == name)


@pytest.mark.parametrize(
    ("name", "rows", "step_s"),
    [
        ("wellue_o2ring/O2Ring_20250306222056.csv", 7818, 4),
        ("wellue_o2ring/O2Ring_20250307234318.csv", 6736, 4),
        ("viatom_checkme_o2max/checkme-o2-max-20260309.csv", None, 2),
    ],
)
def test_a_real_night_is_read_row_for_row(reference: Path, name: str, rows: int | None, step_s: int) -> None:
    path = reference / "imports" / name
    with path.open(encoding="utf-8") as file:
        table = list(csv.reader(file))[1:]
    night = read_recording(path, ReadOptions(zone="Europe/Budapest"))
    for column, key in ((1, "spo2_pct"), (2, "hr_bpm")):
        expected = np.array([float(row[column]) if row[column] != "--" else np.nan for row in table], dtype=np.float32)
        assert np.array_equal(channel(night, key), expected, equal_nan=True)
        assert len(expected) == (rows or len(table))
    assert night.signals[0].fs == pytest.approx(1 / step_s)
    assert night.start is not None
    assert f"{night.start:%H:%M:%S %b %d %Y}" == table[0][0]
    assert not night.dropped
    assert not night.notes


FORMATS = [
    "%H:%M:%S %b %d %Y",
    '"%I:%M:%S%p %b %d, %Y"',
    "%I:%M:%S%p %b %d, %Y",
    '"%I:%M:%S %p %b %d, %Y"',
    "%H:%M:%S %d/%m/%Y",
    "%H:%M:%S %m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("header", [HEADER, "Time,SpO2(%),Pulse Rate(bpm),Motion,O2 Reminder,PR Reminder"])
def test_every_way_to_write_the_time_gives_the_same_night(tmp_path: Path, form: str, header: str) -> None:
    times = [START + timedelta(seconds=4 * i) for i in range(3000)]
    path = write(tmp_path, [f"{at:{form}},{90 + i % 8},{60 + i % 9},0,0,0" for i, at in enumerate(times)], header=header)
    assert recognise(path).key == "o2ring"
    night = read_recording(path, NONE)
    assert night.start == START.replace(tzinfo=UTC)
    assert channel(night, "spo2_pct").tolist() == [90 + i % 8 for i in range(3000)]
    assert not night.dropped
    assert not night.notes


def test_an_ambiguous_date_is_decided_by_the_files_name_or_said(tmp_path: Path) -> None:
    rows = [f"22:20:{s:02d} 03/06/2025,95,60,0,0,0" for s in range(0, 60, 4)]
    named = read_recording(write(tmp_path, rows, name="O2Ring_20250306222000.csv"), NONE)
    assert named.start == datetime(2025, 3, 6, 22, 20, tzinfo=UTC)
    plain = read_recording(write(tmp_path, rows), NONE)
    assert plain.start == datetime(2025, 6, 3, 22, 20, tzinfo=UTC)
    assert "day first" in str(plain.notes[0])


def test_what_was_not_measured_is_nan_and_what_cannot_be_is_counted(tmp_path: Path) -> None:
    cells = ["96,60", "--,--", "255,65535", "0,0", "127,511", "20,60", "x,60", "96,250"]
    path = write(tmp_path, [f"22:20:{4 * i:02d} Mar 06 2025,{c},0,0,0" for i, c in enumerate(cells)])
    night = read_recording(path, NONE)
    assert np.isfinite(channel(night, "spo2_pct")).tolist() == [True, False, False, False, False, False, False, True]
    assert np.isfinite(channel(night, "hr_bpm")).tolist() == [True, False, False, False, False, True, True, False]
    assert sum(d.count for d in night.dropped) == 3


def test_a_pause_stays_a_gap_on_the_even_grid(tmp_path: Path) -> None:
    times = [START + timedelta(seconds=4 * i) for i in (*range(100), *range(150, 250))]
    night = read_recording(write(tmp_path, [f"{at:%H:%M:%S %b %d %Y},95,60,0,0,0" for at in times]), NONE)
    assert np.isnan(channel(night, "hr_bpm")[100:150]).all()
    assert np.isfinite(channel(night, "hr_bpm")).sum() == 200
    assert night.duration_s == 249 * 4


@pytest.mark.parametrize(("begin", "shift"), [(datetime(2025, 10, 26, 0, 30), -1), (datetime(2025, 3, 30, 0, 30), 1)])
def test_the_nights_of_the_clock_change_last_as_long_as_they_lasted(tmp_path: Path, begin: datetime, shift: int) -> None:
    steps = range(0, 5 * 3600, 4)
    change = datetime(begin.year, begin.month, begin.day, 3 if shift < 0 else 2)
    walls = [begin + timedelta(seconds=s) for s in steps]
    walls = [at if at < change else at + timedelta(hours=shift) for at in walls]
    path = write(tmp_path, [f"{at:%H:%M:%S %b %d %Y},95,60,0,0,0" for at in walls])
    night = read_recording(path, ReadOptions(zone="Europe/Berlin"))
    assert night.duration_s == steps[-1]
    assert np.isfinite(channel(night, "hr_bpm")).all()
    assert "clock was changed" in str(night.notes[0])


def test_without_a_zone_the_survey_says_that_utc_was_taken(tmp_path: Path) -> None:
    path = write(tmp_path, ["22:20:56 Mar 06 2025,95,60,0,0,0", "22:21:00 Mar 06 2025,95,60,0,0,0"])
    found = survey(path, NONE)
    assert found.zone is None
    assert "say your zone" in str(found.zone_origin)
    assert found.channels == ("spo2_pct", "hr_bpm", "motion_index")
    assert survey(path, ReadOptions(zone="Asia/Kolkata")).nights[0].start == datetime(2025, 3, 6, 16, 50, 56, tzinfo=UTC)
    with pytest.raises(ReadError, match="time zone"):
        survey(path, ReadOptions(zone="Nowhere"))


def test_another_night_than_the_wanted_one_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ["22:20:56 Mar 06 2025,95,60,0,0,0", "22:21:00 Mar 06 2025,95,60,0,0,0"])
    with pytest.raises(NightChoiceNeeded) as refused:
        read_recording(path, ReadOptions(night=date(2025, 3, 9)))
    assert refused.value.nights == (date(2025, 3, 6),)


def test_broken_rows_cost_only_themselves_and_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    rows = [f"{START + timedelta(seconds=4 * i):%H:%M:%S %b %d %Y},95,60,0,0,0" for i in range(200)]
    rows[50], rows[60], rows[70] = "garbage", "22:20:56 Foo 06 2025,95,60,0,0,0", "22:20:56 Mar 06 2035,95,60,0,0,0"
    night = read_recording(write(tmp_path, rows), NONE)
    assert np.isfinite(channel(night, "hr_bpm")).sum() == 197
    assert sum(d.count for d in night.dropped) == 3
    with pytest.raises(DamagedFile):
        read_recording(write(tmp_path, ["x,95,60,0,0,0"]), NONE)
    with pytest.raises(DamagedFile):
        read_recording(write(tmp_path, []), NONE)
