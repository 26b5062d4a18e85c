"""Fewer points, same picture: every extreme and every gap of a trace stays."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def reduce_min_max(
    times_s: NDArray[np.float64], values: NDArray[np.float32], *, most: int
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return at most about `most` points that hold the minimum and the maximum of every slice, and NaN where a slice has none.

    Parameters
    ----------
    times_s, values : ndarray, shape (n,)
        Evenly or unevenly spaced; NaN = not measured.
    most : int
        About how many points may remain (two a slice).
    """
    n = len(values)
    if n <= most:
        return times_s, values
    slices = most // 2
    edges = np.linspace(0, n, slices + 1).astype(int)[:-1]
    seen = np.isfinite(values)
    low = np.minimum.reduceat(np.where(seen, values, np.inf), edges)
    high = np.maximum.reduceat(np.where(seen, values, -np.inf), edges)
    holes = np.add.reduceat(~seen, edges)
    sizes = np.diff(np.append(edges, n))
    empty = holes > sizes / 2  # mostly gap: a gap it stays
    first = _first_is_low(np.where(seen, values, np.nan), edges, low, high)
    pair = np.where(first[:, None], np.stack([low, high], axis=1), np.stack([high, low], axis=1))
    pair[empty & (holes == sizes)] = np.nan
    spacing = np.stack([times_s[edges], times_s[edges + sizes // 2]], axis=1)
    return spacing.ravel(), pair.ravel().astype(np.float32)


def _first_is_low(
    values: NDArray[np.float32], edges: NDArray[np.int_], low: NDArray[np.float32], high: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Tell for each slice whether its minimum comes before its maximum."""
    n = len(values)
    owner = np.repeat(np.arange(len(edges)), np.diff(np.append(edges, n)))
    places = np.arange(n)
    at_low = np.full(len(edges), n)
    at_high = np.full(len(edges), n)
    np.minimum.at(at_low, owner[values == low[owner]], places[values == low[owner]])
    np.minimum.at(at_high, owner[values == high[owner]], places[values == high[owner]])
    return at_low <= at_high


def packed(values: NDArray[Any], *, kind: str = "f4") -> dict[str, str]:
    """Return an array in the binary form that plotly.js reads: a third of its size as text."""
    array = np.ascontiguousarray(values, dtype=f"<{kind}")
    return {"dtype": kind, "bdata": base64.b64encode(array.tobytes()).decode()}
