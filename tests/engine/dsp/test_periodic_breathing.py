"""Breathing that waxes and wanes: constructed waves of known length, and all that is not such breathing."""

import numpy as np
import pytest

from somnia_engine.dsp.periodic_breathing import Waves, breathing_waves
from somnia_engine.hearing import hear
from somnia_engine.hearing.listener import ENVELOPE_HZ

FS = 16000
MINUTES = 12


def breaths(loud: np.ndarray, *, seed: int, interval_s: float = 3.6) -> np.ndarray:
    """Return breaths whose loudness follows `loud` (one value a second), over a quiet room."""
    rng = np.random.default_rng(seed)
    sound = 0.0006 * rng.normal(size=len(loud) * FS)
    at = 1.0
    while at < len(loud) - 3.0:
        length = round(1.5 * FS)
        first = round(at * FS)
        sound[first : first + length] += 0.02 * loud[int(at)] * rng.normal(size=length) * np.hanning(length)
        at += interval_s * float(np.exp(0.08 * rng.normal()))
    return sound.astype(np.float32)


def waves_of(sound: np.ndarray) -> list[Waves]:
    heard = hear([sound])
    return breathing_waves(heard.envelopes, heard.loudness, fs=ENVELOPE_HZ)


def share(found: list[Waves]) -> float:
    return float(np.mean([np.isfinite(wave.cycle_s) for wave in found]))


def waxing(cycle_s: float, *, seed: int, wander: float = 0.05) -> np.ndarray:
    """Return loudness that grows and falls over 60 % of a cycle and is nothing in the rest."""
    rng = np.random.default_rng(seed)
    phase = np.cumsum(np.exp(wander * np.repeat(rng.normal(size=MINUTES * 6), 10)) / cycle_s) % 1.0
    return np.clip(np.sin(np.pi * phase / 0.6), 0.0, None) * (phase < 0.6)


@pytest.mark.parametrize("cycle_s", [44, 55, 65, 75, 85])
def test_waves_of_a_known_length_are_found(cycle_s: int) -> None:
    found = waves_of(breaths(waxing(cycle_s, seed=cycle_s), seed=cycle_s))
    assert share(found) >= 0.7
    assert np.nanmedian([wave.cycle_s for wave in found]) == pytest.approx(cycle_s, rel=0.1)


@pytest.mark.parametrize("interval_s", [2.5, 3.6, 5.0, 7.0])
def test_even_breathing_has_no_waves(interval_s: float) -> None:
    assert share(waves_of(breaths(np.ones(MINUTES * 60), seed=3, interval_s=interval_s))) == 0.0


def test_breathing_of_changing_loudness_and_pauses_at_random_have_none() -> None:
    rng = np.random.default_rng(8)
    wandering = np.repeat(np.exp(0.5 * rng.normal(size=MINUTES * 2)), 30)
    paused = np.ones(MINUTES * 60)
    at = 20.0
    while at < len(paused):
        length = rng.uniform(10.0, 30.0)
        paused[int(at) : int(at + length)] = 0.0
        at += length + rng.uniform(20.0, 150.0)
    assert share(waves_of(breaths(wandering, seed=1))) <= 0.1
    assert share(waves_of(breaths(paused, seed=2))) <= 0.15


def test_a_machine_that_runs_every_minute_and_silence_are_no_breathing() -> None:
    rng = np.random.default_rng(5)
    running = np.repeat((np.arange(MINUTES * 60) % 60 < 30).astype(float), FS)
    machine = ((0.0006 + 0.02 * running) * rng.normal(size=MINUTES * 60 * FS)).astype(np.float32)
    assert share(waves_of(machine)) == 0.0
    assert share(waves_of((0.001 * rng.normal(size=MINUTES * 60 * FS)).astype(np.float32))) == 0.0
    assert waves_of(np.zeros(FS, dtype=np.float32)) == []
