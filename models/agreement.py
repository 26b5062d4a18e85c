"""How well probabilities tell two classes apart."""

import numpy as np
from numpy.typing import NDArray


def area(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve, ties counted half; NaN where only one class is there."""
    if truth.all() or not truth.any():
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    positives = truth.sum()
    return float((ranks[truth].sum() - positives * (positives + 1) / 2.0) / (positives * (~truth).sum()))
