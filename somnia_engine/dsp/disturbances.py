"""Lights that go on and noises that stand out, in readings of a room."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Found = list[tuple[float, float, float]]

DARK_LUX = 1.0
LIT_LUX = 5.0
"""A light goes on where a dark room (below 1 lx at the eye: Brown 2022, doi 10.1371/journal.pbio.3001571) has 5 lx or more; the upper
bound is our own."""
LOUD_DB = 45.0
"""The level of a single noise from which sleep is disturbed in a bedroom (WHO 1999, Guidelines for community noise, table 4.1) [dB]."""
ABOVE_DB = 10.0
"""A noise stands out by so much from the median of the ten minutes before it [dB]. Our own."""
BEFORE_S = 600.0
DENSE_S = 120.0
"""Readings further apart than this say nothing of single moments [s]."""


def dense(times_s: Values) -> bool:
    """Return whether readings come often enough to tell moments."""
    return len(times_s) > 2 and float(np.median(np.diff(times_s))) <= DENSE_S


def lights_on(times_s: Values, lux: Values) -> Found:
    """Return onset [s], duration [s] and brightest reading [lx] of each light that goes on in the dark.

    Parameters
    ----------
    times_s, lux : ndarray, shape (n,)
        Readings in order of time.
    """
    found, i = [], 1
    while i < len(lux):
        if lux[i] >= LIT_LUX and lux[i - 1] < DARK_LUX:
            end = i
            while end + 1 < len(lux) and lux[end + 1] >= DARK_LUX:
                end += 1
            until = float(times_s[min(end + 1, len(times_s) - 1)])
            found.append((float(times_s[i]), max(until - float(times_s[i]), 1.0), float(lux[i : end + 1].max())))
            i = end + 1
        i += 1
    return found


def noises(times_s: Values, level_db: Values) -> Found:
    """Return onset [s], duration [s] and peak [dB] of each noise that is loud and stands out from what was before it."""
    usual = _median_before(times_s, level_db)
    with np.errstate(invalid="ignore"):
        loud = (level_db >= LOUD_DB) & (level_db - usual >= ABOVE_DB)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False])).astype(np.int8)))
    found = []
    for first, past in edges.reshape(-1, 2).tolist():
        until = float(times_s[min(past, len(times_s) - 1)])
        found.append((float(times_s[first]), max(until - float(times_s[first]), 1.0), float(level_db[first:past].max())))
    return found


def _median_before(times_s: Values, values: Values) -> Values:
    """Return the median of the ten minutes before each reading; NaN without three readings there."""
    first = np.searchsorted(times_s, times_s - BEFORE_S)
    return np.array([np.median(values[a:i]) if i - a >= 3 else np.nan for i, a in enumerate(first.tolist())], dtype=np.float64)
