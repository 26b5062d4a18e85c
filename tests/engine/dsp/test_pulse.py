"""Beats of a pulse wave: constructed waves whose beats are known."""

import time

import numpy as np
import pytest

from somnia_engine.dsp.pulse import detect_pulse


def beats(seconds: float, *, seed: int = 1, mean_s: float = 0.9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rr = mean_s + 0.05 * np.sin(np.arange(int(seconds / mean_s)) / 4.0) + 0.01 * rng.standard_normal(int(seconds / mean_s))
    return np.cumsum(rr)


def wave(at: np.ndarray, *, fs: float, noise: float = 0.0) -> np.ndarray:
    """Return a systolic peak and a lower diastolic one 0.3 s later for each beat, on a slow drift."""
    n = int((at[-1] + 1.0) * fs)
    t = np.arange(n) / fs
    out = 0.5 * np.sin(2 * np.pi * 0.2 * t) + noise * np.random.default_rng(2).standard_normal(n)
    for delay, height, width in ((0.0, 1.0, 0.09), (0.3, 0.35, 0.09)):
        for beat in at + delay:
            a, b = max(int((beat - 0.5) * fs), 0), min(int((beat + 0.5) * fs), n)
            out[a:b] += height * np.exp(-0.5 * ((t[a:b] - beat) / width) ** 2)
    return out.astype(np.float32)


def found_of(true: np.ndarray, found: np.ndarray, within_s: float = 0.1) -> tuple[float, float]:
    """Return the shares of true beats that were found and of found beats that are true."""
    near = np.abs(true[:, None] - found[None, :]) <= within_s
    return float(near.any(axis=1).mean()), float(near.any(axis=0).mean())


@pytest.mark.parametrize("fs", [25.0, 64.0, 125.0, 250.0])
@pytest.mark.parametrize("mean_s", [0.5, 0.9, 1.4])
def test_every_beat_is_found_at_any_rate(fs: float, mean_s: float) -> None:
    at = beats(180, mean_s=mean_s)
    found = detect_pulse(wave(at, fs=fs, noise=0.02), fs=fs).times_s
    recall, precision = found_of(at[1:-1], found)
    assert recall >= 0.99
    assert precision >= 0.98
    near = found[np.abs(found[None, :] - at[1:-1, None]).argmin(axis=1)]
    assert np.std(np.diff(near) - np.diff(at[1:-1])) < 0.02


def test_scale_and_offset_change_nothing() -> None:
    signal = wave(beats(60), fs=64.0)
    np.testing.assert_allclose(detect_pulse(4096 * signal + 9000, fs=64.0).times_s, detect_pulse(signal, fs=64.0).times_s, atol=2e-3)


def test_gaps_and_flat_stretches_are_not_usable_and_hold_no_beats() -> None:
    signal = wave(beats(120), fs=64.0)
    signal[64 * 30 : 64 * 40] = np.nan
    signal[64 * 60 : 64 * 70] = 0.0
    found = detect_pulse(signal, fs=64.0)
    assert not found.usable[30:40].any()
    assert not found.usable[60:70].any()
    assert found.usable[[*range(30), *range(40, 60), *range(70, 110)]].all()
    assert not ((found.times_s > 30) & (found.times_s < 40)).any()
    assert not ((found.times_s > 60) & (found.times_s < 70)).any()


def test_noise_holds_no_usable_beats() -> None:
    rng = np.random.default_rng(6)
    walk = np.cumsum(rng.standard_normal(64 * 1200)).astype(np.float32)
    white = rng.standard_normal(64 * 1200).astype(np.float32)
    assert detect_pulse(white, fs=64.0).usable.mean() < 0.05
    assert detect_pulse(walk, fs=64.0).usable.mean() < 0.3


def test_one_movement_does_not_hide_the_night() -> None:
    at = beats(600)
    signal = wave(at, fs=64.0)
    signal[64 * 100 : 64 * 105] += 200 * np.sin(np.arange(64 * 5) / 5).astype(np.float32)
    found = detect_pulse(signal, fs=64.0).times_s
    later = at[(at > 150) & (at < 590)]
    assert found_of(later, found)[0] >= 0.99


def test_nothing_measured_gives_nothing_and_slow_rates_are_refused() -> None:
    assert len(detect_pulse(np.full(6400, np.nan, dtype=np.float32), fs=64.0).times_s) == 0
    assert len(detect_pulse(np.zeros(0, dtype=np.float32), fs=64.0).times_s) == 0
    with pytest.raises(ValueError, match="16"):
        detect_pulse(np.zeros(100, dtype=np.float32), fs=4.0)


def test_a_night_costs_a_second_or_two() -> None:
    signal = np.tile(wave(beats(600), fs=64.0), 48)
    begin = time.perf_counter()
    detect_pulse(signal, fs=64.0)
    assert time.perf_counter() - begin < 4.0
