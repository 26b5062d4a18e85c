"""The share of a picture that moved: noise and light are not movement."""

import numpy as np
import pytest

from somnia_engine.dsp.picture_motion import moved_pct
from tests.engine.videos import Scene, evenly, render


def pair(scene: Scene) -> list[np.ndarray]:
    return list(render(scene, evenly(2.0, 1.0)))


def test_noise_is_no_movement() -> None:
    before, after = pair(Scene(reach=0.0, noise=8.0))
    assert moved_pct(before, after) < 0.2


def test_breathing_stays_under_a_bout() -> None:
    assert moved_pct(*pair(Scene(bpm=30.0, reach=0.6))) < 2.0


def test_a_turn_is_movement_in_its_share_of_the_picture() -> None:
    assert moved_pct(*pair(Scene(turns=((0.5, 2.0),)))) > 4.0


@pytest.mark.parametrize("step", [-20, 30])
def test_a_light_that_changes_the_whole_picture_is_not(step: int) -> None:
    before, _ = pair(Scene(reach=0.0, noise=2.0))
    assert moved_pct(before, np.clip(before.astype(int) + step, 0, 255).astype(np.uint8)) < 0.5


def test_another_scene_tells_nothing() -> None:
    rng = np.random.default_rng(2)
    first, second = (np.kron(rng.integers(0, 255, (30, 40)), np.ones((4, 4))).astype(np.uint8) for _ in range(2))
    assert np.isnan(moved_pct(first, second))
