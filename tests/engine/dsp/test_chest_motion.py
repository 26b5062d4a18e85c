"""Breathing is found in rendered torsos at known rates, and not in noise."""

import numpy as np
import pytest

from somnia_engine.dsp.chest_motion import watch_breathing
from tests.engine.videos import Scene, evenly, render


def filmed(scene: Scene, *, seconds: float = 60.0, fps: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    times_s = evenly(seconds, fps)
    return np.stack(list(render(scene, times_s))), times_s


@pytest.mark.parametrize("bpm", [6.5, 14.0, 23.0, 40.0, 58.0])
@pytest.mark.parametrize(("reach", "noise", "contrast"), [(1.0, 3.0, 35.0), (0.3, 8.0, 35.0), (1.0, 5.0, 10.0)])
def test_the_rate_of_a_rendered_torso_is_found(bpm: float, reach: float, noise: float, contrast: float) -> None:
    found = watch_breathing(*filmed(Scene(bpm, reach, noise, contrast, seed=int(bpm))))
    assert found.rate_bpm == pytest.approx(bpm, abs=0.5)
    assert found.quality >= 0.5
    assert found.pauses == ()


def test_a_pause_is_found_where_it_is() -> None:
    found = watch_breathing(*filmed(Scene(bpm=15.0, pauses=((20.0, 14.0),))))
    assert found.rate_bpm == pytest.approx(15.0, abs=0.5)
    ((onset_s, length_s),) = found.pauses
    assert onset_s == pytest.approx(20.0, abs=1.5)
    assert length_s == pytest.approx(14.0, abs=2.0)


def test_camera_noise_alone_has_no_breath() -> None:
    rng = np.random.default_rng(1)
    times_s = evenly(60.0, 10.0)
    qualities = [
        watch_breathing(np.clip(rng.normal(100.0, 6.0, (600, 60, 80)), 0, 255).astype(np.uint8), times_s).quality for _ in range(30)
    ]
    assert max(qualities) < 0.5


def test_a_still_body_under_a_pattern_has_no_breath() -> None:
    assert all(watch_breathing(*filmed(Scene(reach=0.0, noise=6.0, seed=seed))).quality < 0.5 for seed in range(4))


def test_a_light_that_swells_has_no_breath() -> None:
    pictures, times_s = filmed(Scene(reach=0.0))
    swell = 12.0 * np.sin(2.0 * np.pi * 0.25 * times_s)[:, None, None]
    assert watch_breathing(np.clip(pictures + swell, 0, 255).astype(np.uint8), times_s).quality < 0.5


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_too_short_a_stretch_tells_nothing(seconds: float) -> None:
    pictures, times_s = np.zeros((round(10 * seconds) or 1, 60, 80), np.uint8), np.arange(round(10 * seconds) or 1) / 10.0
    assert np.isnan(watch_breathing(pictures, times_s).rate_bpm)


def test_a_black_picture_tells_nothing() -> None:
    assert np.isnan(watch_breathing(np.zeros((600, 60, 80), np.uint8), evenly(60.0, 10.0)).rate_bpm)
