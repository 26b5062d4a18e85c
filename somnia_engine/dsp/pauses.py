"""Silences of breathing: stretches of 10 s or more without a sound between audible breaths."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

SHORTEST_S, LONGEST_S = 10.0, 90.0
"""An apnea lasts at least 10 s (AASM Manual for the Scoring of Sleep and Associated Events 2.6); after 90 s without a sound the
sleeper has more likely turned away from the microphone."""
STRETCH_S, STEP_S = 120.0, 10.0
FLOOR_PERCENTILE, PEAK_PERCENTILE = 15.0, 92.0
ACTIVE_SHARE = 0.35
LEAST_RISE_DB = 6.0
BEFORE_S, LEAST_BEFORE = 40.0, 4
AFTER_S = 8.0
SHORTEST_SOUND_S = 0.3
_ROWS = 36000
"""Samples interpolated at a time: the memory of a long night stays that of an hour."""
DB_PER_LOG = 20.0 / np.log(10.0)


class Pause(NamedTuple):
    """Onset and duration [s] from the start of the sound, and how far the sound that ends it stands above the floor [dB]."""

    onset_s: float
    duration_s: float
    ending_db: float


def detect_pauses(loudness: NDArray[np.float32], *, fs: float) -> list[Pause]:
    """Return the pauses in audible breathing.

    Parameters
    ----------
    loudness : ndarray, shape (n,), float32
        Log magnitude of the band in which breathing is heard.
    fs : float
        Its rate [Hz].

    Returns
    -------
    list of Pause
        Only where at least four sounds were heard in the 40 s before and one follows within 8 s of its end; a sound that never rises
        6 dB above its surroundings shows no breathing, and so no pause.
    """
    if len(loudness) < round(BEFORE_S * fs):
        return []
    floor, rise = _surroundings(loudness, fs)
    active = (loudness > floor + ACTIVE_SHARE * rise) & (rise * DB_PER_LOG >= LEAST_RISE_DB)
    sounds = [(a, b) for a, b in runs(active) if b - a >= SHORTEST_SOUND_S * fs]
    starts = np.array([a for a, _ in sounds], dtype=np.float64) / fs
    pauses = []
    for (_, end), (start, stop) in pairwise(sounds):
        onset_s, duration_s = end / fs, (start - end) / fs
        before = int(((starts > onset_s - BEFORE_S) & (starts < onset_s)).sum())
        if SHORTEST_S <= duration_s <= LONGEST_S and before >= LEAST_BEFORE:
            pauses.append(Pause(onset_s, duration_s, float((loudness[start:stop].max() - floor[start]) * DB_PER_LOG)))
    return pauses


def _surroundings(loudness: NDArray[np.float32], fs: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return floor and rise around every sample, from two-minute stretches every 10 s."""
    half, step = round(STRETCH_S * fs / 2.0), round(STEP_S * fs)
    at = np.arange(0, len(loudness), step)
    parts = [loudness[max(0, i - half) : i + half] for i in at]
    low, high = np.array([np.percentile(part, (FLOOR_PERCENTILE, PEAK_PERCENTILE)) for part in parts]).T
    floor, rise = np.empty(len(loudness), dtype=np.float32), np.empty(len(loudness), dtype=np.float32)
    for first in range(0, len(loudness), _ROWS):
        index = np.arange(first, min(first + _ROWS, len(loudness)))
        floor[index] = np.interp(index, at, low)
        rise[index] = np.interp(index, at, high - low)
    return floor, rise
