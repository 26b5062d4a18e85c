"""The mat's recordings, and how its model is fitted."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.mat_pressure import mat_features, mirrored

FOLDER = Path(__file__).resolve().parent
CLASSES = ("supine", "left", "right")
SWAPPED = np.array([0, 2, 1])
STRENGTH = 0.03
"""Inverse strength of the penalty; the best of 0.003 and 0.03 on the people left out."""


class Mats(NamedTuple):
    """Features (n, 512), class of each frame (index of CLASSES), person of each."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    people: NDArray[np.int64]


def read_mats(reference: Path, name: str, *, turned: bool = False) -> Mats | None:
    """Read one experiment of PMD; None when it is not there. `turned`: the mat lies with its head at the last row."""
    path = reference / "pose" / "pmd_pressure" / f"{name}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as kept:
        frames, people, names = kept["frames"].astype(np.float32), kept["subject"].astype(np.int64), kept["label"]
    frames = frames[:, ::-1, ::-1] if turned else frames
    labels = np.array([CLASSES.index(str(label)) for label in names])
    features = mat_features(frames)
    told = np.isfinite(features).all(axis=1)
    return Mats(features[told], labels[told], people[told])


def fit(mats: Mats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit weights (3, 512) and bias (3,) on frames and their mirror images."""
    from sklearn.linear_model import LogisticRegression

    both = np.concatenate((mats.features, mirrored(mats.features)))
    model = LogisticRegression(C=STRENGTH, max_iter=300).fit(both, np.concatenate((mats.labels, SWAPPED[mats.labels])))
    return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
