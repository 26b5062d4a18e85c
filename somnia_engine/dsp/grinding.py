"""Trains of scratchy bursts, as teeth that grind make them: a rule on the envelope of the high band, experimental."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

SHORTEST_S, LONGEST_S = 0.2, 2.0
"""A phasic burst of the chewing muscles lasts 0.25 to 2 s (Lavigne 1996, doi 10.1177/00220345960750010601); a tick is shorter."""
CLOSEST_S, FARTHEST_S = 0.5, 2.0
"""Onset to onset: 0.5 to 2 bursts a second. Breaths are slower, footsteps and clicks shorter."""
LEAST_BURSTS = 3
"""An episode of rhythmic activity has at least three bursts (Lavigne 1996)."""
UNEVEN = 0.5
"""Intervals of a train differ from their median by at most this share of it."""
LEAST_RISE_DB, LEAST_SCRATCH_DB = 8.0, 4.0
"""How far a burst stands above the floor, and its band above 0.9 kHz above all that lies below it: a snore's lies 5 dB under it."""
BRIDGED_S = 0.1
STRETCH_S, FLOOR_PERCENTILE = 60.0, 20.0
DB_PER_LOG = 20.0 / np.log(10.0)


class Train(NamedTuple):
    """Onset and duration [s] from the start of the sound, how many bursts, and their median height above the floor [dB]."""

    onset_s: float
    duration_s: float
    bursts: int
    height_db: float


def detect_trains(high: NDArray[np.float32], low: NDArray[np.float32], *, allowed: NDArray[np.bool_], fs: float) -> list[Train]:
    """Return the trains of scratchy bursts of a sound.

    Parameters
    ----------
    high, low : ndarray, shape (n,), float32
        Log magnitude above and below about 0.9 kHz.
    allowed : ndarray, shape (n,), bool
        Where a burst may lie: not in speech, cough, snores or noise.
    fs : float
        Rate of all three [Hz].

    Returns
    -------
    list of Train
        In order of time: three bursts or more of 0.2 to 2 s, 0.5 to 2 s from onset to onset, evenly spaced. The number and length of
        bursts follow Lavigne 1996, doi 10.1177/00220345960750010601, who counts them by EMG; the bounds of loudness are our own.
    """
    height = (high - _floor(high, fs)) * np.float32(DB_PER_LOG)
    scratchy = (high - low) * np.float32(DB_PER_LOG)
    bursts = []
    for first, end in runs(_bridged(height >= LEAST_RISE_DB, round(BRIDGED_S * fs))):
        inside = SHORTEST_S <= (end - first) / fs <= LONGEST_S
        if inside and allowed[first:end].all() and np.median(scratchy[first:end]) >= LEAST_SCRATCH_DB:
            bursts.append((first / fs, end / fs, float(height[first:end].max())))
    return _trains(bursts)


def _floor(high: NDArray[np.float32], fs: float) -> NDArray[np.float32]:
    """Return the floor around every sample, one value each minute."""
    width = round(STRETCH_S * fs)
    floor = np.empty(len(high), dtype=np.float32)
    for at in range(0, len(high), width):
        around = high[max(0, at - width // 2) : at + width + width // 2]
        floor[at : at + width] = np.percentile(around, FLOOR_PERCENTILE)
    return floor


def _bridged(active: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Return the mask without its breaks of up to `longest` samples."""
    filled = active.copy()
    for first, end in runs(~active):
        if end - first <= longest and first > 0 and end < len(active):
            filled[first:end] = True
    return filled


def _trains(bursts: list[tuple[float, float, float]]) -> list[Train]:
    """Return the chains of bursts whose distances fit a grinding jaw and each other."""
    found: list[Train] = []
    chain: list[tuple[float, float, float]] = []
    for burst in [*bursts, (np.inf, np.inf, 0.0)]:
        if chain and not CLOSEST_S <= burst[0] - chain[-1][0] <= FARTHEST_S:
            found += _train(chain)
            chain = []
        chain.append(burst)
    return found


def _train(chain: list[tuple[float, float, float]]) -> list[Train]:
    if len(chain) < LEAST_BURSTS:
        return []
    onsets, ends, heights = np.array(chain).T
    steps = np.diff(onsets)
    middle = float(np.median(steps))
    if float(np.median(np.abs(steps - middle))) > UNEVEN / 2.0 * middle:
        return []
    return [Train(float(onsets[0]), float(ends[-1] - onsets[0]), len(chain), float(np.median(heights)))]
