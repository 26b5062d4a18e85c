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


def reduce_around(
    times_s: NDArray[np.float64], values: NDArray[np.float32], *, most: int, window: tuple[float, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return what `reduce_min_max` keeps, with as many points for a window [s] as otherwise for the whole night."""
    parts = [reduce_min_max(times_s[part], values[part], most=most // share) for part, share in _parts(times_s, window)]
    return np.concatenate([times for times, _ in parts]), np.concatenate([found for _, found in parts])


def envelope_around(
    times_s: NDArray[np.float64], values: NDArray[np.float32], *, slices: int, window: tuple[float, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return what `envelope` gives, with as many slices for a window [s] as otherwise for the whole night."""
    parts = [envelope(times_s[part], values[part], slices=slices // share) for part, share in _parts(times_s, window)]
    return np.concatenate([times for times, _ in parts]), np.concatenate([found for _, found in parts])


def _parts(times_s: NDArray[np.float64], window: tuple[float, float] | None) -> list[tuple[slice, int]]:
    """Return the whole as one part, or what lies before, in and after a window; and by how much each part's points are divided."""
    if window is None:
        return [(slice(0, len(times_s)), 1)]
    begin, end = (int(i) for i in np.searchsorted(times_s, window))
    parts = ((slice(0, begin), 2), (slice(begin, end), 1), (slice(end, len(times_s)), 2))
    return [(part, share) for part, share in parts if part.stop > part.start]


def packed(values: NDArray[Any], *, kind: str = "f4") -> dict[str, str]:
    """Return an array in the binary form that plotly.js reads: a third of its size as text."""
    array = np.ascontiguousarray(values, dtype=f"<{kind}")
    return {"dtype": kind, "bdata": base64.b64encode(array.tobytes()).decode()}


def packed_values(values: NDArray[np.float32]) -> dict[str, str]:
    """Return values of a lane in one or two bytes each where all are measured and whole, else in four: only those have a "not measured"."""
    whole = len(values) > 0 and bool(np.isfinite(values).all()) and bool((values == np.rint(values)).all())
    if whole and values.min() >= 0 and values.max() <= 255:
        return packed(values, kind="u1")
    return packed(values, kind="i2") if whole and np.abs(values).max() <= 32767 else packed(values)


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
