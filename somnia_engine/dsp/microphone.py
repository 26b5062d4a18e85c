"""What a recording tells of its own device: silence that no room has, a gain that pumps, a background that changes at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

Column = NDArray[np.float32]

LEAST_GAP_S = 2
"""A microphone in the quietest room gives its own noise; samples that are all zero for 2 s were never recorded."""

LOUD_DB, ALONE_S = 15.0, 15
BEFORE_S, PUMPED_S, SETTLED_S = (-5, -1), (0, 3), (10, 14)
LEAST_LOUD, LEAST_SHARE, LEAST_DROP_DB = 5, 0.75, 3.0
"""After a loud second of its own the floor must not fall below what it was before it and becomes again; in a clean recording it never
did so by 3 dB after three quarters of them (tests)."""

BLOCK_S, SIDE_BLOCKS = 60, 10
LEAST_STEP_DB, LEAST_TIMES = 6.0, 3.0
FLOOR_PERCENTILE, CALM_PERCENTILE = 20.0, 80.0
"""Two of ten minutes may be restless: one holds the change itself."""
DB_PER_LOG = 20.0 / np.log(10.0)


class Step(NamedTuple):
    """Second at which the steady background changed, and by how much in the band that changed most [dB]."""

    at_s: float
    change_db: float


def gaps(power: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return first and end second of each stretch of digital silence between sounding seconds; `power` is the mean square of each."""
    sounding = np.flatnonzero(power > 0.0)
    if not len(sounding):
        return []
    first, end = int(sounding[0]), int(sounding[-1]) + 1
    return [(first + a, first + b) for a, b in runs(power[first:end] <= 0.0) if b - a >= LEAST_GAP_S]


def pumping_db(loudness: Column, fs: int) -> float:
    """Return by how much the gain falls after loud moments [dB]; NaN where there were too few of them to tell, 0 where it does not.

    Parameters
    ----------
    loudness : ndarray, shape (n * fs,), float32
        Log magnitude of the whole band.
    fs : int
        Its rate [Hz].
    """
    seconds = loudness[: len(loudness) // fs * fs].reshape(-1, fs)
    floor, peak = seconds.min(axis=1) * DB_PER_LOG, seconds.max(axis=1) * DB_PER_LOG
    loud = runs(peak > np.median(floor) + LOUD_DB) if len(floor) else []
    ends, starts = [0, *(b for _, b in loud)], [*(a for a, _ in loud[1:]), len(floor)]
    drops = []
    for (first, end), earlier, later in zip(loud, ends, starts, strict=False):
        if first - earlier < ALONE_S or later - end < ALONE_S:
            continue
        before, pumped, settled = (float(np.median(floor[at + a : at + b])) for at, (a, b) in
                                   ((first, BEFORE_S), (end, PUMPED_S), (end, SETTLED_S)))  # fmt: skip
        drops.append(min(settled, before) - pumped)
    if len(drops) < LEAST_LOUD:
        return float("nan")
    pumped_share = float((np.array(drops) >= LEAST_DROP_DB).mean())
    return float(np.median(drops)) if pumped_share >= LEAST_SHARE else 0.0


def background_steps(bands: NDArray[np.float16], fs: int) -> list[Step]:
    """Return the moments at which the steady background changed at once and for good: another device, or a machine switched on or off.

    Parameters
    ----------
    bands : ndarray, shape (n * fs, k)
        Log magnitude of k bands.
    fs : int
        Their rate [Hz].

    Returns
    -------
    list of Step
        Where the medians of the floors of ten minutes on both sides lie 6 dB apart in a band and three times further than the floors
        scatter on either side; at least ten minutes apart.
    """
    block = BLOCK_S * fs
    count = len(bands) // block
    if count < 2 * SIDE_BLOCKS:
        return []
    parts = bands[: count * block].reshape(count, block, -1)
    floors = np.stack([np.percentile(part.astype(np.float32), FLOOR_PERCENTILE, axis=0) for part in parts]) * DB_PER_LOG
    places = range(SIDE_BLOCKS, count - SIDE_BLOCKS + 1)
    changes = np.array([_change(floors[at - SIDE_BLOCKS : at], floors[at : at + SIDE_BLOCKS]) for at in places])
    found = []
    while len(changes) and changes.max() >= LEAST_STEP_DB:
        best = int(changes.argmax())
        found.append(Step(float((best + SIDE_BLOCKS) * BLOCK_S), float(changes[best])))
        changes[max(0, best - SIDE_BLOCKS) : best + SIDE_BLOCKS + 1] = 0.0
    return sorted(found)


def _change(before: Column, after: Column) -> float:
    """Return the greatest change of a band between two stretches, less their own scatter [dB]; 0 where they scatter too much to tell."""
    low, high = np.median(before, axis=0), np.median(after, axis=0)
    away = np.abs(before - low), np.abs(after - high)
    scatter = np.maximum(*(np.percentile(side, CALM_PERCENTILE, axis=0) for side in away))
    change = np.abs(high - low)
    clear = change >= LEAST_TIMES * scatter
    restless = sum(np.minimum(side, change).mean(axis=0) for side in away)  # a minute of digital silence is no reason to see nothing
    return float((change - restless)[clear].max()) if clear.any() else 0.0
