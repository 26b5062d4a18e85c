"""A history as columns: one night a day with naps kept apart, its numbers and clock times, and how regular the last weeks were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from somnia_engine.metrics.regularity import (
    DAY_H,
    NOON_H,
    bedtime_h,
    clock_days,
    main_sleeps,
    mean_clock_h,
    midsleep_h,
    social_jetlag_h,
    spread_min,
    sri,
)
from somnia_engine.metrics.rest_activity import hourly, interdaily_stability, intradaily_variability
from somnia_engine.types.sleeps import Sleep
from somnia_engine.types.trend import TREND_KEYS, TrendNight

CLOCKS = ("bedtime_h", "midsleep_h")
"""Numbers that are times of day; in columns they count from noon, so that a night does not break at midnight."""
WEEKS = timedelta(days=28)
"""How regular sleep is, is told of this much; our own choice."""
NAP_MIN = 180.0


@dataclass(frozen=True, slots=True)
class Regularity:
    """How regular the last four weeks were; NaN where there are too few days. `n_days` were measured, `n_naps` naps among them."""

    sri: float
    interdaily_stability: float
    intradaily_variability: float
    bedtime_spread_min: float
    bedtime_h: float
    midsleep_h: float
    social_jetlag_h: float
    n_days: int
    n_naps: int


def main_nights(nights: Sequence[TrendNight]) -> tuple[TrendNight, ...]:
    """Return the longest recording of each day, in order of time: what is left are naps."""
    longest: dict[date, TrendNight] = {}
    for night in nights:
        known = longest.get(night.night)
        if known is None or _length(night) > _length(known):
            longest[night.night] = night
    return tuple(longest[day] for day in sorted(longest) if not _is_nap(longest[day]))


def column(nights: Sequence[TrendNight], key: str) -> NDArray[np.float64]:
    """Return a number of each night, shape (n,); times of day in hours after noon; NaN = not measured."""
    if key in TREND_KEYS:
        return np.array([night.value(key) for night in nights], dtype=np.float64)
    told = {"bedtime_h": bedtime_h, "midsleep_h": midsleep_h}[key]
    hours = np.array([float("nan") if night.sleep is None else told(night.sleep) for night in nights], dtype=np.float64)
    return np.asarray((hours - NOON_H) % DAY_H)


def regularity(nights: Sequence[TrendNight]) -> Regularity:
    """Return how regular the four weeks before the last night were, it included; naps count where they lie."""
    last = max((night.night for night in nights), default=date.min)
    return regularity_of([night.sleep for night in nights if night.sleep is not None and night.night > last - WEEKS] if nights else [])


def regularity_of(sleeps: Sequence[Sleep]) -> Regularity:
    """Return how regular some sleeps were, naps among them."""
    days, main = clock_days(sleeps), main_sleeps(sleeps)
    hours = hourly(days.states.astype(np.float64).ravel(), per_hour=60)
    return Regularity(
        sri=sri(days),
        interdaily_stability=interdaily_stability(hours),
        intradaily_variability=intradaily_variability(hours),
        bedtime_spread_min=spread_min([bedtime_h(sleep) for sleep in main]),
        bedtime_h=mean_clock_h([bedtime_h(sleep) for sleep in main]),
        midsleep_h=mean_clock_h([midsleep_h(sleep) for sleep in main]),
        social_jetlag_h=social_jetlag_h(main),
        n_days=int(np.count_nonzero(days.measured())),
        n_naps=len(sleeps) - len(main),
    )


def by_weekday(nights: Sequence[TrendNight], values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the measured values of the nights that began on each weekday, Monday first."""
    weekday = np.array([night.night.weekday() for night in nights], dtype=int)
    return [values[(weekday == day) & np.isfinite(values)] for day in range(7)]


def _length(night: TrendNight) -> float:
    minutes = night.value("tst_min")
    return minutes if np.isfinite(minutes) else 0.0


def _is_nap(night: TrendNight) -> bool:
    return night.value("tib_min") < NAP_MIN
