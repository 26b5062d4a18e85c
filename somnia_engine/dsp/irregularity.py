"""How irregular the beats of a window are: the measures by which atrial fibrillation is told from other rhythms."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.rr import CleanRR

Values = NDArray[np.float64]

WINDOW_S = 30.0
LEAST_BEATS = 8
"""Intervals that a window needs; under them every measure is NaN."""
MOST_BEATS = 150
SAME_MS = 30.0
"""Tolerance of the sample entropy [ms]. Lake & Moorman 2011, doi 10.1152/ajpheart.00561.2010."""
CELL_MS = 25.0
"""Side of a cell of the RdR map. Lian, Wang & Muessig 2011, doi 10.1016/j.amjcard.2010.12.028."""
ENTROPY_BINS = 16
"""Bins of the Shannon entropy. Dash, Chon, Lu & Raeder 2009, doi 10.1007/s10439-009-9740-z."""
FAST_RISE_MS = (20.0, 50.0, 100.0)

MEASURES = (
    "beats", "rr_median", "rr_cv", "rmssd_share", "step_median_share", "steps_20", "steps_50", "steps_100", "step_entropy", "rr_entropy",
    "sample_entropy", "coefficient_entropy", "cells_share", "turns", "step_memory_1", "step_memory_2", "rr_memory_1", "step_tails",
    "normal_rmssd_share", "normal_step_median_share", "normal_cv", "odd_share", "short_long_share", "covered",
)  # fmt: skip
"""Columns of `irregularity`, in order."""


def irregularity(rr: CleanRR, windows: NDArray[np.int64], *, n_windows: int, window_s: float = WINDOW_S) -> Values:
    """Return the measures of each window.

    Parameters
    ----------
    rr : CleanRR
        Raw intervals with their kinds; ectopic beats are left in, and the measures of the normal ones stand beside.
    windows : ndarray, shape (n,), int64
        Window that each interval ends in, not decreasing.
    n_windows : int
        Number of windows.
    window_s : float
        Length of a window [s].

    Returns
    -------
    ndarray, shape (n_windows, len(MEASURES)), float64
        All NaN in a window of fewer than LEAST_BEATS intervals within 250 to 2600 ms.
    """
    usable = np.isfinite(rr.rr_ms) & (rr.rr_ms >= 250.0) & (rr.rr_ms <= 2600.0) & (windows >= 0) & (windows < n_windows)
    found = np.full((n_windows, len(MEASURES)), np.nan)
    if not usable.any():
        return found
    ms, odd, joined, window = rr.rr_ms[usable], ~rr.normal[usable], rr.joined[usable], windows[usable]
    first = np.searchsorted(window, np.arange(n_windows))
    place = np.arange(len(ms)) - first[window]
    counts = np.bincount(window, minlength=n_windows)
    kept = np.flatnonzero(counts >= LEAST_BEATS)
    if not len(kept):
        return found
    width = int(min(counts[kept].max(), MOST_BEATS))
    rows = np.full(n_windows, -1)
    rows[kept] = np.arange(len(kept))
    fits = (rows[window] >= 0) & (place < width)
    grid = np.full((len(kept), width), np.nan)
    grid[rows[window[fits]], place[fits]] = ms[fits]
    strange = np.zeros(grid.shape, dtype=np.bool_)
    strange[rows[window[fits]], place[fits]] = odd[fits]
    follows = np.zeros(grid.shape, dtype=np.bool_)
    follows[rows[window[fits]], place[fits]] = joined[fits]
    found[kept] = _measures(grid, strange, follows, window_s=window_s)
    return found


def _measures(grid: Values, odd: NDArray[np.bool_], follows: NDArray[np.bool_], *, window_s: float) -> Values:
    step = np.where(follows[:, 1:], np.diff(grid, axis=1), np.nan)
    clean = np.where(odd, np.nan, grid)
    clean_step = np.where(follows[:, 1:], np.diff(clean, axis=1), np.nan)
    with np.errstate(all="ignore"):
        middle, mean = _median(grid), _mean(grid)
        size = np.abs(step)
        sampen = _sample_entropy(grid)
        columns = [
            np.isfinite(grid).sum(axis=1).astype(np.float64),
            middle,
            _spread(grid) / mean,
            np.sqrt(_mean(_square(step))) / mean,
            _median(size) / middle,
            *(_share(size > limit, size) for limit in FAST_RISE_MS),
            _entropy(step, half_width=400.0),
            _entropy(grid - middle[:, None], half_width=400.0),
            sampen,
            sampen + np.log(2.0 * SAME_MS) - np.log(mean),
            _cells(grid, step),
            _turns(step),
            _memory(step, 1),
            _memory(step, 2),
            _memory(grid, 1),
            _mean(_square(_square(step))) / np.maximum(_mean(_square(step)), 1e-9) ** 2,
            np.sqrt(_mean(_square(clean_step))) / mean,
            _median(np.abs(clean_step)) / middle,
            _spread(clean) / mean,
            odd.sum(axis=1) / np.isfinite(grid).sum(axis=1),
            _share(step[:, :-1] * step[:, 1:] < -(100.0**2), step[:, :-1] * step[:, 1:]),
            np.nansum(grid, axis=1) / (1000.0 * window_s),
        ]
    return np.stack(columns, axis=1)


def _square(values: Values) -> Values:
    return np.asarray(values * values)


def _mean(values: Values) -> Values:
    return np.asarray(np.nansum(values, axis=1) / np.maximum(np.isfinite(values).sum(axis=1), 1))


def _median(values: Values) -> Values:
    """Return the median of each row, NaN left out: sorting once is five times as fast as nanmedian."""
    ordered, count = np.sort(values, axis=1), np.isfinite(values).sum(axis=1)
    rows, last = np.arange(len(values)), values.shape[1] - 1
    low, high = np.clip((count - 1) // 2, 0, last), np.clip(count // 2, 0, last)
    return np.where(count > 0, 0.5 * (ordered[rows, low] + ordered[rows, high]), np.nan)


def _spread(values: Values) -> Values:
    return np.asarray(np.sqrt(_mean(_square(values - _mean(values)[:, None]))))


def _share(mask: NDArray[np.bool_], of: Values) -> Values:
    seen = np.isfinite(of)
    return np.asarray((mask & seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))


def _entropy(values: Values, *, half_width: float) -> Values:
    """Return the Shannon entropy of each row's histogram over +-half_width [ms], 0..1."""
    bins = np.clip(((values + half_width) / (2.0 * half_width) * ENTROPY_BINS), 0, ENTROPY_BINS - 1)
    seen = np.isfinite(values)
    counts = np.stack([((bins >= k) & (bins < k + 1) & seen).sum(axis=1) for k in range(ENTROPY_BINS)], axis=1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.asarray(-np.where(share > 0, share * np.log(np.maximum(share, 1e-12)), 0.0).sum(axis=1) / np.log(ENTROPY_BINS))


def _sample_entropy(grid: Values) -> Values:
    """Return the sample entropy (m = 1) of each row at SAME_MS, with one match where there is none."""
    near = np.abs(grid[:, :, None] - grid[:, None, :]) <= SAME_MS
    upper = np.triu(np.ones(near.shape[1:], dtype=np.bool_), 1)
    one = (near[:, :-1, :-1] & upper[:-1, :-1] & np.isfinite(grid[:, 1:, None]) & np.isfinite(grid[:, None, 1:])).sum(axis=(1, 2))
    two = (near[:, :-1, :-1] & near[:, 1:, 1:] & upper[:-1, :-1]).sum(axis=(1, 2))
    return np.asarray(-np.log(np.maximum(two, 1) / np.maximum(one, 1)))


def _cells(grid: Values, step: Values) -> Values:
    """Return how many cells of the map of interval against its change are taken, as a share of the intervals."""
    across = np.floor(grid[:, 1:] / CELL_MS)
    up = np.floor(step / CELL_MS)
    code = np.where(np.isfinite(step), across * 1000.0 + up, np.nan)
    ordered = np.sort(code, axis=1)
    new = np.isfinite(ordered)
    new[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    return np.asarray(new.sum(axis=1) / np.maximum(np.isfinite(code).sum(axis=1), 1))


def _turns(step: Values) -> Values:
    """Return the share of turning points: 2/3 in a random series."""
    product = step[:, :-1] * step[:, 1:]
    return _share(product < 0, product)


def _memory(values: Values, lag: int) -> Values:
    """Return the autocorrelation of each row at a lag: differences of independent intervals have -1/2 at 1 and 0 at 2."""
    away = values - _mean(values)[:, None]
    return np.asarray(_mean(away[:, lag:] * away[:, :-lag]) / np.maximum(_mean(_square(away)), 1e-9))
