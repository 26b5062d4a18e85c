"""The nightly course of temperature on constructed nights."""

import math

import numpy as np
import pytest

from somnia_engine.metrics.temperature import temperature_measures
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights

N = 960
BED = Lights(0.0, N * 30.0)


def night(values: np.ndarray, name: str = "skin_temp_c") -> NightFeatures:
    return NightFeatures(None, len(values), {name: values.astype(np.float32)})


def rising(n: int = N, *, peak: int = 600) -> np.ndarray:
    return 34.0 + 1.5 * np.cos(np.pi * (np.arange(n) - peak) / 600.0)


def test_rise_range_and_peak_of_a_cosine_are_those_it_was_drawn_with() -> None:
    found = temperature_measures(night(rising()), BED, sol_min=0.0)
    assert found["skin_temp_peak_min"] == pytest.approx(300.0, abs=1.0)
    assert found["skin_temp_range_c"] == pytest.approx(3.0, abs=0.05)
    assert found["skin_temp_rise_c"] == pytest.approx(3.0, abs=0.05)
    assert math.isnan(found["body_temp_range_c"])


def test_the_rise_counts_from_the_onset_of_sleep() -> None:
    found = temperature_measures(night(rising()), BED, sol_min=150.0)
    assert found["skin_temp_rise_c"] == pytest.approx(1.5 - 1.5 * np.sin(np.pi * np.arange(30) / 600.0).mean(), abs=0.02)
    assert found["skin_temp_peak_min"] == pytest.approx(150.0, abs=1.0)


def test_a_level_shift_and_lost_readings_change_little() -> None:
    values = rising()
    lost = np.where(np.random.default_rng(3).random(N) < 0.3, np.nan, values + 1.0)
    first, second = (temperature_measures(night(v), BED, sol_min=10.0) for v in (values, lost))
    for key in ("skin_temp_rise_c", "skin_temp_range_c"):
        assert second[key] == pytest.approx(first[key], abs=0.05)


def test_a_single_wrong_reading_is_no_rhythm() -> None:
    values = np.full(N, 34.0)
    values[500] = 40.0
    assert temperature_measures(night(values), BED, sol_min=0.0)["skin_temp_range_c"] < 0.15


def test_too_little_is_not_told() -> None:
    short = temperature_measures(night(rising(300)), Lights(0.0, 9000.0), sol_min=0.0)
    sparse = temperature_measures(night(np.where(np.arange(N) % 3 == 0, rising(), np.nan)), BED, sol_min=0.0)
    late = temperature_measures(night(rising()), BED, sol_min=480.0)
    assert all(math.isnan(value) for value in (*short.values(), *sparse.values(), *late.values()))
