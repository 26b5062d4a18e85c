from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from components.figures.clock import Clock

BERLIN = ZoneInfo("Europe/Berlin")


def test_labels_are_local_clock_time() -> None:
    clock = Clock(datetime(2025, 11, 14, 23, 0, tzinfo=BERLIN), "Europe/Berlin")
    assert [clock.label(s) for s in (0, 3600, 7230)] == ["23:00", "00:00", "01:00"]


def test_the_date_stands_where_the_day_changes_and_nowhere_else() -> None:
    clock = Clock(datetime(2025, 11, 14, 23, 0, tzinfo=BERLIN), "Europe/Berlin")
    _, labels = clock.ticks(8 * 3600)
    assert [label for label in labels if "<br>" in label] == ["00:00<br>15 Nov"]


def test_the_night_the_clocks_go_back_has_two_o_clock_twice() -> None:
    clock = Clock(datetime(2025, 10, 25, 23, 0, tzinfo=BERLIN), "Europe/Berlin")
    places, labels = clock.ticks(6 * 3600)
    assert [label for label in labels if label.startswith("02:00")] == ["02:00", "02:00"]
    assert [b - a for a, b in pairwise(places)] == [3600.0] * (len(places) - 1)


def test_the_night_the_clocks_go_forward_has_no_two_o_clock() -> None:
    clock = Clock(datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN), "Europe/Berlin")
    _, labels = clock.ticks(6 * 3600)
    assert not [label for label in labels if label.startswith("02:00")]


@pytest.mark.parametrize(("day", "change"), [((2025, 10, 25), -3600.0), ((2026, 3, 28), 3600.0)])
def test_a_clock_change_is_found_at_its_minute(day: tuple[int, int, int], change: float) -> None:
    clock = Clock(datetime(*day, 23, 0, tzinfo=BERLIN), "Europe/Berlin")
    (first, before), (at, after) = clock.offsets(8 * 3600)
    assert (first, after - before) == (0.0, change)
    assert at == (4 * 3600 if change < 0 else 3 * 3600)


def test_a_night_that_starts_between_two_minutes_still_has_whole_hours() -> None:
    clock = Clock(datetime(2025, 11, 14, 23, 12, 40, tzinfo=BERLIN), "Europe/Berlin")
    places, labels = clock.ticks(8 * 3600)
    assert labels[0].startswith("00:00")
    assert places[0] == 47 * 60 + 20


def test_a_night_without_a_known_start_counts_hours() -> None:
    clock = Clock(None, None)
    assert clock.label(3 * 3600 + 12 * 60) == "+3:12"
    assert clock.ticks(4 * 3600)[1][0] == "+0:00"
