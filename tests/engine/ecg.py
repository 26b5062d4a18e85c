"""Electrocardiograms drawn from known beats, for tests of the engine."""

import numpy as np

WAVES = ((-0.17, 0.12, 0.022), (-0.026, -0.12, 0.008), (0.0, 1.1, 0.009), (0.026, -0.25, 0.009), (0.27, 0.32, 0.045))
"""P, Q, R, S, T: time from the R peak [s], height [mV], width [s]."""


def beat_times(n: int, seed: int = 1, rr_s: float = 0.95, breath_s: float = 0.05, breath_hz: float = 0.25) -> np.ndarray:
    """Return times [s] of beats whose intervals breathe, wander and jitter."""
    rng = np.random.default_rng(seed)
    times = np.zeros(n)
    times[0] = 1.0
    for i in range(1, n):
        at = times[i - 1]
        swing = breath_s * np.sin(2 * np.pi * breath_hz * at) + 0.04 * np.sin(2 * np.pi * 0.09 * at)
        times[i] = at + rr_s + swing + 0.008 * rng.standard_normal()
    return times


def draw(
    times: np.ndarray, *, fs: float, length_s: float, noise_mv: float = 0.02, wander_mv: float = 0.15, sizes: np.ndarray | None = None
) -> np.ndarray:
    """Return an ECG [mV] with a beat at each time, baseline wander and noise; `sizes` scales each beat."""
    n = int(length_s * fs)
    t = np.arange(n) / fs
    drawn = noise_mv * np.random.default_rng(7).standard_normal(n) + wander_mv * np.sin(2 * np.pi * 0.23 * t)
    reach = int(0.6 * fs)
    for k, at in enumerate(times):
        first, last = max(int(at * fs) - reach, 0), min(int(at * fs) + reach, n)
        if first < last:
            near = t[first:last] - at
            size = 1.0 if sizes is None else sizes[k]
            drawn[first:last] += size * sum(h * np.exp(-0.5 * ((near - d) / w) ** 2) for d, h, w in WAVES)
    return drawn.astype(np.float32)


def f1(counts: tuple[int, int, int]) -> float:
    hits, missed, false = counts
    return 2 * hits / (2 * hits + missed + false)
