"""How far sounds stand above noise."""

import numpy as np
import pytest

from somnia_engine.dsp.noise_floor import standing_out_db

FS = 10.0
DB = np.log(10.0) / 20.0


def bands(*, snr_db: float, seconds: int = 1200) -> np.ndarray:
    """Return six bands of noise with a sound of a second and a half every four seconds, added as powers."""
    rng = np.random.default_rng(1)
    n = round(seconds * FS)
    sounding = (np.arange(n) % 40) < 15
    noise = rng.gamma(20.0, 0.05, (n, 6))
    return np.asarray(np.log(np.sqrt(noise + (10.0 ** (snr_db / 10.0) * sounding)[:, None])), dtype=np.float32)


def test_it_grows_with_the_sounds_and_stays_small_when_noise_covers_them() -> None:
    told = [float(np.median(standing_out_db(bands(snr_db=snr), fs=FS))) for snr in (-10, 0, 10, 20, 30)]
    assert told == sorted(told)
    assert told[0] < 6.0
    assert told[-1] == pytest.approx(31.0, abs=2.0)


def test_the_gain_of_the_microphone_does_not_matter() -> None:
    plain = bands(snr_db=10.0)
    np.testing.assert_allclose(standing_out_db(plain, fs=FS), standing_out_db(plain - np.float32(4.0), fs=FS), atol=1e-3)


def test_noise_that_comes_for_a_part_of_the_night_is_told_there_only() -> None:
    level = bands(snr_db=30.0)
    level[6000:9000] = np.logaddexp(level[6000:9000], np.float32(33.0 * DB))
    told = standing_out_db(level, fs=FS)
    assert told[22:28].max() < 6.0
    assert told[:18].min() > 25.0
