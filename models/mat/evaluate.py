"""Judge the mat's positions on people left out, and on other mats.

python models/mat/evaluate.py [--data FOLDER] [--heldout FOLDER] [--out FILE]
"""

import argparse
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from numpy.typing import NDArray

from models.mat.recipe import FOLDER, Mats, fit, read_mats
from models.reference import reference_folder
from models.report import Row, judge
from somnia_engine.dsp.mat_pressure import position_chances
from somnia_engine.resources import load_model

TURNS = 2000


def _left_out(mats: Mats) -> NDArray[np.bool_]:
    """Return which frames are right when their person was left out of the fit."""
    right = np.zeros(len(mats.labels), dtype=np.bool_)
    for person in np.unique(mats.people):
        out = mats.people == person
        weights, bias = fit(Mats(mats.features[~out], mats.labels[~out], mats.people[~out]))
        right[out] = position_chances(mats.features[out], weights=weights, bias=bias).argmax(axis=1) == mats.labels[out]
    return right


def _shipped(mats: Mats) -> NDArray[np.bool_]:
    with np.load(io.BytesIO(load_model("mat").weights["mat.npz"]), allow_pickle=False) as kept:
        chances = position_chances(mats.features, weights=kept["weights"], bias=kept["bias"])
    return np.asarray(chances.argmax(axis=1) == mats.labels)


def _row(mats: Mats, right: NDArray[np.bool_], *, task: str, protocol: str, ruler: float) -> Row:
    people = np.unique(mats.people)
    shares = np.array([right[mats.people == person].mean() for person in people])
    counts = np.array([(mats.people == person).sum() for person in people], dtype=np.float64)
    drawn = np.random.default_rng(0).integers(0, len(people), (TURNS, len(people)))
    low, high = np.percentile((shares[drawn] * counts[drawn]).sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    value = round(float(right.mean()), 4)
    return {
        "task": task, "protocol": protocol, "n_people": len(people), "n_units": len(right), "unit": "frames", "figure": "accuracy",
        "value": value, "low": round(float(low), 4), "high": round(float(high), 4), "ruler": ruler, "ruler_name": "boosting, same set",
        "bar": ruler, "passed": value >= ruler, "coverage": 1.0,
    }  # fmt: skip


def rows_of(arguments: argparse.Namespace) -> list[Row]:
    """Return the rows; with `--heldout` the shipped model is judged on those people."""
    folder = arguments.heldout or reference_folder()
    rows = []
    first, second = read_mats(folder, "experiment_i"), read_mats(folder, "experiment_ii", turned=True)
    if first is not None:
        right = _shipped(first) if arguments.heldout else _left_out(first)
        protocol = "people never seen" if arguments.heldout else "leave one person out; strength of the penalty chosen on it"
        rows.append(_row(first, right, task="back, left, right (PMD I)", protocol=protocol, ruler=0.984))
    if second is not None:
        rows.append(
            _row(second, _shipped(second), task="back, left, right (PMD II)", protocol="other mats, turned by 180 degrees", ruler=0.874)
        )
    return rows


if __name__ == "__main__":
    judge(__doc__ or "", FOLDER, rows_of)
