"""Gradient-boosted trees as plain arrays: trained by scikit-learn, evaluated here without it."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A sum of regression trees over rows of features.

    Parameters
    ----------
    roots : ndarray, shape (n_trees,), int32
        Index of each tree's first node.
    column : ndarray, shape (n_nodes,), int16
        Which feature a node asks for; -1 in a leaf.
    threshold : ndarray, shape (n_nodes,), float64
        Rows at or below it go left.
    missing_left : ndarray, shape (n_nodes,), bool
        Where a row without the feature (NaN) goes.
    left, right : ndarray, shape (n_nodes,), int32
        Index of the next node.
    value : ndarray, shape (n_nodes,), float64
        What a leaf adds.
    baseline : float
        What every row begins with.
    """

    roots: NDArray[np.int32]
    column: NDArray[np.int16]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    baseline: float

    def score(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the trees, shape (n,), for rows of shape (n, n_features); NaN is a missing feature."""
        total = np.full(len(rows), self.baseline)
        index = np.arange(len(rows))
        for root in self.roots:
            node = np.full(len(rows), root, dtype=np.int32)
            active = index
            while len(active):
                at = node[active]
                active, at = active[self.column[at] >= 0], at[self.column[at] >= 0]
                asked = rows[active, self.column[at]]
                missing = np.isnan(asked)
                left = np.where(missing, self.missing_left[at], asked <= self.threshold[at])
                node[active] = np.where(left, self.left[at], self.right[at])
            total += self.value[node]
        return total

    def probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logistic of the score, shape (n,)."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.score(rows))), dtype=np.float64)


def load_trees(content: bytes, prefix: str = "") -> Trees:
    """Read trees from the bytes of an npz file (never a pickle); `prefix` names one of several."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        parts = {name: arrays[f"{prefix}{name}"] for name in Trees.__slots__ if name != "baseline"}
        return Trees(**parts, baseline=float(arrays[f"{prefix}baseline"]))


def packed(trees: dict[str, Trees]) -> bytes:
    """Return an npz file of several trees by prefix, for `load_trees`; the same bytes for the same trees."""
    file = io.BytesIO()
    arrays = {f"{prefix}{name}": np.asarray(getattr(one, name)) for prefix, one in trees.items() for name in Trees.__slots__}
    np.savez_compressed(file, **arrays)
    return file.getvalue()
