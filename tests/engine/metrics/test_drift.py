"""How sleep wanders round the clock."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from somnia_engine.metrics.drift import drift_h_per_day
from somnia_engine.types.sleeps import ASLEEP, Sleep

FIRST = date(2025, 3, 3)


def sleeps(hours: list[float], days: list[int] | None = None) -> list[Sleep]:
    """Return eight-hour sleeps whose middle lies so many hours after the midnight of each day's end."""
    placed = days or list(range(len(hours)))
    midnight = [datetime.combine(FIRST + timedelta(days=day + 1), datetime.min.time(), UTC) for day in placed]
    starts = [at + timedelta(hours=hour - 4.0) for at, hour in zip(midnight, hours, strict=True)]
    return [Sleep(FIRST + timedelta(days=day), at, "UTC", np.full(960, ASLEEP, np.int8)) for day, at in zip(placed, starts, strict=True)]


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.4, 1.0, 1.5])
def test_a_steady_drift_is_its_slope_also_round_the_clock(slope: float) -> None:
    assert drift_h_per_day(sleeps([3.5 + slope * day for day in range(28)])) == pytest.approx(slope, abs=1e-6)


def test_late_weekends_are_no_drift() -> None:
    assert abs(drift_h_per_day(sleeps([3.5 + 2.0 * (day % 7 in (4, 5)) for day in range(28)]))) < 0.1


def test_nights_that_are_missing_change_nothing() -> None:
    days = [0, 1, 2, 6, 7, 11, 12, 13, 20]
    assert drift_h_per_day(sleeps([3.5 + 0.6 * day for day in days], days)) == pytest.approx(0.6)


def test_under_a_week_nothing_is_told() -> None:
    assert np.isnan(drift_h_per_day(sleeps([3.5] * 6)))
    assert np.isnan(drift_h_per_day([]))
