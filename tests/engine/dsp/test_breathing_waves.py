"""Waves of the beats: shapes, gaps and what does not matter."""

import numpy as np

from somnia_engine.dsp.breathing_waves import SAMPLES, WAVES, waves
from somnia_engine.dsp.rr import clean_rr
from tests.engine.dsp.test_breathing_signs import N, rr


def test_every_name_has_a_wave_and_every_epoch_its_samples() -> None:
    found = waves(N, rr=clean_rr(*rr()))
    assert found.shape == (len(WAVES), N * SAMPLES)
    assert np.isfinite(found).all()


def test_a_slower_heart_gives_the_same_waves() -> None:
    ends, values = rr()
    slower = np.cumsum(1.2 * values) / 1000.0
    kept = slower < N * 30.0
    first, second = waves(N, rr=clean_rr(ends, values)), waves(N, rr=clean_rr(slower[kept], 1.2 * values[kept]))
    assert abs(first[2].mean() - second[2].mean()) < 0.01
    np.testing.assert_allclose(first[0].std(), second[0].std(), rtol=0.1)


def test_what_is_missing_is_said_and_bridged() -> None:
    ends, values = rr()
    kept = (ends < 900.0) | (ends > 1800.0)
    found = waves(N, rr=clean_rr(ends[kept], values[kept]))
    assert np.isfinite(found).all()
    assert found[3, 2 * 950 : 2 * 1750].all()
    assert not found[3, : 2 * 880].any()
    nothing = waves(N, rr=clean_rr(ends[:1], values[:1]))
    assert (nothing[3] == 1.0).all()
    assert not nothing[:3].any()
