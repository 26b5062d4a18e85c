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


def matched(truth: NDArray[np.float64], found: NDArray[np.float64], *, within: float) -> tuple[int, int, int]:
    """Return hits, misses and false finds of moments in order of time, one to one, at most `within` apart."""
    i = j = hits = 0
    while i < len(truth) and j < len(found):
        apart = found[j] - truth[i]
        if abs(apart) <= within:
            hits, i, j = hits + 1, i + 1, j + 1
        elif apart < 0:
            j += 1
        else:
            i += 1
    return hits, len(truth) - hits, len(found) - hits
