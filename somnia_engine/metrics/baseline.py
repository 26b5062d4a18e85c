"""What is usual for one person: the median of two weeks, and the band in which most of their own nights lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_NIGHTS = 7
"""Valid nights before a person's own band is told; until then the state is "calibrating"."""
BAND_NIGHTS = 28
"""The band rests on this many valid nights before the one that it is for; our own choice, four weeks."""
MEDIAN_DAYS = 14
"""Days that the running median looks back, the day itself included."""
LEAST_FOR_MEDIAN = 3
LOW_PCT, HIGH_PCT = 10.0, 90.0
"""The band holds the middle four fifths of the nights; our own choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What is usual at each night: the middle and the ends of the band, shape (n,); NaN while calibrating."""

    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def baseline(values: NDArray[np.float64]) -> Baseline:
    """Return each night's own band, from the nights before it.

    Parameters
    ----------
    values : ndarray, shape (n,)
        One number a night, in order of time; NaN = not measured, which neither counts nor breaks the band.

    Returns
    -------
    Baseline
        NaN until seven valid nights lie before a night.
    """
    ends = np.full((3, len(values)), np.nan)
    valid = np.flatnonzero(np.isfinite(values))
    for at in range(len(values)):
        ends[:, at] = _ends(values[valid[: np.searchsorted(valid, at)][-BAND_NIGHTS:]])
    return Baseline(*ends)


def band_at(values: NDArray[np.float64], at: int) -> tuple[float, float]:
    """Return the ends of the band of one night, from the nights before it, as `baseline` does for all; NaN while calibrating."""
    before = values[:at]
    _, low, high = _ends(before[np.isfinite(before)][-BAND_NIGHTS:])
    return low, high


def _ends(before: NDArray[np.float64]) -> tuple[float, float, float]:
    if len(before) < LEAST_NIGHTS:
        return float("nan"), float("nan"), float("nan")
    middle, low, high = np.percentile(before, (50.0, LOW_PCT, HIGH_PCT)).tolist()
    return middle, low, high


def running_median(day: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the last fourteen days at each night, shape (n,); NaN under three valid nights among them.

    Parameters
    ----------
    day : ndarray, shape (n,)
        Ordinals of the nights' days, ascending.
    values : ndarray, shape (n,)
        NaN = not measured.
    """
    found = np.full(len(values), np.nan)
    first = np.searchsorted(day, day - MEDIAN_DAYS + 1)
    for at in range(len(values)):
        window = values[first[at] : at + 1]
        window = window[np.isfinite(window)]
        if len(window) >= LEAST_FOR_MEDIAN:
            found[at] = np.median(window)
    return found
