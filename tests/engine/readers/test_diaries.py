"""Sleep diaries: what people wrote down, without stages, and what is kept of damaged files."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from somnia_engine.errors import SomniaError
from somnia_engine.readers import read_recording, survey
from somnia_engine.types.recording import ReadOptions, Recording
from tests.engine.readers.exports import START, diaries

KEYS = tuple(diaries(1))
MINUTES = {"plees_tracker": None, "sleepmeter": "450 min", "redcap_diary": "450 min", "sleepdiary_standard": "450 min"}


def asleep(night: Recording) -> str:
    return " ".join(str(note) for note in night.notes)


@pytest.mark.parametrize("key", KEYS)
def test_a_diary_gives_time_in_bed_and_no_stages(tmp_path: Path, key: str) -> None:
    night = read_recording(diaries(1)[key].write(tmp_path), ReadOptions(zone="UTC"))
    assert night.start == START
    assert (night.lights_off_s, night.lights_on_s) == (0.0, 8 * 3600)
    assert night.stages is None
    assert not night.dropped
    minutes = MINUTES[key]
    assert (minutes in asleep(night)) if minutes else ("min asleep" not in asleep(night))


@pytest.mark.parametrize("key", KEYS)
def test_strange_lines_cost_no_night_and_are_counted(tmp_path: Path, key: str) -> None:
    made = diaries(30)[key]
    rng = random.Random(7)
    lines = [line.encode() for line in made.lines]
    junk = b'"x' + rng.randbytes(20).replace(b"\n", b"").replace(b"\r", b"") + b'",,,,,,,,,,,'
    lines.insert(11, junk)
    found = survey(made.write(tmp_path, lines), ReadOptions(zone="UTC"))
    assert len(found.nights) == 30
    if key != "sleepdiary_standard":
        assert sum(d.count for d in found.dropped) == 1


@pytest.mark.parametrize("key", KEYS)
def test_a_cut_diary_keeps_every_whole_night(tmp_path: Path, key: str) -> None:
    made = diaries(30)[key]
    whole = made.write(tmp_path).read_bytes()
    path = tmp_path / "cut"
    for percent in range(1, 100):
        size = len(whole) * percent // 100
        path.write_bytes(whole[:size])
        intact, at = 0, len(made.head.encode())
        for line in made.lines:
            at += len(line.encode())
            intact += at <= size
            at += len(made.between)
        try:
            kept = len(survey(path, ReadOptions(zone="UTC")).nights)
        except SomniaError:
            kept = 0
        assert intact <= kept <= intact + 1


def test_the_real_sleepmeter_history_keeps_its_offsets_and_leaves_impossible_years_out(reference: Path) -> None:
    path = reference / "imports" / "sleepmeter" / "sleep_history_2020-11-25.8.csv"
    found = survey(path)
    nights = {span.night: span for span in found.nights}
    assert nights[date(2099, 11, 24)].start == datetime(2099, 11, 24, 21, 50, tzinfo=UTC)
    assert nights[date(2020, 11, 23)].duration_s == 490 * 60
    assert found.channels == ()
    assert {d.count for d in found.dropped} <= {1, 2}
    night = read_recording(path, ReadOptions(night=date(2020, 11, 24)))
    assert "334 min" in asleep(night)


def test_the_real_light_study_diary_gives_seven_nights(reference: Path) -> None:
    path = reference / "imports" / "light_diary" / "205_sleepdiary_all_20230904.csv"
    found = survey(path, ReadOptions(zone="Europe/Berlin"))
    assert [span.night for span in found.nights] == [date(2023, 8, day) for day in (28, 29, 30, 31)] + [
        date(2023, 9, day) for day in (1, 2, 3)
    ]
    assert found.nights[0].start == datetime(2023, 8, 28, 21, 20, tzinfo=UTC)
    assert found.nights[0].duration_s == (10 * 60 + 17) * 60
    night = read_recording(path, ReadOptions(zone="Europe/Berlin", night=date(2023, 8, 28)))
    assert "592 min" in asleep(night)


def test_the_real_plees_file_is_read(reference: Path) -> None:
    found = survey(reference / "imports" / "plees_tracker" / "plees-tracker.csv", ReadOptions(zone="UTC"))
    assert [span.night for span in found.nights] == [date(2020, 12, 18)]
    assert found.nights[0].duration_s == pytest.approx(28.161)
