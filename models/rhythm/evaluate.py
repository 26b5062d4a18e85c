"""Judge the rhythm by person: trees grown without those who are judged, or the shipped trees on people never seen.

python models/rhythm/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.agreement import area
from models.product import analysed, column_of
from models.report import judge
from models.rhythm.data import FOLDER, Record, read_records
from somnia_engine.metrics.rhythm import IRREGULAR
from somnia_engine.types.hypnogram import EPOCH_S

SENSITIVE = 0.2
FOLDS = 5
STRAPS = 500
PART_EPOCHS = 1440
RULER = "gradient boosting, untuned"

Answers = dict[str, NDArray[np.float64]]


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, _judged)


def _judged(asked: argparse.Namespace) -> list[dict[str, Any]]:
    records = read_records(asked.heldout)
    return _rows(records, _shipped(records), "people never seen") if asked.heldout else _cross_validated(records)


def _key(record: Record) -> str:
    return f"{record.set}/{record.name}"


def _probability(score: Any, record: Record) -> NDArray[np.float64]:
    p = np.full(len(record.rows), np.nan)
    seen = np.isfinite(record.rows[:, 0])
    if seen.any():
        p[seen] = score(record.rows[seen])
    return p


def _shipped(records: list[Record]) -> Answers:
    """Return the shipped trees' answers, asked with the beats as a person would upload them, in parts of at most half a day."""
    return {_key(record): _uploaded(record) for record in records}


def _uploaded(record: Record) -> NDArray[np.float64]:
    ends_s, rr_ms = record.beats_s[1:], 1000.0 * np.diff(record.beats_s)
    parts = []
    for first in range(0, len(record.rows), PART_EPOCHS):
        count = min(PART_EPOCHS, len(record.rows) - first)
        inside = (ends_s > first * EPOCH_S) & (ends_s <= (first + count) * EPOCH_S)
        night = analysed({"rr_ms": (ends_s[inside] - first * EPOCH_S, rr_ms[inside])}) if inside.any() else None
        parts.append(column_of(night, "p_irregular_rhythm", count))
    return np.concatenate(parts) if parts else np.zeros(0)


def _cross_validated(records: list[Record]) -> list[dict[str, Any]]:
    """Each Holter with fibrillation left out in turn; the normal ones, the arrhythmias and the strips in five folds."""
    answers: Answers = {}
    folds = [[record] for record in records if record.set == "afdb"]
    others = [record for record in records if record.set != "afdb"]
    order = np.random.default_rng(0).permutation(len(others))
    folds += [[others[i] for i in order[fold::FOLDS]] for fold in range(FOLDS)]
    for left_out in folds:
        names = {_key(record) for record in left_out}
        model = _grown([record for record in records if _key(record) not in names])
        answers |= {_key(record): _probability(lambda rows, m=model: m.predict_proba(rows)[:, 1], record) for record in left_out}
        print(f"{len(answers)} of {len(records)}", flush=True)
    rows = _rows(records, answers, "left out, by person (strips: by strip)")
    holter = _grown([record for record in records if record.set != "cinc"])
    strips = [record for record in records if record.set == "cinc"]
    apart = {_key(record): _probability(lambda rows: holter.predict_proba(rows)[:, 1], record) for record in strips}
    return [*rows, *_device_change(strips, apart)]


def _grown(records: list[Record]) -> Any:
    from models.rhythm.recipe import grow

    return grow(records)


def _rows(records: list[Record], answers: Answers, protocol: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    by_set = {name: [record for record in records if record.set == name] for name in ("afdb", "nsr", "mitdb", "cinc")}
    if by_set["afdb"]:
        rows += _fibrillation(by_set["afdb"], answers, protocol)
    for name, task in (("nsr", "irregular windows in normal Holters"), ("mitdb", "irregular windows in records with extra beats")):
        if by_set[name]:
            rows += _false_alarms(by_set[name], answers, task=task, protocol=protocol, bar=0.03 if name == "nsr" else None)
    if by_set["cinc"]:
        rows += _strip_rows(by_set["cinc"], answers, protocol)
    return rows


def _row(
    task: str, protocol: str, records: list[Record], *, figure: str, values: tuple[float, ...], more: dict[str, Any]
) -> dict[str, Any]:
    value, low, high = values
    bar, below = more.get("bar"), more.get("below", False)
    passed = None if bar is None else bool(value <= bar if below else value >= bar)
    windows = sum(len(record.rows) for record in records)
    return {
        "task": task, "protocol": protocol, "n_people": len(records), "n_units": windows, "unit": "30-s windows", "figure": figure,
        "value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "ruler": more.get("ruler"), "ruler_name": RULER,
        "bar": bar, "passed": passed, "coverage": round(more["coverage"], 4),
    }  # fmt: skip


def _strapped(records: list[Record], measure: Any) -> tuple[float, float, float]:
    """Return a figure with its 95 % interval over records."""
    rng = np.random.default_rng(1)
    draws = [
        measure([records[i] for i in rng.integers(len(records), size=len(records))]) for _ in range(STRAPS if len(records) < 100 else 100)
    ]
    low, high = np.nanpercentile(draws, (2.5, 97.5))
    return float(measure(records)), float(low), float(high)


def _fibrillation(records: list[Record], answers: Answers, protocol: str) -> list[dict[str, Any]]:
    def joined(some: list[Record]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        p = np.concatenate([answers[_key(record)] for record in some])
        return np.concatenate([record.share >= 0.5 for record in some]), p

    def auc(some: list[Record]) -> float:
        truth, p = joined(some)
        return area(truth, np.nan_to_num(p, nan=0.0))

    def sensitivity(some: list[Record]) -> float:
        truth, p = joined(some)
        return float((p[truth] >= SENSITIVE).mean()) if truth.any() else float("nan")

    def specificity(some: list[Record]) -> float:
        truth, p = joined(some)
        return float(1.0 - (p[~truth] >= SENSITIVE).mean())

    coverage = float(np.isfinite(joined(records)[1]).mean())
    task = "fibrillation in Holters (MIT-BIH AFDB)"
    return [
        _row(
            task,
            protocol,
            records,
            figure=figure,
            values=_strapped(records, measure),
            more={"bar": bar, "ruler": ruler, "coverage": coverage},
        )
        for figure, measure, bar, ruler in (
            ("AUC", auc, 0.995, 0.995),
            (f"sensitivity@{SENSITIVE}", sensitivity, 0.965, 0.959),
            (f"specificity@{SENSITIVE}", specificity, 0.985, 0.986),
        )
    ]


def _false_alarms(records: list[Record], answers: Answers, *, task: str, protocol: str, bar: float | None) -> list[dict[str, Any]]:
    """Return the share of windows in an episode: two windows in a row at IRREGULAR."""

    def false_pct(some: list[Record]) -> float:
        return 100.0 * float(np.concatenate([in_episode(answers[_key(record)]) for record in some]).mean())

    coverage = float(np.isfinite(np.concatenate([answers[_key(record)] for record in records])).mean())
    more = {"bar": bar, "below": True, "ruler": 0.04 if bar else None, "coverage": coverage}
    return [_row(task, protocol, records, figure="false windows, %", values=_strapped(records, false_pct), more=more)]


def in_episode(p: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which windows belong to a run of at least two at IRREGULAR or above."""
    high = np.nan_to_num(p, nan=0.0) >= IRREGULAR
    before, after = np.concatenate(([False], high[:-1])), np.concatenate((high[1:], [False]))
    return np.asarray(high & (before | after))


def _strip_scores(records: list[Record], answers: Answers) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    some = [record for record in records if record.label in ("A", "N")]
    p = [answers[_key(record)] for record in some]
    return np.array([record.label == "A" for record in some]), np.array([np.nanmean(q) if np.isfinite(q).any() else 0.0 for q in p])


def _strip_rows(records: list[Record], answers: Answers, protocol: str) -> list[dict[str, Any]]:
    def f1(some: list[Record]) -> float:
        truth, p = _strip_scores(some, answers)
        found = p >= SENSITIVE
        return float(2.0 * (found & truth).sum() / max((found.sum() + truth.sum()), 1))

    coverage = float(np.mean([np.isfinite(answers[_key(record)]).any() for record in records]))
    more = {"bar": 0.90, "ruler": 0.87, "coverage": coverage}
    return [_row("strips A against N (CinC 2017)", protocol, records, figure=f"F1@{SENSITIVE}", values=_strapped(records, f1), more=more)]


def _device_change(strips: list[Record], answers: Answers) -> list[dict[str, Any]]:
    def sensitivity(some: list[Record]) -> float:
        truth, p = _strip_scores(some, answers)
        return float((p[truth] > np.quantile(p[~truth], 0.967)).mean()) if truth.any() else float("nan")

    coverage = float(np.mean([np.isfinite(answers[_key(record)]).any() for record in strips]))
    more = {"bar": 0.67, "ruler": 0.67, "coverage": coverage}
    task = "strips A against N, grown on Holters only"
    return [_row(task, "device change", strips, figure="sens@spec 0.967", values=_strapped(strips, sensitivity), more=more)]


if __name__ == "__main__":
    main()
