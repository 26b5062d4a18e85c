"""Counts, ENMO, angle and non-wear on constructed acceleration."""

import numpy as np
import pytest

from somnia_engine.dsp import acceleration as a

FS = a.FS


def sine(hz: float, amplitude: float, seconds: float, fs: float = FS) -> np.ndarray:
    times = np.arange(round(seconds * fs)) / fs
    return (amplitude * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def lying(seconds: int, noise_g: float = 0.002, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, noise_g, (3, seconds * FS))
    return (noise + np.array([[0.0], [0.0], [1.0]])).astype(np.float32)


def test_stillness_counts_nothing_whatever_the_gravity() -> None:
    np.testing.assert_array_equal(a.te_lindert_counts(np.full(60 * FS, 0.98, dtype=np.float32)), np.zeros(4))


def test_a_tone_within_the_band_counts_what_the_definition_says() -> None:
    """1.02 g peaks of 6 Hz lie in bin 27 of 128 (5/128 g each, from 1): 15 s make (15 * 27 - 18) * 3.07."""
    counts = a.te_lindert_counts(1.0 + sine(6.0, 1.02, 120.0))
    np.testing.assert_allclose(counts[2:-2], (15 * 27 - 18) * 3.07, rtol=1e-6)


@pytest.mark.parametrize("hz", [0.3, 1.0, 20.0])
def test_a_tone_outside_of_the_band_counts_nothing(hz: float) -> None:
    np.testing.assert_array_equal(a.te_lindert_counts(sine(hz, 0.5, 120.0))[2:-2], 0.0)


def test_a_missing_second_leaves_its_fifteen_unmeasured() -> None:
    z = sine(6.0, 1.0, 120.0)
    z[50 * FS : 51 * FS] = np.nan
    assert np.flatnonzero(np.isnan(a.te_lindert_counts(z))).tolist() == [3]


@pytest.mark.parametrize("fs", [25.0, 31.25, 50.0, 64.0, 100.0])
def test_the_sampling_rate_does_not_change_the_counts(fs: float) -> None:
    z = 1.0 + sine(6.0, 1.02, 120.0, fs)
    even = a.at_fifty_hz(z, fs, onset_s=0.0, duration_s=120.0)
    np.testing.assert_allclose(a.te_lindert_counts(even)[2:-2], (15 * 27 - 18) * 3.07, atol=15 * 3.07)


def test_a_later_onset_lands_where_it_belongs() -> None:
    even = a.at_fifty_hz(np.ones(500, dtype=np.float32), 50.0, onset_s=20.0, duration_s=60.0)
    assert np.flatnonzero(np.isfinite(even)).tolist() == list(range(1000, 1500))


def test_enmo_is_what_exceeds_one_g() -> None:
    axes = lying(60, noise_g=0.0)
    axes[2, : 30 * FS] = 1.1
    axes[2, 30 * FS :] = 0.7
    np.testing.assert_allclose(a.enmo_mg(axes), [100.0, 0.0], atol=1e-3)


def test_enmo_and_wear_do_not_ask_which_axis_is_which() -> None:
    axes = lying(3600, noise_g=0.02)
    turned = np.ascontiguousarray(axes[[2, 0, 1]])
    np.testing.assert_allclose(a.enmo_mg(turned), a.enmo_mg(axes), rtol=1e-4)
    np.testing.assert_array_equal(a.worn(turned), a.worn(axes))


@pytest.mark.parametrize(("vector", "angle"), [((0, 0, 1), 90.0), ((1, 0, 0), 0.0), ((0, 0, -1), -90.0), ((1, 0, 1), 45.0)])
def test_the_angle_is_that_of_z_to_the_horizontal(vector: tuple[int, int, int], angle: float) -> None:
    axes = np.repeat(np.array(vector, dtype=np.float32)[:, None], 10 * FS, axis=1)
    np.testing.assert_allclose(a.arm_angles_deg(axes), [angle, angle], atol=1e-4)


def test_a_sensor_on_the_table_is_not_worn_and_one_that_breathes_is() -> None:
    assert (a.worn(lying(7200)) == 0.0).all()
    assert (a.worn(lying(7200, noise_g=0.02)) == 1.0).all()


def test_less_than_half_an_hour_cannot_tell_wear() -> None:
    assert np.isnan(a.worn(lying(1200))).all()


@pytest.mark.parametrize("gain", [0.9, 1.0, 1.1])
def test_the_gain_of_a_still_sensor_is_found(gain: float) -> None:
    assert a.gain_of(lying(600) * np.float32(gain)) == pytest.approx(gain, rel=1e-3)


def test_a_gain_beyond_belief_is_left_alone() -> None:
    assert a.gain_of(lying(600) * np.float32(2.0)) == 1.0
