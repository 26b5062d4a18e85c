"""Activity per minute for the published rules of actigraphy, and their answers back on the 30-s grid."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage

PER_MINUTE = int(60 // EPOCH_S)
COUNTS_PER_MINUTE = 4.0
"""`activity_count` is a mean of counts that stand for 15 s each."""
SLEEP_WAKE = (Stage.W, Stage.S)

Minutes = NDArray[np.float64]


def minute_counts(features: NightFeatures) -> Minutes:
    """Return the activity of each minute of a night.

    Parameters
    ----------
    features : NightFeatures
        `activity_count` [te Lindert counts per 15 s] is read.

    Returns
    -------
    ndarray, shape (ceil(n_epochs / 2),), float64
        Counts per minute: four times the mean of the epochs that were measured; NaN where none was.
    """
    counts = features["activity_count"].astype(np.float64)
    rows = np.append(counts, np.full(-len(counts) % PER_MINUTE, np.nan)).reshape(-1, PER_MINUTE)
    seen = np.isfinite(rows)
    mean = np.where(seen, rows, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(seen.any(axis=1), COUNTS_PER_MINUTE * mean, np.nan)


def around(minutes: Minutes, *, before: int, after: int) -> Minutes:
    """Return each minute's window, shape (n, before + 1 + after); what was not measured counts as no movement, as at the ends."""
    return sliding_window_view(np.pad(np.nan_to_num(minutes, nan=0.0), (before, after)), before + 1 + after)


def by_epoch(asleep: NDArray[np.bool_], features: NightFeatures, *, scorer: str) -> Hypnogram:
    """Return sleep and wake of each minute as a hypnogram of the night; an epoch without a count is unscored."""
    stages = np.repeat(np.where(asleep, Stage.S, Stage.W), PER_MINUTE)[: features.n_epochs].astype(np.int8)
    stages[~np.isfinite(features["activity_count"])] = Stage.UNSCORED
    return Hypnogram(stages, SLEEP_WAKE, scorer)
