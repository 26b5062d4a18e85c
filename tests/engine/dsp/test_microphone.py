"""What a recording tells of its device: constructed faults are found at their place, clean nights have none."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from somnia_engine.dsp.microphone import background_steps, gaps, pumping_db
from somnia_engine.hearing import Heard, hear
from somnia_engine.hearing.listener import ENVELOPE_HZ, MEL_ENVELOPES

FS = 16000
MINUTES = 24


def room(seed: int, *, seconds: int = MINUTES * 60, noise: float = 0.001) -> np.ndarray:
    """Return dark noise, quiet breaths and a loud thump about every 35 s."""
    rng = np.random.default_rng(seed)
    sound = noise * sosfilt(butter(1, 2000.0, fs=FS, output="sos"), rng.normal(size=seconds * FS))
    breaths = np.clip(np.sin(2 * np.pi * np.arange(seconds * FS) / FS / 4.0), 0.0, None)
    sound += noise * breaths * rng.normal(size=seconds * FS)
    for at in np.arange(20.0, seconds - 20.0, 35.0) + rng.uniform(-3.0, 3.0, len(np.arange(20.0, seconds - 20.0, 35.0))):
        first, length = round(at * FS), round(rng.uniform(0.3, 0.9) * FS)
        sound[first : first + length] += 60.0 * noise * rng.normal(size=length) * np.hanning(length)
    return sound


def pumped(sound: np.ndarray, *, depth: float, recovery_s: float) -> np.ndarray:
    """Return the sound through a gain that a loud moment pulls down at once and that recovers slowly."""
    step = FS // 50
    level = np.sqrt((sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(axis=1))
    gain, now = np.empty(len(level)), 1.0
    for at, loud in enumerate(level > 8.0 * np.median(level)):
        now = depth if loud else min(1.0, now * (1.0 / depth) ** (0.02 / recovery_s))
        gain[at] = now
    return sound[: len(gain) * step] * np.repeat(gain, step)


def heard(sound: np.ndarray) -> Heard:
    return hear([sound.astype(np.float32)])


@pytest.mark.parametrize("recovery_s", [5.0, 8.0])
def test_a_gain_that_pumps_is_found(recovery_s: float) -> None:
    loudness = heard(pumped(room(1), depth=0.2, recovery_s=recovery_s)).loudness
    assert pumping_db(loudness, ENVELOPE_HZ) > 4.0


@pytest.mark.parametrize("seed", range(4))
def test_a_clean_night_neither_pumps_nor_has_gaps_or_another_device(seed: int) -> None:
    clean = heard(room(seed))
    assert pumping_db(clean.loudness, ENVELOPE_HZ) == 0.0
    assert gaps(clean.power) == []
    assert background_steps(clean.envelopes[:, MEL_ENVELOPES], ENVELOPE_HZ) == []


def test_too_few_loud_moments_tell_nothing_of_the_gain() -> None:
    rng = np.random.default_rng(0)
    assert np.isnan(pumping_db(heard(0.001 * rng.normal(size=120 * FS)).loudness, ENVELOPE_HZ))
    assert np.isnan(pumping_db(np.zeros(0, dtype=np.float32), ENVELOPE_HZ))


def test_gaps_are_found_where_they_are_and_the_ends_are_none() -> None:
    sound = room(2, seconds=300)
    sound[: 5 * FS] = sound[-5 * FS :] = 0.0
    sound[100 * FS : 130 * FS] = sound[200 * FS : 203 * FS] = 0.0
    assert gaps(heard(sound).power) == [(100, 130), (200, 203)]
    assert gaps(np.zeros(50)) == []


@pytest.mark.parametrize("kind", ["another band", "another gain", "a machine"])
def test_a_background_that_changes_at_once_is_found_at_its_time(kind: str) -> None:
    sound, rng = room(3), np.random.default_rng(9)
    half = 12 * 60 * FS + 17 * FS
    if kind == "another band":
        sound[half:] = sosfilt(butter(4, 1500.0, fs=FS, output="sos"), sound[half:])
    elif kind == "another gain":
        sound[half:] *= 4.0
    else:
        sound[half:] += 0.005 * rng.normal(size=len(sound) - half)
    (step,) = background_steps(heard(sound).envelopes[:, MEL_ENVELOPES], ENVELOPE_HZ)
    assert step.at_s == pytest.approx(half / FS, abs=60.0)
    assert step.change_db > 6.0


def test_a_background_that_grows_slowly_and_one_that_comes_and_goes_are_no_other_device() -> None:
    rng = np.random.default_rng(4)
    sound = room(5)
    slow = sound * np.geomspace(1.0, 4.0, len(sound))
    rain = sound.copy()
    rain[600 * FS : 780 * FS] += 0.005 * rng.normal(size=180 * FS)
    for given in (slow, rain):
        assert background_steps(heard(given).envelopes[:, MEL_ENVELOPES], ENVELOPE_HZ) == []
