"""How regular sleep is from day to day: on the local clock, noon to noon, with what was not measured left out.

A day on which a sleep was recorded counts as awake where nothing was recorded: people measure their nights. A day without any
recording counts as nothing. Hours that a clock change leaves out or repeats are never taken for wake.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.sleeps import ASLEEP, UNKNOWN, Sleep

DAY_MIN = 1440
DAY_H = 24.0
NOON_H = 12.0
LEAST_PAIRS = 5
"""Fewer pairs of days than this give no index (Phillips 2017, doi 10.1038/s41598-017-03171-4, used whole weeks)."""
LEAST_PAIR_FRAC = 0.75
"""A pair of days counts when this share of its minutes is known on both: sleepreg leaves out days with more than 6 h missing
(Windred 2021, doi 10.1093/sleep/zsab254)."""
LEAST_NIGHTS = 3
"""Fewer nights than this have no spread to speak of; our own bound."""
FREE_NIGHTS = (4, 5)
"""Weekdays (Monday is 0) whose night is followed by a free day: Friday's and Saturday's."""
LEAST_KIND = 2
"""Work nights, and free nights, that social jetlag needs; our own bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Sleep on the local clock.

    Parameters
    ----------
    first : date
        The day on whose noon the first row begins.
    states : ndarray, shape (n_days, 1440), float32
        1 asleep, 0 awake, NaN not known, one a minute from noon to noon.
    """

    first: date
    states: NDArray[np.float32]

    def measured(self) -> NDArray[np.bool_]:
        """Return on which days anything is known, shape (n_days,)."""
        return np.asarray(np.isfinite(self.states).any(axis=1))


def clock_days(sleeps: Iterable[Sleep]) -> Days:
    """Lay sleeps on the local clock, a row for each day from noon to noon between the first and the last.

    Parameters
    ----------
    sleeps : iterable of Sleep
        In any order; where two tell of the same minute, asleep is believed.

    Returns
    -------
    Days
        No rows without sleeps.
    """
    placed = [_on_clock(sleep) for sleep in sleeps]
    if not placed:
        return Days(date.min, np.empty((0, DAY_MIN), np.float32))
    first = min(int(minute[0]) // DAY_MIN for minute, _ in placed)
    last = max(int(minute[-1]) // DAY_MIN for minute, _ in placed)
    flat = np.full((last - first + 1) * DAY_MIN, np.nan, np.float32)
    touched = np.zeros(last - first + 1, bool)
    for minute, _ in placed:
        at = minute - first * DAY_MIN
        touched[np.unique(at // DAY_MIN)] = True
    grid = flat.reshape(-1, DAY_MIN)
    grid[touched] = 0.0
    for minute, state in placed:
        _write(flat, minute - first * DAY_MIN, state=state)
    return Days(date.fromordinal(first), grid)


def _on_clock(sleep: Sleep) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return each epoch's minute on the local clock, counted from the noon before year 1, and its state."""
    n = max(len(sleep.states), 1)
    seconds = np.arange(n) * sleep.epoch_s
    start = sleep.local(0.0)
    offsets = _offsets_s(sleep, seconds)
    wall = (start.toordinal() * DAY_H + start.hour - NOON_H) * 3600.0 + start.minute * 60.0 + start.second
    minute = np.floor((wall + seconds + offsets - offsets[0]) / 60.0).astype(np.int64)
    return minute, sleep.states if len(sleep.states) else np.full(1, UNKNOWN, np.int8)


def _offsets_s(sleep: Sleep, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the offset from UTC at each moment [s], asked once each quarter of an hour: no clock changes within one."""
    quarter = (seconds // 900.0).astype(np.int64)
    asked = {q: sleep.local(q * 900.0).utcoffset() or timedelta() for q in np.unique(quarter).tolist()}
    return np.array([asked[q].total_seconds() for q in quarter.tolist()])


def _write(flat: NDArray[np.float32], at: NDArray[np.int64], *, state: NDArray[np.int8]) -> None:
    """Write one sleep's minutes: asleep where most of what is known of the minute is; the minutes that a clock skips stay open."""
    low, high = int(at.min()), int(at.max())
    n = high - low + 1
    known = np.bincount(at - low, weights=state != UNKNOWN, minlength=n)
    asleep = np.bincount(at - low, weights=state == ASLEEP, minlength=n)
    seen = np.bincount(at - low, minlength=n) > 0
    part = flat[low : high + 1]
    share = asleep / np.maximum(known, 1)
    new = np.where(known > 0, (share >= 0.5).astype(np.float32), np.nan)
    part[seen] = np.where(part[seen] == 1.0, 1.0, new[seen])
    part[~seen & (part != 1.0)] = np.nan


def sri(days: Days) -> float:
    """Return the sleep regularity index, -100..100: how much likelier than not two moments 24 h apart are in the same state.

    Phillips 2017, doi 10.1038/s41598-017-03171-4. 100 is the same every day, 0 is chance.

    Parameters
    ----------
    days : Days

    Returns
    -------
    float
        NaN under five usable pairs of days.
    """
    before, after = days.states[:-1], days.states[1:]
    both = np.isfinite(before) & np.isfinite(after)
    usable = both.mean(axis=1) >= LEAST_PAIR_FRAC if len(both) else np.zeros(0, bool)
    if np.count_nonzero(usable) < LEAST_PAIRS:
        return float("nan")
    same = (before == after)[usable][both[usable]]
    return float(200.0 * same.mean() - 100.0)


def main_sleeps(sleeps: Iterable[Sleep]) -> tuple[Sleep, ...]:
    """Return the longest sleep of each night, in order of time; what else there is are naps."""
    longest: dict[date, Sleep] = {}
    for sleep in sleeps:
        known = longest.get(sleep.night)
        if sleep.tst_min > 0 and (known is None or sleep.tst_min > known.tst_min):
            longest[sleep.night] = sleep
    return tuple(longest[night] for night in sorted(longest))


def naps(sleeps: Sequence[Sleep]) -> tuple[Sleep, ...]:
    """Return the sleeps that are not the longest of their night."""
    main = {id(sleep) for sleep in main_sleeps(sleeps)}
    return tuple(sleep for sleep in sleeps if id(sleep) not in main)


def bedtime_h(sleep: Sleep) -> float:
    """Return the local time of lights off [h, 0..24]."""
    return sleep.clock_h(sleep.bed_s[0])


def midsleep_h(sleep: Sleep) -> float:
    """Return the local time halfway between the first and the last moment asleep [h, 0..24]; NaN without sleep."""
    first, last = sleep.sleep_s
    return sleep.clock_h((first + last) / 2.0)


def mean_clock_h(hours: Sequence[float]) -> float:
    """Return the mean time of day [h, 0..24], on the circle: 23:30 and 00:30 meet at midnight; NaN without any."""
    known = np.asarray([hour for hour in hours if np.isfinite(hour)], dtype=np.float64)
    if not len(known):
        return float("nan")
    turn = np.exp(2j * np.pi * known / DAY_H).mean()
    return float(np.angle(turn) * DAY_H / (2.0 * np.pi) % DAY_H)


def spread_min(hours: Sequence[float]) -> float:
    """Return the standard deviation of times of day [min] around their circular mean; NaN under three.

    With bedtimes this is the bedtime variability (Fischer 2021, doi 10.1093/sleep/zsab103).
    """
    known = np.asarray([hour for hour in hours if np.isfinite(hour)], dtype=np.float64)
    if len(known) < LEAST_NIGHTS:
        return float("nan")
    away = apart_h(known, mean_clock_h(known.tolist()))
    return float(60.0 * np.sqrt((away**2).sum() / (len(known) - 1)))


def apart_h(hours: NDArray[np.float64], reference: float) -> NDArray[np.float64]:
    """Return how far times of day lie after a reference [h, -12..12], the short way round."""
    return np.asarray((hours - reference + DAY_H / 2.0) % DAY_H - DAY_H / 2.0)


def social_jetlag_h(sleeps: Sequence[Sleep]) -> float:
    """Return how far midsleep of free nights lies from that of work nights [h], without a sign.

    Wittmann 2006, doi 10.1080/07420520500545979. Free are the nights before Saturday and Sunday.

    Parameters
    ----------
    sleeps : sequence of Sleep
        The longest of each night counts.

    Returns
    -------
    float
        NaN under two nights of either kind.
    """
    kinds: Mapping[bool, list[float]] = {True: [], False: []}
    for sleep in main_sleeps(sleeps):
        kinds[sleep.night.weekday() in FREE_NIGHTS].append(midsleep_h(sleep))
    if min(len(kinds[True]), len(kinds[False])) < LEAST_KIND:
        return float("nan")
    free = np.asarray([mean_clock_h(kinds[True])])
    return float(abs(apart_h(free, mean_clock_h(kinds[False]))[0]))
