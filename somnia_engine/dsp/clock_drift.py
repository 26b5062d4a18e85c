"""How far two clocks lie apart over a night, from movement that one device heard and the other felt."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float32]

STEP_S = 3
MOST_APART_S, MOST_DRIFT_S = 240, 180
"""Clocks further apart than this were set wrong, which is the person's to say; a quartz that drifts more in a night is broken."""
WINDOW_S, EVERY_S = 2400, 1200
LEAST_WINDOWS = 5
"""Of 40 min every 20: 2 h together."""
LEAST_LIKENESS, LEAST_CLEAR = 0.12, 6.0
"""Mean correlation of the windows, and how many spreads it stands above that of all other clocks; of unrelated nights none reached both."""


class ClockDrift(NamedTuple):
    """Seconds to add to the first clock to have the second: at its start and at its end; `likeness` is the correlation then."""

    start_s: float
    end_s: float
    likeness: float


def clock_drift(heard: Column, felt: Column) -> ClockDrift | None:
    """Return how two clocks lie apart, None when the two know too little of each other to tell.

    Parameters
    ----------
    heard, felt : ndarray, shape (n,), float32
        Movement of the same body in each second, by the one clock and by the other, NaN where not measured; the scale does not matter.
    """
    one, other = _steps(heard), _steps(felt)
    reach, width, every = MOST_APART_S // STEP_S, WINDOW_S // STEP_S, EVERY_S // STEP_S
    middles, rows = [], []
    for at in range(0, len(one) - width + 1, every):
        row = _likeness(one, other, at=at, width=width, reach=reach)
        if row is not None:
            rows.append(row)
            middles.append((at + width / 2.0) / len(one))
    if len(rows) < LEAST_WINDOWS:
        return None
    return _best(np.array(rows), np.array(middles), reach)


def _steps(values: Column) -> NDArray[np.float64]:
    """Return the mean of every STEP_S seconds, by rank-like log scale; NaN where nothing was measured."""
    count = len(values) // STEP_S
    parts = values[: count * STEP_S].reshape(count, STEP_S).astype(np.float64)
    seen = np.isfinite(parts)
    total = np.where(seen, parts, 0.0).sum(axis=1)
    return np.asarray(np.where(seen.any(axis=1), total / np.maximum(seen.sum(axis=1), 1), np.nan))


def _likeness(heard: NDArray[np.float64], felt: NDArray[np.float64], *, at: int, width: int, reach: int) -> NDArray[np.float64] | None:
    """Return the correlation of a window of what was heard with what was felt at each lag -reach..reach; None where either is flat."""
    part = heard[at : at + width]
    around = np.full(width + 2 * reach, np.nan)
    first, end = max(0, at - reach), min(len(felt), at + width + reach)
    around[first - (at - reach) : first - (at - reach) + max(end - first, 0)] = felt[first:end]
    if np.isfinite(part).mean() < 0.8 or np.isfinite(around).mean() < 0.8:
        return None
    part, around = (np.where(np.isfinite(x), x, np.nanmedian(x)) for x in (part, around))
    if part.std() == 0.0 or around.std() == 0.0:
        return None
    return np.asarray(np.correlate(around - around.mean(), part - part.mean(), "valid") / (width * part.std() * around.std()))


def _best(rows: NDArray[np.float64], middles: NDArray[np.float64], reach: int) -> ClockDrift | None:
    """Return the line through the lags whose correlations are highest together."""
    lags = np.arange(2 * reach + 1)
    start, end = np.meshgrid(lags, lags, indexing="ij")
    scores = np.zeros(start.shape)
    for row, middle in zip(rows, middles, strict=True):
        scores += row[np.rint(start + (end - start) * middle).astype(np.intp)]
    scores /= len(rows)
    allowed = np.abs(end - start) <= MOST_DRIFT_S // STEP_S
    others = scores[allowed]
    middle = np.median(others)
    spread = 1.4826 * np.median(np.abs(others - middle))
    best = np.unravel_index(np.where(allowed, scores, -np.inf).argmax(), scores.shape)
    top = float(scores[best])
    if top < LEAST_LIKENESS or top - middle < LEAST_CLEAR * spread:
        return None
    near = allowed & (scores >= middle + 0.95 * (top - middle))  # the crest is a ridge: its middle is nearer to the truth than its top
    first_s, last_s = (float((side[near] - reach).mean() * STEP_S) for side in (start, end))
    return ClockDrift(first_s, last_s, top)
