"""Regularity on the local clock: worked examples, a second implementation minute by minute, and the nights of clock changes."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from somnia_engine.metrics import regularity
from somnia_engine.metrics.regularity import Days, clock_days, sri
from somnia_engine.types.sleeps import ASLEEP, AWAKE, UNKNOWN, Sleep

BERLIN = "Europe/Berlin"


def sleep(day: date, *, bed_h: float = 23.0, hours: float = 8.0, zone: str = BERLIN) -> Sleep:
    """Return a sleep without a break; `bed_h` counts from the day's midnight and may pass 24."""
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=bed_h)
    return Sleep(day, start, zone, np.full(round(hours * 120), ASLEEP, np.int8))


def nights(n: int, **how: float) -> list[Sleep]:
    return [sleep(date(2025, 1, 6) + timedelta(days=i), **how) for i in range(n)]


def days_of(states: np.ndarray) -> Days:
    return Days(date(2025, 1, 6), states.astype(np.float32))


def sri_by_hand(states: np.ndarray) -> float:
    """Phillips 2017 as it is printed: every pair of moments one day apart, one after the other."""
    same, n = 0, 0
    for day in range(len(states) - 1):
        pairs = [(a, b) for a, b in zip(states[day], states[day + 1], strict=True) if not (math.isnan(a) or math.isnan(b))]
        if len(pairs) < 0.75 * states.shape[1]:
            continue
        n += len(pairs)
        same += sum(a == b for a, b in pairs)
    return -100.0 + 200.0 * same / n


def test_the_same_sleep_every_day_is_100() -> None:
    assert sri(clock_days(nights(8))) == 100.0


def test_an_hour_longer_every_other_day_is_23_of_24_alike() -> None:
    """The worked example of sleep.urbandroid.org/sleep-regularity-index: up at 6 and at 7, 23 of 24 h alike, is 91.7 on this scale."""
    found = [sleep(date(2025, 1, 6) + timedelta(days=i), hours=7.0 + i % 2) for i in range(8)]
    assert sri(clock_days(found)) == pytest.approx(200 * 23 / 24 - 100)


def test_day_and_night_in_turn_are_minus_100_and_chance_is_0() -> None:
    turn = np.tile(np.array([[0.0], [1.0]]), (4, 1440))
    assert sri(days_of(turn)) == -100.0
    chance = np.random.default_rng(5).integers(0, 2, (200, 1440))
    assert sri(days_of(chance)) == pytest.approx(0.0, abs=1.0)


def test_it_agrees_with_a_second_implementation_on_broken_nights() -> None:
    rng = np.random.default_rng(3)
    found = []
    for one in nights(12):
        states = rng.choice([ASLEEP, ASLEEP, ASLEEP, AWAKE], len(one.states)).astype(np.int8)
        states[100:160] = UNKNOWN
        found.append(Sleep(one.night, one.start + timedelta(minutes=int(rng.integers(-90, 90))), one.zone, states))
    days = clock_days(found)
    assert np.isnan(days.states).any()
    assert sri(days) == pytest.approx(sri_by_hand(days.states.astype(float)))


def test_it_agrees_with_a_second_implementation_on_recorded_activity(depresjon_days: np.ndarray) -> None:
    still = np.where(np.isnan(depresjon_days), np.nan, (depresjon_days < 20).astype(float))
    assert sri(days_of(still)) == pytest.approx(sri_by_hand(still))


def test_under_five_pairs_of_days_there_is_no_index() -> None:
    assert math.isnan(sri(clock_days(nights(5))))
    assert math.isfinite(sri(clock_days(nights(6))))


def test_days_without_a_recording_are_left_out_and_make_no_pair() -> None:
    whole = nights(16)
    gap = [one for one in whole if one.night != date(2025, 1, 13)]
    assert sri(clock_days(gap)) == 100.0
    assert np.count_nonzero(clock_days(gap).measured()) == 15
    scattered = whole[::2]
    assert math.isnan(sri(clock_days(scattered)))


def test_what_was_not_worn_is_neither_sleep_nor_wake() -> None:
    found = nights(8)
    holes = [Sleep(s.night, s.start, s.zone, np.concatenate([np.full(240, UNKNOWN, np.int8), s.states[240:]])) for s in found]
    assert sri(clock_days(holes)) == 100.0


@pytest.mark.parametrize("change", [date(2025, 3, 29), date(2025, 10, 25)])
def test_the_night_of_a_clock_change_makes_no_wake(change: date) -> None:
    found = [sleep(change + timedelta(days=i), hours=8.0) for i in range(-4, 5)]
    spring = change.month == 3
    slept = [Sleep(s.night, s.start, s.zone, s.states[: -120 if spring else None] if s.night == change else s.states) for s in found]
    if not spring:
        slept[4] = sleep(change, hours=9.0)
    days = clock_days(slept)
    in_bed = days.states[:, 660:1140]  # 23:00 to 07:00
    assert not (in_bed == 0.0).any()
    assert sri(days) == 100.0


def test_the_hour_that_spring_skips_is_not_known_and_the_rest_stays_in_place() -> None:
    days = clock_days([sleep(date(2025, 3, 29), hours=7.0)])
    assert np.isnan(days.states[0, 14 * 60 : 15 * 60]).all()
    assert np.nansum(days.states) == 7 * 60


def test_midsleep_counts_true_hours_over_a_clock_change() -> None:
    assert regularity.midsleep_h(sleep(date(2025, 1, 6))) == 3.0
    assert regularity.midsleep_h(sleep(date(2025, 3, 29), hours=7.0)) == 3.5  # halfway is 3.5 h after 23:00, when clocks say 03:30


def test_bedtimes_around_midnight_are_close() -> None:
    assert regularity.mean_clock_h([23.5, 0.5]) == pytest.approx(0.0, abs=1e-9) or regularity.mean_clock_h([23.5, 0.5]) == pytest.approx(24)
    assert regularity.spread_min([23.5, 0.0, 0.5]) == pytest.approx(30.0)
    assert math.isnan(regularity.spread_min([23.0, 23.5]))


def test_social_jetlag_is_the_distance_of_midsleep_on_free_and_work_nights() -> None:
    monday = date(2025, 1, 6)
    week = [sleep(monday + timedelta(days=i), bed_h=24.5 if i % 7 in (4, 5) else 23.0) for i in range(14)]
    assert regularity.social_jetlag_h(week) == pytest.approx(1.5)
    assert math.isnan(regularity.social_jetlag_h(week[:5]))


def test_a_nap_is_kept_apart_from_the_sleep_of_its_night() -> None:
    nap = sleep(date(2025, 1, 7), bed_h=14.0, hours=1.0)
    found = [*nights(3), nap]
    assert len(regularity.main_sleeps(found)) == 3
    assert regularity.naps(found) == (nap,)
    assert clock_days(found).states[1, 120:180].sum() == 60


def test_a_shift_of_all_nights_changes_no_index() -> None:
    rng = np.random.default_rng(9)
    wobble = rng.uniform(-1, 1, 10)
    early = [sleep(date(2025, 1, 6) + timedelta(days=i), bed_h=22.0 + w) for i, w in enumerate(wobble)]
    late = [sleep(date(2025, 1, 6) + timedelta(days=i), bed_h=24.0 + w) for i, w in enumerate(wobble)]
    assert sri(clock_days(early)) == pytest.approx(sri(clock_days(late)), abs=0.1)


def test_nights_in_utc_and_in_the_zone_are_the_same_nights() -> None:
    there = nights(7)
    moved = [Sleep(s.night, s.start.astimezone(UTC), s.zone, s.states) for s in there]
    assert np.array_equal(clock_days(there).states, clock_days(moved).states, equal_nan=True)
