"""Waves of beats and oxygen: shapes, gaps and what does not matter."""

import numpy as np

from somnia_engine.dsp.breathing_waves import BEAT_WAVES, OXYGEN_WAVES, SAMPLES, waves
from somnia_engine.dsp.rr import clean_rr
from tests.engine.dsp.test_breathing_signs import N, rr


def test_every_name_has_a_wave_and_every_epoch_its_samples() -> None:
    clean, spo2 = clean_rr(*rr()), np.full(N * 30, 95.0, dtype=np.float32)
    assert waves(N, rr=clean).shape == (len(BEAT_WAVES), N * SAMPLES)
    both = waves(N, rr=clean, spo2_pct=spo2)
    assert both.shape == (len(BEAT_WAVES) + len(OXYGEN_WAVES), N * SAMPLES)
    np.testing.assert_array_equal(both[: len(BEAT_WAVES)], waves(N, rr=clean))
    assert np.isfinite(both).all()


def test_a_slower_heart_and_a_sensor_that_reads_lower_give_the_same_waves() -> None:
    ends, values = rr()
    seconds = np.arange(N * 30)
    spo2 = (95.0 - 3.0 * (1.0 + np.sin(2 * np.pi * seconds / 40.0))).astype(np.float32)
    slower = np.cumsum(1.2 * values) / 1000.0
    kept = slower < N * 30.0
    first = waves(N, rr=clean_rr(ends, values), spo2_pct=spo2)
    second = waves(N, rr=clean_rr(slower[kept], 1.2 * values[kept]), spo2_pct=spo2 - 4)
    assert abs(first[2].mean() - second[2].mean()) < 0.01
    np.testing.assert_allclose(first[4:], second[4:], atol=1e-4)


def test_what_is_missing_is_said_and_bridged() -> None:
    ends, values = rr()
    kept = (ends < 900.0) | (ends > 1800.0)
    spo2 = np.full(N * 30, 95.0, dtype=np.float32)
    spo2[600:700] = np.nan
    found = waves(N, rr=clean_rr(ends[kept], values[kept]), spo2_pct=spo2)
    assert np.isfinite(found).all()
    assert found[3, 2 * 950 : 2 * 1750].all()
    assert not found[3, : 2 * 880].any()
    assert found[6, 2 * 600 : 2 * 700].all()
    nothing = waves(N, rr=clean_rr(ends[:1], values[:1]), spo2_pct=np.full(N * 30, np.nan, dtype=np.float32))
    assert (nothing[3] == 1.0).all()
    assert (nothing[6] == 1.0).all()
    assert not nothing[[0, 1, 2, 4, 5]].any()
