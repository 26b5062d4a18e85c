"""Breathing that waxes and wanes: waves of 40 to 90 s in the loudness of breaths, as in Cheyne-Stokes breathing; experimental."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_rate import breathing_rate

Column = NDArray[np.float32]

SHORTEST_S, LONGEST_S = 40, 90
"""A cycle lasts 40 s or more (AASM Manual for the Scoring of Sleep and Associated Events 2.6); over 90 s too few fit into a stretch."""
STRETCH_S, STEP_S = 300, 30
SWELL_S = 5
"""Loudness is the loudest of 5 s: single breaths, 2 to 6 s apart, leave no mark on it."""
LEAST_DEPTH_DB = 6.0
LEAST_LIKENESS, LEAST_AGAIN = 0.5, 0.35
"""Correlation at one cycle and at two; random pauses at every other breath do not reach both (tests)."""
BREATH_BANDS = slice(0, 6)
LOUD_PART = 0.5
LEAST_BREATHS = 0.3
"""Correlation of breath with breath in the loud part of the waves, below which it is no breathing that waxes and wanes."""
DB_PER_LOG = 20.0 / np.log(10.0)


class Waves(NamedTuple):
    """Onset and duration [s] of a stretch, and the length of its waves [s]; NaN where there are none."""

    onset_s: float
    duration_s: float
    cycle_s: float


def breathing_waves(envelopes: NDArray[np.float16], loudness: Column, *, fs: int) -> list[Waves]:
    """Return stretches of five minutes every half minute, each with the length of its waves.

    Parameters
    ----------
    envelopes : ndarray, shape (n * fs, k)
        Log magnitude of k bands.
    loudness : ndarray, shape (n * fs,)
        Log magnitude of all of them together.
    fs : int
        Their rate [Hz].

    Returns
    -------
    list of Waves
        Whole stretches only; waves are told where breaths are heard in their loud parts and loudness repeats after one cycle and two.
    """
    seconds = len(loudness) // fs
    peaks = loudness[: seconds * fs].reshape(seconds, fs).max(axis=1) * DB_PER_LOG
    swell = _swell(peaks)
    found = []
    for at in range(0, seconds - STRETCH_S + 1, STEP_S):
        part = swell[at : at + STRETCH_S]
        cycle_s = _cycle(part)
        if np.isfinite(cycle_s) and not _breathes(envelopes[at * fs : (at + STRETCH_S) * fs], part, cycle_s, fs):
            cycle_s = float("nan")
        found.append(Waves(float(at), float(STRETCH_S), cycle_s))
    return found


def _swell(peaks: Column) -> Column:
    """Return the loudest of the five seconds around each, smoothed over five."""
    if len(peaks) < SWELL_S:
        return peaks
    padded = np.pad(peaks, SWELL_S // 2, mode="edge")
    loudest = np.lib.stride_tricks.sliding_window_view(padded, SWELL_S).max(axis=1)
    return np.asarray(np.convolve(np.pad(loudest, SWELL_S // 2, mode="edge"), np.full(SWELL_S, 1.0 / SWELL_S), "valid"), dtype=np.float32)


def _cycle(swell: Column) -> float:
    low, high = np.percentile(swell, (10.0, 90.0))
    if high - low < LEAST_DEPTH_DB:
        return float("nan")
    curve = np.clip(swell, low, high) - np.polyval(np.polyfit(np.arange(len(swell)), swell, 1), np.arange(len(swell)))
    curve = curve - curve.mean()
    n = len(curve)
    spectrum = np.fft.rfft(curve, 2 * n)
    alike = np.fft.irfft(np.abs(spectrum) ** 2)[: 2 * LONGEST_S + 12] / (n - np.arange(2 * LONGEST_S + 12))
    alike = alike / alike[0]
    at = SHORTEST_S + int(alike[SHORTEST_S : LONGEST_S + 1].argmax())
    peak = alike[at] >= max(alike[at - 1], alike[at + 1]) and alike[at] >= LEAST_LIKENESS
    again = alike[2 * at - at // 8 : 2 * at + at // 8 + 1].max(initial=-1.0) >= LEAST_AGAIN
    return float(at) if peak and again else float("nan")


def _breathes(envelopes: NDArray[np.float16], swell: Column, cycle_s: float, fs: int) -> bool:
    """Tell whether breaths follow each other in the loud parts: half a cycle around each crest is asked for its breathing."""
    middle = float(np.percentile(swell, 100.0 * LOUD_PART))
    best = []
    half = int(cycle_s / 2.0)
    for at in range(0, len(swell) - half, half):
        window = slice(at, at + max(half, 25))
        if float(np.mean(swell[window] > middle)) >= LOUD_PART:
            rate, quality = breathing_rate(envelopes[window.start * fs : window.stop * fs, BREATH_BANDS].astype(np.float64), float(fs))
            best.append(quality if np.isfinite(rate) else 0.0)
    return bool(best) and float(np.median(best)) >= LEAST_BREATHS
