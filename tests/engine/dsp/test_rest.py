"""A sensor at rest: how the trunk lies, and the breath that moves it; on constructed signals whose truth is known."""

import numpy as np
import pytest

from somnia_engine.dsp.rest import LEFT, PRONE, RIGHT, SUPINE, UPRIGHT, breath_rate_bpm, trunk_position

FS = 50


def lying(x: float, y: float, z: float, seconds: int = 300) -> np.ndarray:
    return np.repeat(np.array([[x], [y], [z]], dtype=np.float32), seconds * FS, axis=1)


def breathing(rate_bpm: float, *, depth_g: float = 0.004, noise_g: float = 0.002, seconds: int = 600) -> np.ndarray:
    times = np.arange(seconds * FS) / FS
    rng = np.random.default_rng(1)
    axes = lying(0.1, 0.2, 0.97, seconds) + rng.normal(0.0, noise_g, (3, seconds * FS))
    axes[1] += depth_g * np.sin(2 * np.pi * rate_bpm / 60 * times)
    return axes.astype(np.float32)


@pytest.mark.parametrize(
    ("gravity", "position"),
    [((0, 0, 1), SUPINE), ((0, 0, -1), PRONE), ((-1, 0, 0), LEFT), ((1, 0, 0), RIGHT), ((0, 1, 0), UPRIGHT), ((0.2, 0.5, 0.85), SUPINE)],
)
def test_the_axis_that_points_up_tells_how_the_trunk_lies(gravity: tuple[float, float, float], position: float) -> None:
    assert (trunk_position(lying(*gravity)) == position).all()


@pytest.mark.parametrize("gravity", [(0, -1, 0), (0, 0, 0.3), (0, 0, 2), (np.nan, 0, 1)], ids=["head down", "no gravity", "moving", "gap"])
def test_what_is_no_posture_of_sleep_is_not_told(gravity: tuple[float, float, float]) -> None:
    assert np.isnan(trunk_position(lying(*gravity))).all()


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_a_turn_about_the_length_of_the_body_goes_through_the_four_sides(degrees: int) -> None:
    x, z = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    expected = {0: SUPINE, 1: RIGHT, 2: PRONE, 3: LEFT}[round(degrees / 90) % 4]
    if degrees % 90 != 45:
        assert (trunk_position(lying(x, 0.0, z)) == expected).all()


@pytest.mark.parametrize("rate", [8.0, 12.0, 15.5, 20.0, 27.0])
def test_the_rate_of_a_breath_of_four_mg_is_found_within_half_a_breath(rate: float) -> None:
    found = breath_rate_bpm(breathing(rate))
    assert np.isnan(found[[0, -1]]).all(), "the minute around them is not whole"
    np.testing.assert_allclose(found[1:-1], rate, atol=0.5)


def test_noise_without_breath_has_no_rate() -> None:
    assert np.isnan(breath_rate_bpm(breathing(15.0, depth_g=0.0, seconds=3600))).all()


def test_a_sensor_without_any_noise_has_no_rate() -> None:
    assert np.isnan(breath_rate_bpm(lying(0, 0, 1, 600))).all()


def test_movement_hides_the_breath_of_the_minutes_that_it_touches() -> None:
    axes = breathing(15.0)
    axes[0, 300 * FS : 302 * FS] += 0.5
    told = np.isfinite(breath_rate_bpm(axes))
    assert not told[9:11].any()
    assert told[1:9].all()
    assert told[12:-1].all()


def test_turning_the_sensor_changes_no_rate() -> None:
    axes = breathing(15.0)
    np.testing.assert_allclose(breath_rate_bpm(axes[[2, 0, 1]]), breath_rate_bpm(axes), atol=1e-3)
