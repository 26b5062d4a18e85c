"""Turns uneven samples into even traces; a gap stays NaN."""

import numpy as np
from numpy.typing import NDArray

_EDGE_S = 1e-6


def median_interval_s(times_s: NDArray[np.float64]) -> float:
    """Return the median time between neighboring samples [s]; NaN under two samples."""
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else float("nan")


def even_trace(
    times_s: NDArray[np.float64], values: NDArray[np.float64], *, fs: float, duration_s: float, hold_s: float
) -> NDArray[np.float32]:
    """Return a trace that starts at time 0: the mean of each bin, the last value held across gaps of up to `hold_s`.

    Parameters
    ----------
    times_s, values : ndarray, shape (n,)
        Samples in night time; those outside [0, duration_s) are left out.
    fs : float
        Sampling rate of the result [Hz].
    hold_s : float
        A value stands for at most this long [s].

    Returns
    -------
    ndarray, shape (ceil(duration_s * fs),), float32
        NaN where nothing was measured.
    """
    n = int(np.ceil(duration_s * fs))
    bins = np.floor((times_s + _EDGE_S) * fs).astype(np.int64)
    kept = (bins >= 0) & (bins < n) & np.isfinite(values)
    count = np.bincount(bins[kept], minlength=n)
    total = np.bincount(bins[kept], weights=values[kept], minlength=n)
    index = np.arange(n)
    last = np.maximum.accumulate(np.where(count > 0, index, -1))
    near = (last >= 0) & ((index - last) < hold_s * fs)
    at = np.maximum(last, 0)
    return np.where(near, total[at] / np.maximum(count[at], 1), np.nan).astype(np.float32)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the unbroken stretches of True as (first, past the last) index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
