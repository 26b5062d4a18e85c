"""The hour at which a person's nights begin: every reader lists and cuts its nights by it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from somnia_engine.readers import night_key, read_recording, survey
from somnia_engine.readers._clock import night_keys
from somnia_engine.types.recording import ReadOptions

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "split_hour", "night"),
    [
        ("2025-01-10T22:00", 12, date(2025, 1, 10)),
        ("2025-01-11T11:59", 12, date(2025, 1, 10)),
        ("2025-01-11T12:00", 12, date(2025, 1, 11)),
        ("2025-01-11T12:00", 18, date(2025, 1, 10)),
        ("2025-01-11T17:59", 18, date(2025, 1, 10)),
        ("2025-01-11T18:00", 18, date(2025, 1, 11)),
        ("2025-01-11T09:00", 6, date(2025, 1, 11)),
        ("2025-01-11T05:59", 6, date(2025, 1, 10)),
        ("2025-01-11T00:00", 0, date(2025, 1, 11)),
        ("2025-03-30T03:00", 3, date(2025, 3, 30)),  # the clock goes from 2:00 to 3:00
        ("2025-03-30T01:59", 3, date(2025, 3, 29)),
        ("2025-10-26T02:30", 3, date(2025, 10, 25)),  # once, and once more
        ("2025-10-26T03:00", 3, date(2025, 10, 26)),
    ],
)
def test_a_moment_belongs_to_the_night_that_began_at_the_hour_before_it(moment: str, split_hour: int, night: date) -> None:
    assert night_key(at(moment), BERLIN, split_hour) == night


def test_both_hours_of_an_autumn_night_belong_to_the_same_night() -> None:
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # 2:30 in summer time, then 2:30 again
    assert {night_key(first + timedelta(hours=h), BERLIN, 3) for h in (0, 1)} == {date(2025, 10, 25)}


@pytest.mark.parametrize("day", [date(2025, 3, 29), date(2025, 10, 25), date(2025, 1, 10)])
@pytest.mark.parametrize("split_hour", [0, 2, 3, 12, 18, 23])
def test_arrays_of_moments_are_told_as_single_ones_are(day: date, split_hour: int) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    moments = begin + np.arange(0, 2 * 86400, 600, dtype=np.float64)
    alone = [night_key(datetime.fromtimestamp(s, UTC), BERLIN, split_hour).toordinal() for s in moments.tolist()]
    assert night_keys(moments, BERLIN, split_hour).tolist() == alone


def two_days(path: Path) -> Path:
    """Write two days without a gap, as a watch does that is never taken off."""
    begin = at("2025-01-10T00:00").astimezone(UTC)
    rows = [f"{(begin + timedelta(minutes=5 * i)).isoformat()},{60 + i % 7}" for i in range(3 * 288)]
    path.write_text("\n".join(["time,hr_bpm", *rows, ""]))
    return path


@pytest.mark.parametrize(("split_hour", "first_hour"), [(12, 12), (18, 18), (3, 3)])
def test_a_long_table_is_cut_at_the_persons_hour(tmp_path: Path, split_hour: int, first_hour: int) -> None:
    options = ReadOptions(BERLIN, split_hour=split_hour)
    found = survey(two_days(tmp_path / "days.csv"), options).nights
    starts = [span.start.astimezone(ZoneInfo(BERLIN)).hour for span in found[1:] if span.start is not None]
    assert starts == [first_hour] * len(starts)
    night = found[1].night
    assert night is not None
    recording = read_recording(tmp_path / "days.csv", ReadOptions(BERLIN, night=night, split_hour=split_hour))
    assert recording.start is not None
    assert recording.start.astimezone(ZoneInfo(BERLIN)).hour == first_hour
    assert night_key(recording.start, BERLIN, split_hour) == night
