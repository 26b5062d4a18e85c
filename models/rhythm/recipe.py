"""How the trees are grown: which windows teach, with which weight."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.rhythm.data import CERTAIN, Record

WEIGHTS = {"afdb": 1.0, "nsr": 1.0, "mitdb": 0.3, "cinc": 1.0}
"""Total weight of each set, whatever its size."""
OTHER_WEIGHT = 0.3
"""Strips of other rhythms teach what is irregular and yet not fibrillation."""
NORMAL_WINDOWS = 800
"""Windows taken of each normal Holter, evenly."""


def taught(record: Record) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows and the truth (0 or 1) of a record that may teach."""
    rows, share = record.rows, record.share
    certain = np.isfinite(rows[:, 0]) & ((share >= CERTAIN) | (share <= 1.0 - CERTAIN)) & (record.flutter < 0.5)
    if record.label == "~":
        certain[:] = False
    at = np.flatnonzero(certain)
    if record.set == "nsr" and len(at) > NORMAL_WINDOWS:
        at = at[np.linspace(0, len(at) - 1, NORMAL_WINDOWS).astype(int)]
    return rows[at], (share[at] >= CERTAIN).astype(np.float64)


def grow(records: list[Record], *, seed: int = 0) -> Any:
    """Return a fitted classifier."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    groups: dict[tuple[str, bool], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for record in records:
        groups.setdefault((record.set, record.label == "O"), []).append(taught(record))
    rows, truth, weights = [], [], []
    for (name, other), parts in groups.items():
        count = sum(len(part[1]) for part in parts)
        for part in parts:
            rows.append(part[0])
            truth.append(part[1])
            weights.append(np.full(len(part[1]), (OTHER_WEIGHT if other else WEIGHTS[name]) / max(count, 1)))
    weight = np.concatenate(weights)
    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.07, max_leaf_nodes=20, min_samples_leaf=40, l2_regularization=1.0, random_state=seed
    )
    return model.fit(np.concatenate(rows), np.concatenate(truth), sample_weight=weight / weight.mean())
