"""Waves of the heart rate, on constructed series."""

import numpy as np
import pytest

from somnia_engine.dsp.heart_waves import WAVES, heart_waves

N = 60


def rate(times_s: np.ndarray, period_s: float) -> np.ndarray:
    return 60.0 + 4.0 * np.sin(2 * np.pi * times_s / period_s)


@pytest.mark.parametrize(("period_s", "strongest"), [(20.0, 0), (33.0, 1), (65.0, 2), (130.0, 3)])
def test_a_wave_is_found_in_its_band(period_s: float, strongest: int) -> None:
    times = np.arange(0.0, N * 30.0, 1.0)
    found = heart_waves(times, rate(times, period_s), n_epochs=N)
    powers = [float(np.median(found[name][10:-10])) for name in WAVES]
    assert int(np.argmax(powers)) in (strongest, min(strongest + 1, 3), max(strongest - 1, 0))
    assert powers[strongest] > 0.8


@pytest.mark.parametrize("step_s", [1.0, 2.0, 5.0])
def test_denser_samples_give_the_same_waves(step_s: float) -> None:
    times, dense = np.arange(0.0, N * 30.0, step_s), np.arange(0.0, N * 30.0, 0.5)
    some, all_ = (heart_waves(t, rate(t, 70.0), n_epochs=N) for t in (times, dense))
    for name in WAVES[1:]:
        np.testing.assert_allclose(some[name][5:-5], all_[name][5:-5], rtol=0.15, atol=0.1)


def test_a_reading_a_minute_has_no_waves_and_a_hole_has_none_inside() -> None:
    times = np.arange(0.0, N * 30.0, 60.0)
    assert heart_waves(times, rate(times, 70.0), n_epochs=N) == {}
    times = np.arange(0.0, N * 30.0, 5.0)
    kept = (times < 600.0) | (times > 900.0)
    found = heart_waves(times[kept], rate(times[kept], 70.0), n_epochs=N)
    assert np.isnan(found[WAVES[2]][21:29]).all()
    assert np.isfinite(found[WAVES[2]][[5, 40]]).all()


def test_the_level_of_the_heart_rate_does_not_matter() -> None:
    times = np.arange(0.0, N * 30.0, 5.0)
    low, high = (heart_waves(times, rate(times, 70.0) + shift, n_epochs=N) for shift in (0.0, 25.0))
    np.testing.assert_allclose(low[WAVES[2]], high[WAVES[2]], rtol=1e-6)
