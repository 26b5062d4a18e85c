"""One pass over a sound: the same in any blocks, at any gain, of any length."""

import numpy as np
import pytest

from somnia_engine.hearing import Heard, hear
from somnia_engine.hearing.listener import UNIT

FS = 16000


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    rng = np.random.default_rng(3)
    times = np.arange(150 * FS) / FS
    buzz = sum(np.sin(2 * np.pi * 80 * k * times) / k for k in range(1, 12))
    return (0.02 * buzz * np.clip(np.sin(2 * np.pi * times / 4), 0, None) + 0.002 * rng.normal(size=len(times))).astype(np.float32)


def in_blocks(sound: np.ndarray, seconds: float) -> Heard:
    step = round(seconds * FS)
    return hear((sound[at : at + step] for at in range(0, len(sound), step)), weighted=True)


@pytest.mark.parametrize("seconds", [0.37, 5.0, 60.0, 600.0])
def test_what_is_heard_does_not_depend_on_the_blocks(sound: np.ndarray, seconds: float) -> None:
    whole, parts = hear([sound], weighted=True), in_blocks(sound, seconds)
    for name in ("p", "p_noisy", "power", "power_a", "clipped_frac", "tones", "envelopes"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name), err_msg=name)


def test_a_second_is_answered_the_same_alone_and_within_a_night(sound: np.ndarray) -> None:
    np.testing.assert_allclose(hear([sound[9 * FS : 10 * FS]]).p[0], hear([sound]).p[9], atol=1e-5)


def test_a_steady_background_is_asked_about_once_and_what_stands_out_on_its_own() -> None:
    rng = np.random.default_rng(5)
    noise = (0.01 * rng.normal(size=64 * FS + 240)).astype(np.float32)
    quiet = hear([noise]).p[:64]
    assert len(np.unique(quiet[:, :-1].round(5), axis=0)) <= 4
    noise[30 * FS : 31 * FS] *= 10.0
    loud = hear([noise]).p[:64]
    assert not np.allclose(loud[30], loud[29], atol=1e-3)


def test_the_classes_do_not_depend_on_the_gain(sound: np.ndarray) -> None:
    np.testing.assert_allclose(hear([sound]).p[:, :-1], hear([sound * np.float32(0.1)]).p[:, :-1], atol=5e-3)


def test_digital_silence_is_silence_and_nothing_else() -> None:
    heard = hear([np.zeros(3 * FS, dtype=np.float32)])
    np.testing.assert_allclose(heard.of("silence"), 1.0)
    np.testing.assert_allclose(heard.p[:, :-1], 0.0)
    assert np.isnan(heard.level_db).all()


@pytest.mark.parametrize(("samples", "seconds"), [(0, 0), (1000, 0), (5000, 1), (FS, 1), (FS + 100, 1), (2 * FS - 100, 2), (UNIT + 1, 64)])
def test_a_clip_of_any_length_has_its_seconds(samples: int, seconds: int) -> None:
    heard = hear([np.full(samples, 0.1, dtype=np.float32)])
    assert len(heard.p) == len(heard.power) == seconds
    assert len(heard.envelopes) == 10 * seconds


def test_full_scale_is_counted_as_clipped() -> None:
    square = np.sign(np.sin(2 * np.pi * 100 * np.arange(2 * FS) / FS)).astype(np.float32)
    assert hear([square]).clipped_frac.min() > 0.9


def test_the_level_is_that_of_each_second(sound: np.ndarray) -> None:
    expected = 10.0 * np.log10((sound[: 10 * FS].reshape(10, FS).astype(np.float64) ** 2).mean(axis=1))
    np.testing.assert_allclose(hear([sound]).level_db[:10], expected, atol=1e-3)
