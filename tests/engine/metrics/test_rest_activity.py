"""Stability, variability and amplitude of activity: closed forms, and the formulas of the papers written out over recorded weeks."""

import itertools
import math

import numpy as np
import pytest

from somnia_engine.metrics.baseline import baseline, running_median
from somnia_engine.metrics.rest_activity import extremes, hourly, interdaily_stability, intradaily_variability


def wave(days: int) -> np.ndarray:
    return 100.0 + 50.0 * np.sin(2 * np.pi * np.arange(days * 24) / 24)


def is_by_hand(x: list[float]) -> float:
    """Van Someren 1999: n sum over hours of the day (mean of the hour - mean)^2 / p sum over all (x - mean)^2."""
    n, p = len(x), 24
    mean = sum(x) / n
    profile = [sum(x[h::p]) / len(x[h::p]) for h in range(p)]
    return n * sum((a - mean) ** 2 for a in profile) / (p * sum((a - mean) ** 2 for a in x))


def iv_by_hand(x: list[float]) -> float:
    """Van Someren 1999: n sum of squared steps / (n - 1) sum of squared distances from the mean."""
    n = len(x)
    mean = sum(x) / n
    return n * sum((b - a) ** 2 for a, b in itertools.pairwise(x)) / ((n - 1) * sum((a - mean) ** 2 for a in x))


def test_a_daily_wave_is_stable_and_smooth() -> None:
    hours = hourly(wave(10), per_hour=1)
    assert interdaily_stability(hours) == pytest.approx(1.0)
    assert intradaily_variability(hours) == pytest.approx(4 * math.sin(math.pi / 24) ** 2, rel=0.01)  # of a sampled sine


def test_noise_has_no_rhythm_and_a_variability_of_about_two() -> None:
    hours = hourly(np.random.default_rng(1).normal(100, 10, 24 * 400), per_hour=1)
    assert interdaily_stability(hours) == pytest.approx(0.0, abs=0.01)
    assert intradaily_variability(hours) == pytest.approx(2.0, abs=0.05)


def test_they_agree_with_the_printed_formulas_on_recorded_weeks(depresjon_days: np.ndarray) -> None:
    minutes = depresjon_days[: len(depresjon_days) - 1]
    hours = hourly(minutes.ravel(), per_hour=60)
    flat = [float(np.mean(minutes[d, 60 * h : 60 * (h + 1)])) for d in range(len(minutes)) for h in range(24)]
    assert interdaily_stability(hours) == pytest.approx(is_by_hand(flat))
    assert intradaily_variability(hours) == pytest.approx(iv_by_hand(flat))


def test_quiet_and_active_hours_agree_with_trying_every_start(depresjon_days: np.ndarray) -> None:
    minutes = depresjon_days[: len(depresjon_days) - 1]
    found = extremes(minutes.ravel(), per_hour=60)
    twice = np.tile(minutes.mean(axis=0), 2)
    quiet = [twice[at : at + 300].mean() for at in range(1440)]
    active = [twice[at : at + 600].mean() for at in range(1440)]
    assert found.l5 == pytest.approx(min(quiet))
    assert found.m10 == pytest.approx(max(active))
    assert found.l5_onset_h == int(np.argmin(quiet)) / 60
    assert found.ra == pytest.approx((max(active) - min(quiet)) / (max(active) + min(quiet)))


def test_another_scale_of_activity_changes_nothing_but_its_level() -> None:
    x = np.random.default_rng(2).gamma(1.0, 50.0, 24 * 8)
    assert interdaily_stability(hourly(7 * x, per_hour=1)) == pytest.approx(interdaily_stability(hourly(x, per_hour=1)))
    assert extremes(7 * x, per_hour=1).ra == pytest.approx(extremes(x, per_hour=1).ra)


def test_what_was_not_measured_is_left_out() -> None:
    x = wave(10)
    x[30:40] = np.nan
    assert interdaily_stability(hourly(x, per_hour=1)) == pytest.approx(1.0, abs=0.02)
    x[5::24] = np.nan
    assert math.isnan(interdaily_stability(hourly(x, per_hour=1)))
    assert math.isnan(extremes(x, per_hour=1).l5)
    assert math.isnan(intradaily_variability(hourly(np.full(240, np.nan), per_hour=1)))


def test_a_person_has_no_band_before_seven_valid_nights() -> None:
    values = np.array([400.0, np.nan, 410, 390, 420, 405, 395, 415, 400, 380])
    found = baseline(values)
    assert np.isnan(found.low[:8]).all()
    assert found.middle[8] == np.median(values[[0, 2, 3, 4, 5, 6, 7]])
    assert found.low[8] < found.middle[8] < found.high[8]


def test_a_night_is_not_part_of_the_band_that_it_is_held_against() -> None:
    values = np.full(9, 400.0)
    values[8] = 100.0
    assert baseline(values).low[8] == 400.0


def test_the_median_looks_back_fourteen_days_not_fourteen_nights() -> None:
    day = np.array([0, 1, 2, 30, 31, 32])
    found = running_median(day, np.array([1.0, 2, 3, 10, 11, 12]))
    assert np.isnan(found[[0, 1, 3, 4]]).all()
    assert (found[2], found[5]) == (2.0, 11.0)
