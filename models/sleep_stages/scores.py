"""Agreement of two scorings, from confusion matrices, with intervals over people."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCORES = Path(__file__).resolve().parent / "scores.json"

Confusion = NDArray[np.float64]

MERGES = {
    2: np.array([0, 1, 1, 1]),
    3: np.array([0, 1, 1, 2]),
    4: np.array([0, 1, 2, 3]),
}
"""Indices of W, L, N3, R to the classes of each comparison: W/S, W/NREM/R, W/L/N3/R."""


def confusion(truth: NDArray[np.int64], answer: NDArray[np.int64], *, classes: int) -> Confusion:
    """Return counts, shape (classes, classes), truth by row; epochs without truth (-1) are left out."""
    scored = truth >= 0
    return np.bincount(truth[scored] * classes + answer[scored], minlength=classes**2).reshape(classes, classes).astype(np.float64)


def accuracy(table: Confusion) -> NDArray[np.float64]:
    """Return the share of epochs that agree; `table` has shape (..., classes, classes)."""
    return np.trace(table, axis1=-2, axis2=-1) / table.sum(axis=(-2, -1))


def kappa(table: Confusion) -> NDArray[np.float64]:
    """Return Cohen's kappa (doi 10.1177/001316446002000104); NaN where chance alone agrees fully."""
    total = table.sum(axis=(-2, -1))
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / total**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return (accuracy(table) - chance) / (1.0 - chance)


def macro_f1(table: Confusion) -> NDArray[np.float64]:
    """Return the mean over classes of the F1 score."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    return (2.0 * hits / np.maximum(table.sum(axis=-1) + table.sum(axis=-2), 1.0)).mean(axis=-1)


def resampled(n_people: int, *, draws: int = 2000, seed: int = 7) -> NDArray[np.float64]:
    """Return how often each person is drawn in each bootstrap sample, shape (draws, n_people)."""
    rng = np.random.default_rng(seed)
    return np.stack([np.bincount(rng.integers(0, n_people, n_people), minlength=n_people) for _ in range(draws)]).astype(np.float64)


def summary(tables: Confusion) -> dict[str, object]:
    """Return pooled figures of one scorer with 95 % intervals over people; `tables` has shape (people, classes, classes)."""
    draws = np.einsum("dp,pij->dij", resampled(len(tables)), tables)
    figures: dict[str, object] = {}
    for name, figure in (("kappa", kappa), ("accuracy", accuracy), ("macro_f1", macro_f1)):
        low, high = np.percentile(figure(draws), [2.5, 97.5])
        figures[name] = round(float(figure(tables.sum(axis=0))), 3)
        figures[f"{name}_95"] = [round(float(low), 3), round(float(high), 3)]
    figures["kappa_median_person"] = round(float(np.nanmedian(kappa(tables))), 3)
    return figures


def difference(ours: Confusion, theirs: Confusion) -> dict[str, object]:
    """Return the difference of the pooled kappas with its paired 95 % interval over people."""
    weights = resampled(len(ours))
    draws = kappa(np.einsum("dp,pij->dij", weights, ours)) - kappa(np.einsum("dp,pij->dij", weights, theirs))
    low, high = np.percentile(draws, [2.5, 97.5])
    return {
        "kappa": round(float(kappa(ours.sum(axis=0)) - kappa(theirs.sum(axis=0))), 3),
        "kappa_95": [round(float(low), 3), round(float(high), 3)],
    }


def calibration_error(probabilities: NDArray[np.float64], truth: NDArray[np.int64], *, bins: int = 15) -> float:
    """Return the expected calibration error of the most probable class (doi 10.48550/arXiv.1706.04599)."""
    scored = truth >= 0
    top, right = probabilities[scored].max(axis=1), probabilities[scored].argmax(axis=1) == truth[scored]
    place = np.minimum((top * bins).astype(int), bins - 1)
    gap = np.bincount(place, top, bins) - np.bincount(place, right.astype(np.float64), bins)
    return float(np.abs(gap).sum() / scored.sum())


TASKS = {"2": "sleep / wake", "3": "wake / NREM / REM", "4": "wake / light / deep / REM"}
INPUTS = {"full": "heart rate and movement", "heart": "heart rate alone", "motion": "movement alone"}
AHEAD_BARS = {"2": 0.05, "3": 0.08, "4": 0.08}
"""By how much kappa should exceed the ruler's, from all inputs."""
CALIBRATION_BAR = 0.05
RULER = "gradient boosting, same folds and inputs"


def rows_of(figures: dict[str, Any], protocol: str, *, people: int, epochs: int, coverage: dict[str, float]) -> list[dict[str, Any]]:
    """Return the figures as the rows that every model's scores have; `coverage` is the share of epochs answered, by kind of input."""
    rows = []
    for kind, by_classes in figures.items():
        for classes, by_scorer in by_classes.items():
            task = f"{TASKS[classes]}, {INPUTS[kind]}"
            ours, theirs, ahead = by_scorer["lstm"], by_scorer.get("ruler", {}), by_scorer.get("lstm_less_ruler")
            shown = [(name, ours[name], ours[f"{name}_95"], theirs.get(name), None) for name in ("kappa", "macro_f1", "accuracy")]
            if ahead is not None:
                shown.append(
                    ("kappa above the ruler", ahead["kappa"], ahead["kappa_95"], None, AHEAD_BARS[classes] if kind == "full" else None)
                )
            if "calibration_error" in ours:
                shown.append(("calibration error", ours["calibration_error"], (None, None), None, CALIBRATION_BAR))
            for name, value, (low, high), ruler, bar in shown:
                met = None if bar is None else bool(value <= bar if name == "calibration error" else value >= bar)
                rows.append({
                    "task": task, "protocol": protocol, "n_people": people, "n_units": epochs, "unit": "30-s epochs",
                    "figure": name.replace("macro_f1", "macro-F1"), "value": value, "low": low, "high": high, "ruler": ruler,
                    "ruler_name": RULER, "bar": bar, "passed": met,
                    "coverage": round(coverage[kind], 4),
                })  # fmt: skip
    return rows


WHOLE_NIGHT = "each person judged by what was fitted on the others, {people} people, median of three seeds"
SURE = f"certainty of {TASKS['2']}"
LEAST_HELD = 19 / 24
"""Share of nights whose 90 % interval must hold the truth."""


def certainty_rows(figures: dict[str, Any], *, people: int) -> list[dict[str, Any]]:
    """Return how the certainty and the intervals do, as rows; `figures` as `certainty_of` returns them, and those of slpdb."""
    rows = []
    for kind, name in INPUTS.items():
        found = figures[kind]
        shown = [
            (SURE, "calibration error", found["sleep_wake_calibration_error"], CALIBRATION_BAR),
            (SURE, "mean confidence", found["mean_confidence"], None),
        ]
        if kind != "full":
            shown.append((SURE, "nights surer than with all sensors", found["nights_surer_than_with_all_sensors"], 0.0))
        for number, held in found["intervals"].items():
            shown.append((number, "truth in the 90 % interval", [n / people for n in held["nights_held"]], LEAST_HELD))
            shown.append((number, "width of the 90 % interval", held["mean_width"], None))
        rows += [_night_row(f"{task}, {name}", figure, values, bar=bar, people=people) for task, figure, values, bar in shown]
    sick = figures["disturbed"]
    for figure, key in (("accuracy", "sleep_wake_accuracy"), ("mean confidence", "sleep_wake_confidence")):
        row = _night_row(f"{SURE}, beats alone, severe apnea (MIT-BIH slpdb)", figure, [sick[key]], bar=None, people=sick["people"])
        rows.append(row | {"protocol": f"each person judged by what was fitted on the others, {sick['people']} people"})
    return rows


def held_rows(kind: str, held: dict[str, dict[str, list[Any]]], *, people: int) -> list[dict[str, Any]]:
    """Return how often the intervals of the shipped model held the truth of people never seen, as rows; no interval counts as none held."""
    rows = []
    for number, found in held.items():
        task, share = f"{number}, {INPUTS[kind]}", sum(found["nights"]) / people
        rows.append(_night_row(task, "truth in the 90 % interval", [share], bar=LEAST_HELD, people=people))
        rows.append(_night_row(task, "width of the 90 % interval", [float(np.mean(found["widths"]))], bar=None, people=people))
    return [row | {"protocol": f"people never seen, {people}"} for row in rows]


def _night_row(task: str, figure: str, values: list[float], *, bar: float | None, people: int) -> dict[str, Any]:
    value = float(np.median(values))
    met = None if bar is None else bool(value >= bar if figure.startswith("truth") else value <= bar)
    return {
        "task": task, "protocol": WHOLE_NIGHT.format(people=people), "n_people": people, "n_units": people, "unit": "nights",
        "figure": figure, "value": round(value, 3), "low": None, "high": None, "ruler": None, "ruler_name": None,
        "bar": None if bar is None else round(bar, 3), "passed": met, "coverage": 1.0,
    }  # fmt: skip


def with_scores(text: str, scores: dict[str, Any]) -> str:
    """Return a card's text with its scores and what was fitted with them, the last parts, replaced."""
    tables = [_table(f"certainty.{kind}", values) for kind, values in scores["certainty"]["card"].items()]
    return "\n".join([text.split("\n[scores]\n", maxsplit=1)[0], *_scores(scores), *tables])


def _table(name: str, values: dict[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]) + "\n"


def _scores(scores: dict[str, Any]) -> list[str]:
    """Return one table a kind of input and number of classes, as `evaluate.py` measured them."""
    parts = [f"[scores]\nprotocol = {json.dumps(scores['protocol'])}\n"]
    for kind, by_classes in scores["figures"].items():
        for classes, by_scorer in by_classes.items():
            for scorer, figures in by_scorer.items():
                lines = [f"{name} = {json.dumps(value)}" for name, value in figures.items()]
                parts.append("\n".join([f"[scores.{kind}.classes_{classes}.{scorer}]", *lines]) + "\n")
    return parts
