"""The open CSV: what docs/csv.md promises."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.errors import DamagedFile, MissingChannel, NightChoiceNeeded, ReadError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers._csv_columns import CHANNELS
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.recording import ReadOptions, Recording
from somnia_engine.types.signals import Series

START = datetime(2025, 3, 6, 22, 0, tzinfo=UTC)
NONE = ReadOptions()
AT = ReadOptions(start=START)


def write(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "night.csv"
    path.write_text(text, encoding=encoding)
    return path


def series(recording: Recording, channel: str) -> Series:
    return next(s for s in recording.series if s.channel == channel)


def reasons(recording: Recording) -> dict[str, int]:
    return {str(d.reason): d.count for d in recording.dropped}


def test_a_sparse_table_becomes_one_series_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, "time_s,hr_bpm,activity_count\n0,62,\n5,61,3\n15,,12\n15,60,\n")
    night = read_recording(path, AT)
    assert night.start == START
    assert series(night, "hr_bpm").times_s.tolist() == [0, 5, 15]
    assert series(night, "hr_bpm").values.tolist() == [62, 61, 60]
    assert series(night, "activity_count").times_s.tolist() == [5, 15]
    assert night.duration_s == 15
    assert not night.dropped
    assert not night.notes


@pytest.mark.parametrize("name", [*CHANNELS])
def test_every_documented_column_is_read(tmp_path: Path, name: str) -> None:
    value = (max(CHANNELS[name].low, -1.0) + min(CHANNELS[name].high, 1.0)) / 2 if "acc" in name or "mv" in name else CHANNELS[name].high
    night = read_recording(write(tmp_path, f"time_s,{name}\n0,{value}\n"), NONE)
    assert series(night, name).values.tolist() == [value]


def test_without_a_start_the_times_stay_relative_and_the_start_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "time_s,hr_bpm\n-10,62\n20,61\n")
    found = survey(path, NONE)
    assert found.needs_start
    assert found.nights[0].night is None
    assert found.nights[0].duration_s == 30
    night = read_recording(path, NONE)
    assert night.start is None
    assert series(night, "hr_bpm").times_s.tolist() == [-10, 20]


def test_time_with_an_offset_is_absolute(tmp_path: Path) -> None:
    path = write(tmp_path, "time,hr_bpm\n2025-03-06T23:00:00+01:00,62\n2025-03-06T22:00:30Z,61\n")
    night = read_recording(path, NONE)
    assert night.start == START
    assert series(night, "hr_bpm").times_s.tolist() == [0, 30]
    assert night.zone is None


def test_time_without_a_zone_is_refused_with_row_and_value(tmp_path: Path) -> None:
    path = write(tmp_path, "time,hr_bpm\n2025-03-06T22:00:00Z,62\n2025-03-06T23:00:00,61\n")
    with pytest.raises(ReadError, match=r"row 3.*2025-03-06T23:00:00.*zone"):
        read_recording(path, NONE)


def test_time_without_a_zone_takes_the_zone_that_was_said_also_in_the_hour_that_comes_twice(tmp_path: Path) -> None:
    walls = ["2025-10-26T01:30:00", "2025-10-26T02:30:00", "2025-10-26T02:00:00", "2025-10-26T02:30:00", "2025-10-26T03:30:00"]
    path = write(tmp_path, "time,hr_bpm\n" + "".join(f"{w},60\n" for w in walls))
    night = read_recording(path, ReadOptions(zone="Europe/Berlin"))
    assert series(night, "hr_bpm").times_s.tolist() == [0, 3600, 5400, 7200, 10800]


def test_unknown_columns_are_named_and_never_guessed(tmp_path: Path) -> None:
    night = read_recording(write(tmp_path, "time_s,hr_bpm,heart_rate,HR_BPM\n0,62,70,71\n"), NONE)
    assert [s.channel for s in night.series] == ["hr_bpm"]
    assert [str(n) for n in night.notes] == [f"The column “{c}” is not known and is not used." for c in ("heart_rate", "HR_BPM")]


@pytest.mark.parametrize("name", ["counts", "activity", "steps_count", "zcm", "pim", "enmo", "vm", "activity_counts_actigraph", "axis1"])
def test_another_kind_of_count_is_refused_by_name_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    night = read_recording(write(tmp_path, f"time_s,hr_bpm,{name}\n0,62,5\n"), NONE)
    assert [s.channel for s in night.series] == ["hr_bpm"]
    assert f"“{name}” is refused" in str(night.notes[0])
    assert "te Lindert" in str(night.notes[0])


def test_a_table_with_nothing_but_another_kind_of_count_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MissingChannel, match=r"“counts” is refused.*hr_bpm"):
        read_recording(write(tmp_path, "time_s,counts\n0,62\n"), NONE)


def test_unusable_cells_are_counted_with_column_and_reason(tmp_path: Path) -> None:
    rows = ["0,62,97", "1,x,97", "2,nan,101", "3,inf,20", "4,0,", "5,400,97", "x,60,97", ",60,97"]
    night = read_recording(write(tmp_path, "time_s,hr_bpm,spo2_pct\n" + "\n".join(rows) + "\n"), NONE)
    assert reasons(night) == {
        "time_s: a row without a time that can be read": 2,
        "hr_bpm: not a number": 3,
        "hr_bpm: a value outside 20 to 240": 2,
        "spo2_pct: a value outside 40 to 100": 2,
    }
    assert series(night, "hr_bpm").values.tolist() == [62]
    assert series(night, "spo2_pct").values.tolist() == [97, 97, 97]


def test_a_decimal_comma_is_refused_by_name(tmp_path: Path) -> None:
    night = read_recording(write(tmp_path, "time_s;hr_bpm;spo2_pct\n0;62,5;97\n1;63,5;97\n"), NONE)
    assert reasons(night) == {"hr_bpm: a decimal comma; write a decimal point": 2}
    with pytest.raises(ReadError, match="decimal comma"):
        read_recording(write(tmp_path, "time_s;hr_bpm\n0,5;62\n"), NONE)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiter_encoding_and_line_ends_do_not_matter(tmp_path: Path, delimiter: str, encoding: str, newline: str) -> None:
    text = newline.join(delimiter.join(row) for row in (("time_s", "hr_bpm"), ("0", "62"), ("1", '"63"')))
    path = tmp_path / "night.csv"
    path.write_bytes(text.encode(encoding))
    assert series(read_recording(path, NONE), "hr_bpm").values.tolist() == [62, 63]


def test_stage_rows_hold_until_the_next_and_gaps_are_unscored(tmp_path: Path) -> None:
    rows = ["0,W", "30,N1", "60,N1", "90,?", "120,R", "600,N2"]
    stages = read_recording(write(tmp_path, "time_s,stage\n" + "\n".join(rows) + "\n"), NONE).stages
    assert stages is not None
    assert stages.onset_s.tolist() == [0, 30, 120, 600]
    assert stages.duration_s.tolist() == [30, 60, 30, 30]
    assert stages.stages.tolist() == [Stage.W, Stage.N1, Stage.R, Stage.N2]


def test_a_list_of_stage_changes_holds_over_any_distance(tmp_path: Path) -> None:
    stages = read_recording(write(tmp_path, "time_s,stage\n0,W\n840,N1\n1200,N2\n6000,N3\n"), NONE).stages
    assert stages is not None
    assert stages.duration_s.tolist() == [840, 360, 4800, 30]


def test_every_stage_letter_is_known_and_others_are_counted(tmp_path: Path) -> None:
    letters = ["W", "N1", "N2", "N3", "R", "L", "S", "N", "T", "REM", "n2"]
    night = read_recording(write(tmp_path, "time_s,stage\n" + "".join(f"{30 * i},{x}\n" for i, x in enumerate(letters))), NONE)
    assert night.stages is not None
    assert night.stages.stages.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert reasons(night) == {"stage: not one of W N1 N2 N3 R L S N T ?": 2}


def test_even_acceleration_is_a_signal(tmp_path: Path) -> None:
    rows = "".join(f"{i / 50:.2f},0.1,{i % 3 / 10}\n" for i in range(500))
    night = read_recording(write(tmp_path, "time_s,acc_x_g,acc_z_g\n" + rows), NONE)
    assert [s.channel for s in night.signals] == ["acc_x_g", "acc_z_g"]
    assert night.signals[0].fs == pytest.approx(50.0)


def test_many_nights_need_a_choice_and_split_at_local_noon(tmp_path: Path) -> None:
    first = datetime(2025, 3, 6, 21, 0, tzinfo=UTC)
    rows = [f"{(first + timedelta(days=d, minutes=m)).isoformat()},{60 + d}" for d in range(3) for m in range(0, 480, 5)]
    path = write(tmp_path, "time,hr_bpm\n" + "\n".join(rows) + "\n")
    keys = (date(2025, 3, 6), date(2025, 3, 7), date(2025, 3, 8))
    assert tuple(s.night for s in survey(path, NONE).nights) == keys
    with pytest.raises(NightChoiceNeeded) as refused:
        read_recording(path, NONE)
    assert refused.value.nights == keys
    night = read_recording(path, ReadOptions(night=keys[1]))
    assert night.start == first + timedelta(days=1)
    assert set(series(night, "hr_bpm").values.tolist()) == {61.0}
    with pytest.raises(NightChoiceNeeded, match="2025-04-01"):
        read_recording(path, ReadOptions(night=date(2025, 4, 1)))


def test_relative_times_of_many_nights_split_when_the_start_is_known(tmp_path: Path) -> None:
    path = write(tmp_path, "time_s,hr_bpm\n" + "".join(f"{s},60\n" for s in range(0, 200000, 600)))
    assert len(survey(path, NONE).nights) == 1
    assert [str(s.night) for s in survey(path, AT).nights] == ["2025-03-06", "2025-03-07", "2025-03-08"]
    assert read_recording(path, ReadOptions(start=START, night=date(2025, 3, 6))).start == START


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    rows = [f"{30 * i},{60 + i},{'W' if i < 4 else 'N2'}" for i in range(12)]
    folder = tmp_path_factory.mktemp("order")
    plain = read_recording(write(folder, "time_s,hr_bpm,stage\n" + "\n".join(rows)), NONE)
    mixed = read_recording(write(folder, "time_s,hr_bpm,stage\n" + "\n".join(rows[i] for i in order)), NONE)
    assert np.array_equal(series(plain, "hr_bpm").values, series(mixed, "hr_bpm").values)
    assert plain.stages is not None
    assert mixed.stages is not None
    assert np.array_equal(plain.stages.onset_s, mixed.stages.onset_s)
    assert any("sorted" in str(n) for n in mixed.notes) == (order != sorted(order))


def test_a_few_broken_rows_cost_only_themselves(tmp_path: Path) -> None:
    rows = [f"{i},60" for i in range(1000)]
    rows[10] = "10,60,70,80"
    rows[20] = "20"
    rows[30] = '30,"' + "x" * 200_000 + '"'
    rows[40] = "1e12,60"
    night = read_recording(write(tmp_path, "time_s,hr_bpm\n" + "\n".join(rows) + "\n"), NONE)
    assert len(series(night, "hr_bpm").values) >= 996
    assert sum(reasons(night).values()) >= 3


def test_wide_and_endless_lines_are_refused_at_once(tmp_path: Path) -> None:
    began = time.perf_counter()
    wide = write(tmp_path, "time_s,hr_bpm," + ",".join(f"c{i}" for i in range(300_000)) + "\n0,60\n")
    with pytest.raises(ReadError):
        read_recording(wide, NONE)
    with pytest.raises(DamagedFile, match="columns"):
        read_recording(write(tmp_path, "time_s,hr_bpm," + ",".join(f"c{i}" for i in range(5000)) + "\n0,60\n"), NONE)
    with pytest.raises(DamagedFile, match="million"):
        read_recording(write(tmp_path, "time_s,hr_bpm\n" + "1" * 3_000_000), NONE)
    huge = write(tmp_path, "time_s,hr_bpm\n0,60\n")
    with huge.open("r+b") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(ReadError, match="MB"):
        read_recording(huge, NONE)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("rows", ["", "0,\n", "x,60\n", "0,900\n"])
def test_a_table_without_a_usable_value_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(DamagedFile, match="no value"):
        survey(write(tmp_path, "time_s,hr_bpm\n" + rows), NONE)


def test_150000_sparse_rows_are_read_in_two_seconds(tmp_path: Path) -> None:
    rows = (
        f"{i / 5},{60 + i % 9 if i % 25 == 0 else ''},{i % 50 if i % 75 == 0 else ''},{'N2' if i % 150 == 0 else ''}"
        for i in range(150_000)
    )
    path = write(tmp_path, "time_s,hr_bpm,activity_count,stage\n" + "\n".join(rows) + "\n")
    began = time.perf_counter()
    night = read_recording(path, AT)
    assert time.perf_counter() - began < 2
    assert len(series(night, "hr_bpm").values) == 6000
    assert len(series(night, "activity_count").values) == 2000


def test_a_real_night_written_as_csv_comes_back_value_for_value(reference: Path, tmp_path: Path) -> None:
    beats = np.loadtxt(next((reference / "sleep_accel").rglob("*_cleaned_hr.out")))
    beats = beats[np.argsort(beats[:, 0], kind="stable")]
    path = write(tmp_path, "time_s,hr_bpm\n" + "".join(f"{t!r},{v!r}\n" for t, v in beats.tolist()))
    found = series(read_recording(path, NONE), "hr_bpm")
    kept = (beats[:, 1] >= 20) & (beats[:, 1] <= 240)
    assert np.array_equal(found.times_s, beats[kept, 0])
    assert np.array_equal(found.values, beats[kept, 1].astype(np.float32))


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "night.bin"
    path.write_text("time_s,hr_bpm\n0,60\n")
    assert recognise(path).key == "somnia_csv"


def test_the_page_about_csv_names_every_column() -> None:
    page = (Path(__file__).parents[3] / "docs" / "csv.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in CHANNELS)
