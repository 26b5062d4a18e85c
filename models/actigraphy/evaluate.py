"""Judge the published rules of actigraphy by person: nothing is trained, so every person is new to them.

python models/actigraphy/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]

Sleep-Accel holds counts and no raw acceleration, so the rule of van Hees, which reads the arm's angle, has no row.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.product import analysed
from models.report import judge
from models.sleep_stages.data import Night, read_nights
from models.sleep_stages.scores import Confusion, accuracy, confusion, kappa, resampled
from somnia_engine.staging.references import reference_hypnograms
from somnia_engine.types.hypnogram import Stage

FOLDER = Path(__file__).resolve().parent
WAKE, SLEEP = 0, 1


def main() -> None:
    """Print and write the rows."""
    judge(
        __doc__,
        FOLDER,
        lambda asked: _rows(read_nights(asked.heldout), "people never seen" if asked.heldout else "by person, nothing trained"),
    )


def _answers(night: Night) -> dict[str, NDArray[np.int64]]:
    """Return each rule's answer on the grid of the scoring: 0 wake, 1 sleep, -1 none, from counts given as an open CSV."""
    told = analysed({"activity_count": night.samples["activity_count"]})
    if told is None:
        return {}
    answers: dict[str, NDArray[np.int64]] = {}
    for hypnogram in reference_hypnograms(told.features):
        stages = hypnogram.stages[: night.n_epochs]
        answer = np.full(night.n_epochs, -1)
        answer[: len(stages)] = np.where(stages == Stage.UNSCORED, -1, np.where(stages == Stage.W, WAKE, SLEEP))
        answers[hypnogram.scorer] = answer
    return answers


def _rows(nights: tuple[Night, ...], protocol: str) -> list[dict[str, Any]]:
    tables: dict[str, list[Confusion]] = {}
    seen: dict[str, list[tuple[int, int]]] = {}
    for night in nights:
        truth = np.where(night.labels < 0, -1, np.minimum(night.labels, SLEEP))
        for name, answer in _answers(night).items():
            given = np.where(answer < 0, -1, truth)
            tables.setdefault(name, []).append(confusion(given, np.maximum(answer, 0), classes=2))
            seen.setdefault(name, []).append((int((given >= 0).sum()), int((truth >= 0).sum())))
    rows = []
    for name, by_person in tables.items():
        judged, asked = np.sum(seen[name], axis=0)
        rows += _figures(name, np.stack(by_person), protocol=protocol, coverage=round(float(judged / asked), 4))
    return rows


def _of_class(at: int, table: Confusion) -> NDArray[np.float64]:
    return table[..., at, at] / np.maximum(table[..., at, :].sum(axis=-1), 1.0)


FIGURES = {
    "kappa": kappa,
    "accuracy": accuracy,
    "sensitivity to sleep": lambda table: _of_class(SLEEP, table),
    "specificity (wake)": lambda table: _of_class(WAKE, table),
}


def _figures(name: str, tables: Confusion, *, protocol: str, coverage: float) -> list[dict[str, Any]]:
    draws = np.einsum("dp,pij->dij", resampled(len(tables)), tables)
    rows = []
    for figure, measure in FIGURES.items():
        low, high = np.percentile(measure(draws), (2.5, 97.5))
        rows.append(
            {
                "task": f"sleep / wake by {name} (Sleep-Accel)",
                "protocol": protocol,
                "n_people": len(tables),
                "n_units": int(tables.sum()),
                "unit": "30-s epoch",
                "figure": figure,
                "value": round(float(measure(tables.sum(axis=0))), 3),
                "low": round(float(low), 3),
                "high": round(float(high), 3),
                "ruler": None,
                "ruler_name": None,
                "bar": None,
                "passed": None,
                "coverage": coverage,
            }
        )
    return rows


if __name__ == "__main__":
    main()
