"""Fewer points, same picture: every extreme and every gap of a trace stays."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

U2_MOST = 65535


def reduce_min_max(
    times_s: NDArray[np.float64], values: NDArray[np.float32], *, most: int
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the samples that carry the picture: where a value changes, and of these the extremes and gaps of every slice.

    Each returned point is a sample of the input at its own time. A step line through them shows every extreme, and a gap wherever
    the input has one.

    Parameters
    ----------
    times_s, values : ndarray, shape (n,)
        In order of time; NaN = not measured.
    most : int
        About how many points remain: two a slice, and two more in a slice that holds a gap.
    """
    kept = _changes(values)
    if len(kept) > most:
        kept = kept[_extremes(values[kept], slices=max(most // 2, 1))]
    return times_s[kept], values[kept]


def envelope(times_s: NDArray[np.float64], values: NDArray[np.float32], *, slices: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the highest value of each slice at the slice's begin; NaN where a slice has none."""
    n = len(values)
    if n <= slices:
        return times_s, values
    edges = np.linspace(0, n, slices + 1).astype(int)[:-1]
    highest = np.maximum.reduceat(np.where(np.isfinite(values), values, -np.inf), edges)
    return times_s[edges], np.where(np.isfinite(highest), highest, np.nan).astype(np.float32)


def packed(values: NDArray[Any], *, kind: str = "f4") -> dict[str, str]:
    """Return an array in the binary form that plotly.js reads: a third of its size as text."""
    array = np.ascontiguousarray(values, dtype=f"<{kind}")
    return {"dtype": kind, "bdata": base64.b64encode(array.tobytes()).decode()}


def packed_times(times_s: NDArray[Any]) -> dict[str, str]:
    """Return seconds of a night in two bytes each where whole seconds fit into them, else in four."""
    times = np.asarray(times_s, dtype=np.float64)
    small = len(times) > 0 and np.isfinite(times).all() and times.min() >= 0 and times.max() <= U2_MOST
    return packed(np.rint(times), kind="u2") if small else packed(times)


def _changes(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the places where a value differs from the one before it, and both ends; a gap is one place."""
    n = len(values)
    if n == 0:
        return np.empty(0, np.int64)
    seen = np.isfinite(values)
    same = (values[1:] == values[:-1]) | (~seen[1:] & ~seen[:-1])
    kept = np.concatenate([[True], ~same])
    kept[-1] = True
    return np.flatnonzero(kept)


def _extremes(values: NDArray[np.float32], *, slices: int) -> NDArray[np.int64]:
    """Return the places of each slice's minimum, maximum, and first and last gap, in order."""
    n = len(values)
    width = -(-n // slices)
    rows = -(-n // width)
    seen = np.zeros(rows * width, bool)
    seen[:n] = np.isfinite(values)
    padded = np.zeros(rows * width, np.float32)
    padded[:n] = np.where(seen[:n], values, 0)
    seen, padded = seen.reshape(rows, width), padded.reshape(rows, width)
    gap = ~seen
    gap.reshape(-1)[n:] = False
    begins = np.arange(rows) * width
    low = begins + np.where(seen, padded, np.inf).argmin(axis=1)
    high = begins + np.where(seen, padded, -np.inf).argmax(axis=1)
    first, last = begins + gap.argmax(axis=1), begins + width - 1 - gap[:, ::-1].argmax(axis=1)
    any_seen, any_gap = seen.any(axis=1), gap.any(axis=1)
    chosen = np.concatenate([[0, n - 1], low[any_seen], high[any_seen], first[any_gap], last[any_gap]])
    return np.unique(chosen)
