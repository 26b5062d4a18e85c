"""Heart rate columns."""

import numpy as np
import pytest

from somnia_engine.extractors.cardiac import extract_cardiac
from tests.engine.make import night_of, recording


def test_the_column_is_the_mean_and_the_spread_the_standard_deviation_of_the_epoch() -> None:
    times, values = np.array([0.0, 10.0, 20.0, 30.0, 60.0, 70.0]), np.array([60.0, 62.0, 64.0, 80.0, 70.0, 74.0])
    (found,) = extract_cardiac(night_of(recording({"hr_bpm": (times, values)}), n_epochs=4))
    np.testing.assert_allclose(found.columns["hr_bpm"], [62.0, 80.0, 72.0, np.nan])
    np.testing.assert_allclose(found.columns["hr_sd_bpm"], [np.std([60, 62, 64]), np.nan, 2.0, np.nan], rtol=1e-6)


def test_values_out_of_bounds_are_left_out_and_counted() -> None:
    times, values = np.arange(0.0, 60.0, 5.0), np.full(12, 60.0)
    values[3], values[5] = 0.0, 255.0
    (found,) = extract_cardiac(night_of(recording({"hr_bpm": (times, values)}), n_epochs=2))
    np.testing.assert_allclose(found.columns["hr_bpm"], [60.0, 60.0])
    assert found.quality[0].notes[0].values["n"] == 2


def test_a_reading_every_five_minutes_covers_a_tenth_of_the_night() -> None:
    times = np.arange(0.0, 36000.0, 300.0)
    (found,) = extract_cardiac(night_of(recording({"hr_bpm": (times, np.full(120, 58.0))}), n_epochs=1200))
    assert found.quality[0].coverage == pytest.approx(0.1)


def test_beats_give_heart_rate_by_their_mean_interval() -> None:
    rr = np.full(120, 875.0)
    rr[::2] = 925.0
    times = np.cumsum(rr) / 1000.0
    found = extract_cardiac(night_of(recording({"rr_ms": (times, rr)}), n_epochs=3))[0]
    assert found.columns["rr_ms"][1] == pytest.approx(900.0, abs=5)
    assert found.columns["hr_bpm"][1] == pytest.approx(60000 / 900, abs=0.5)
    assert found.columns["hr_sd_bpm"][1] == pytest.approx(1.85, abs=0.05)


def test_a_missed_beat_is_left_out_and_its_share_told() -> None:
    rr = np.full(60, 900.0)
    rr[30] = 1800.0
    times = np.cumsum(rr) / 1000.0
    found = extract_cardiac(night_of(recording({"rr_ms": (times, rr)}), n_epochs=2))[0]
    np.testing.assert_allclose(found.columns["rr_ms"], [900.0, 900.0])
    assert found.quality[0].notes[0].values["pct"] == pytest.approx(1.7)


def test_a_trace_is_empty_in_a_gap_and_whole_between_readings_of_five_seconds() -> None:
    times = np.concatenate((np.arange(0.0, 300.0, 5.0), np.arange(600.0, 900.0, 5.0)))
    (found,) = extract_cardiac(night_of(recording({"hr_bpm": (times, np.full(len(times), 60.0))}), n_epochs=30))
    samples = found.traces[0].samples
    assert len(samples) == 900
    assert np.isfinite(samples[:300]).all()
    assert np.isnan(samples[320:600]).all()


def test_samples_outside_of_the_night_are_left_out() -> None:
    assert extract_cardiac(night_of(recording({"hr_bpm": (np.array([-40.0, 70.0]), np.array([60.0, 60.0]))}), n_epochs=2)) == ()


def test_short_term_variability_is_that_of_the_task_force() -> None:
    rr = np.full(200, 900.0)
    rr[::2] += 60.0
    found = extract_cardiac(night_of(recording({"rr_ms": (np.cumsum(rr) / 1000.0, rr)}), n_epochs=6))[0]
    np.testing.assert_allclose(found.columns["rmssd_ms"], 60.0)
    np.testing.assert_allclose(found.columns["pnn50_pct"], 100.0)
    np.testing.assert_allclose(found.columns["ectopic_frac"], 0.0)
