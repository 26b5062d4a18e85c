"""Variability of a night: means over sleep, irregular half minutes left out, nothing from too little."""

import math

import numpy as np
import pytest

from somnia_engine.metrics.hrv import NAMES, hrv_measures
from somnia_engine.types.features import NightFeatures

N = 40
ASLEEP = np.ones(N * 30, dtype=bool)


def features(**columns: np.ndarray | float) -> NightFeatures:
    return NightFeatures(None, N, {name: np.broadcast_to(np.float32(value), (N,)).astype(np.float32) for name, value in columns.items()})


def test_each_number_follows_its_definition() -> None:
    night = features(rmssd_ms=30.0, sdnn_ms=50.0, pnn50_pct=12.0, lf_ms2=800.0, hf_ms2=400.0)
    found = hrv_measures(night, ASLEEP)
    assert tuple(found) == NAMES
    assert found["lf_hf_ratio"] == 2.0
    assert found["sd1_ms"] == pytest.approx(30.0 / math.sqrt(2))
    assert found["sd1_ms"] ** 2 + found["sd2_ms"] ** 2 == pytest.approx(2 * 50.0**2)


def test_only_sleep_counts_and_irregular_half_minutes_do_not() -> None:
    values = np.where(np.arange(N) < 20, 400.0, 9000.0)
    asleep = np.repeat(np.arange(N) < 20, 30)
    assert hrv_measures(features(hf_ms2=values, lf_ms2=values), asleep)["hf_ms2"] == 400.0
    irregular = np.where(np.arange(N) < 20, 0.1, 0.95)
    assert hrv_measures(features(hf_ms2=values, lf_ms2=values, p_irregular_rhythm=irregular), ASLEEP)["hf_ms2"] == 400.0


def test_rmssd_is_pooled_by_its_squares() -> None:
    values = np.where(np.arange(N) % 2, 10.0, 70.0)
    assert hrv_measures(features(rmssd_ms=values), ASLEEP)["rmssd_ms"] == pytest.approx(50.0)


def test_a_spot_sdnn_of_a_watch_is_no_index_of_beats() -> None:
    assert math.isnan(hrv_measures(features(sdnn_ms=50.0), ASLEEP)["sdnn_index_ms"])


def test_less_than_five_minutes_tell_nothing() -> None:
    values = np.where(np.arange(N) < 9, 400.0, np.nan)
    assert all(math.isnan(value) for value in hrv_measures(features(rmssd_ms=values, lf_ms2=values, hf_ms2=values), ASLEEP).values())
    assert all(math.isnan(value) for value in hrv_measures(features(), ASLEEP).values())
