"""Single snores in stretches that sound like snoring, and the spells and silences they make."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

SHORTEST_S, LONGEST_S = 0.3, 4.0
RISE = 0.35
"""A snore lasts while its loudness (log magnitude) stays above the floor by this share of its rise."""
LEAST_RISE_DB = 4.0
AROUND_S = 30.0
FLOOR_PERCENTILE = 15.0
DB_PER_LOG = 20.0 / np.log(10.0)


class Snore(NamedTuple):
    """Onset and duration [s] from the start of the sound; peak above the floor around it [dB]; mean probability of its seconds."""

    onset_s: float
    duration_s: float
    peak_db: float
    p: float


def detect_snores(loudness: NDArray[np.float32], p_snore: NDArray[np.float32], *, fs: float, threshold: float) -> list[Snore]:
    """Return the snores of a sound.

    Parameters
    ----------
    loudness : ndarray, shape (n * fs,), float32
        Log magnitude of the whole band.
    p_snore : ndarray, shape (n,), float32
        Probability of snoring in each second.
    fs : float
        Rate of `loudness` [Hz]; a whole number.
    threshold : float
        Probability from which a second counts as snoring.

    Returns
    -------
    list of Snore
        In order of time, apart from each other.
    """
    snores: list[Snore] = []
    step = round(fs)
    for first, end in runs(p_snore >= threshold):
        low, high = max(first - 1, 0) * step, min(end + 1, len(p_snore)) * step
        around = loudness[max(0, low - round(AROUND_S * fs)) : high + round(AROUND_S * fs)]
        floor = float(np.percentile(around, FLOOR_PERCENTILE))
        snores += _snores_of(loudness[low:high], floor, at=low, fs=fs, p=float(p_snore[first:end].mean()))
    return _apart(snores)


def _snores_of(loudness: NDArray[np.float32], floor: float, *, at: int, fs: float, p: float) -> list[Snore]:
    peak = float(np.percentile(loudness, 97.0)) if len(loudness) else floor
    if (peak - floor) * DB_PER_LOG < LEAST_RISE_DB:
        return []
    found = []
    for first, end in runs(loudness > floor + RISE * (peak - floor)):
        duration_s = (end - first) / fs
        if SHORTEST_S <= duration_s <= LONGEST_S:
            height_db = (float(loudness[first:end].max()) - floor) * DB_PER_LOG
            found.append(Snore((at + first) / fs, duration_s, height_db, p))
    return found


def _apart(snores: list[Snore]) -> list[Snore]:
    """Drop a snore that overlaps the one before it: neighboring stretches share their edges."""
    kept: list[Snore] = []
    for snore in sorted(snores):
        if not kept or snore.onset_s >= kept[-1].onset_s + kept[-1].duration_s:
            kept.append(snore)
    return kept
