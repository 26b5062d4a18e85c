"""Judge the finding of disturbed breathing by person, per minute and per night, within and across databases.

python models/apnea/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.agreement import area
from models.apnea.data import FOLDER, NET_KIND, Night, read_nights
from models.product import analysed, column_of
from models.report import judge
from somnia_engine.extractors.breathing_events import joined

FOLDS = 5
STRAPS = 300
RULER = "gradient boosting, untuned"
Answers = dict[str, NDArray[np.float64]]
HUG_BARS = {"accuracy": (0.915, 0.910), "kappa": (0.75, 0.739), "AUC": (0.955, 0.951), "r per night": (0.96, 0.96)}
ECG_BARS = {"accuracy": (0.87, 0.889), "kappa": (0.72, 0.764), "AUC": (0.93, 0.952)}


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, lambda asked: (_shipped if asked.heldout else _cross_validated)(read_nights(asked.heldout)))


def _trained(nights: list[Night], kind: str) -> Callable[[Night], NDArray[np.float64]]:
    """Return what answers each epoch of a night, trained on some nights as the shipped model was: trees and, for beats, networks."""
    from models.apnea.data import grow
    from models.trees import trees_of

    some = [night for night in nights if kind in night.rows]
    trees, committee = trees_of(grow(some, kind)), None
    if kind == NET_KIND:
        from models.apnea.network import train_committee

        committee = train_committee(some)

    def answer(night: Night) -> NDArray[np.float64]:
        rows = night.rows[kind]
        p, seen = np.full(len(rows), np.nan), np.isfinite(rows[:, 0])
        p[seen] = joined(trees.score(rows[seen]), None if committee is None else committee.logits(night.waves)[seen])
        return p

    return answer


def _folds(nights: list[Night]) -> list[set[str]]:
    people = np.random.default_rng(0).permutation(sorted({night.person for night in nights}))
    return [set(people[fold::FOLDS]) for fold in range(FOLDS)]


def out_of_fold(nights: list[Night], kind: str, *, beside: list[Night]) -> Answers:
    """Return each night's answers by a model that was trained without its person, on the other folds and on the nights `beside`."""
    answers: Answers = {}
    for people in _folds(nights):
        answer = _trained([night for night in nights if night.person not in people] + beside, kind)
        answers |= {night.name: answer(night) for night in nights if night.person in people}
    return answers


def _cross_validated(nights: list[Night]) -> list[dict[str, Any]]:
    hug, ecg = ([night for night in nights if night.set == name] for name in ("hugcdn", "apnea_ecg"))
    grouped = "5 folds grouped by person"
    rows = _rows("oxygen and beats, HuGCDN", grouped, hug, out_of_fold(hug, "both", beside=[]), HUG_BARS)
    rows += _rows("oxygen alone, HuGCDN", grouped, hug, out_of_fold(hug, "oxygen", beside=[]), {})
    rows += _rows("beats alone, HuGCDN", grouped, hug, out_of_fold(hug, "beats", beside=ecg), {})
    rows += _rows("beats alone, Apnea-ECG", grouped, ecg, out_of_fold(ecg, "beats", beside=hug), ECG_BARS)
    for task, train, test, bar, ruler in (
        ("beats alone, HuGCDN to Apnea-ECG", hug, ecg, 0.93, 0.927),
        ("beats alone, Apnea-ECG to HuGCDN", ecg, hug, 0.87, 0.861),
    ):
        answer = _trained(train, "beats")
        answers = {night.name: answer(night) for night in test}
        rows += _rows(task, "across databases", test, answers, {"AUC": (bar, ruler)})
    return rows


def _shipped(nights: list[Night]) -> list[dict[str, Any]]:
    """Return the rows of the shipped trees, asked with the nights' samples as a person would upload them."""
    rows: list[dict[str, Any]] = []
    for task, name, channels in (
        ("oxygen and beats, HuGCDN", "hugcdn", ("rr_ms", "spo2_pct")),
        ("oxygen alone, HuGCDN", "hugcdn", ("spo2_pct",)),
        ("beats alone, HuGCDN", "hugcdn", ("rr_ms",)),
        ("beats alone, Apnea-ECG", "apnea_ecg", ("rr_ms",)),
    ):
        some = [night for night in nights if night.set == name]
        if some:
            answers = {night.name: _uploaded(night, channels) for night in some}
            rows += _rows(task, "people never seen", some, answers, {})
    return rows


def _uploaded(night: Night, channels: tuple[str, ...]) -> NDArray[np.float64]:
    analysis = analysed({channel: night.samples[channel] for channel in channels})
    return column_of(analysis, "p_breathing_event", len(night.epochs))


def by_minute(p: NDArray[np.float64], n_minutes: int, *, halves: bool) -> NDArray[np.float64]:
    """Return the probability of each minute from its two epochs, of one where the other is not known, NaN without any.

    With `halves`, a minute holds an event when one of its halves does (HuGCDN: its labels are so without exception); else both epochs
    were taught the minute's own label, and their mean is the minute's.
    """
    pairs = p[: 2 * n_minutes].reshape(n_minutes, 2)
    count = np.isfinite(pairs).sum(axis=1)
    mean = np.nansum(pairs, axis=1) / np.maximum(count, 1)
    either = 1.0 - np.prod(1.0 - np.nan_to_num(pairs, nan=0.0), axis=1)
    return np.where(count > 0, either if halves else mean, np.nan)


def _rows(task: str, protocol: str, nights: list[Night], answers: Answers, bars: dict[str, tuple[float, float]]) -> list[dict[str, Any]]:
    truths = [night.minutes for night in nights]
    found = [by_minute(answers[night.name], len(night.minutes), halves=night.set == "hugcdn") for night in nights]
    coverage = float(np.isfinite(np.concatenate(found)).mean())
    # a minute without an answer counts as a wrong one
    found = [np.where(np.isnan(p), 1.0 - truth, p) for p, truth in zip(found, truths, strict=True)]
    people = sorted({night.person for night in nights})
    place = {person: [i for i, night in enumerate(nights) if night.person == person] for person in people}
    rng = np.random.default_rng(1)
    draws = [[i for k in rng.integers(len(people), size=len(people)) for i in place[people[k]]] for _ in range(STRAPS)]
    whole = figures(truths, found)
    straps = [figures([truths[i] for i in draw], [found[i] for i in draw]) for draw in draws]
    rows = []
    for name, value in whole.items():
        low, high = np.nanpercentile([strap[name] for strap in straps], (2.5, 97.5))
        bar, ruler = bars.get(name, (None, None))
        rows.append(
            {
                "task": task, "protocol": protocol, "n_people": len(people), "n_units": sum(map(len, truths)), "unit": "minutes",
                "figure": name, "value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4), "ruler": ruler,
                "ruler_name": RULER, "bar": bar, "passed": None if bar is None else bool(value >= bar), "coverage": round(coverage, 4),
            }
        )  # fmt: skip
    return rows


def figures(truths: list[NDArray[np.float64]], found: list[NDArray[np.float64]]) -> dict[str, float]:
    """Return accuracy, kappa, macro-F1 and AUC over minutes, and the correlation over nights of true with found minutes' share."""
    truth, p = np.concatenate(truths) > 0.5, np.concatenate(found)
    said = p >= 0.5
    tp, tn, fp, fn = (float((a & b).sum()) for a, b in ((said, truth), (~said, ~truth), (said, ~truth), (~said, truth)))
    n = tp + tn + fp + fn
    chance = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / n**2
    accuracy = (tp + tn) / n
    f1 = [2 * hit / max(2 * hit + fp + fn, 1.0) for hit in (tp, tn)]
    shares = [np.array([values.mean() for values in rows]) for rows in (truths, found)]
    r = float(np.corrcoef(*shares)[0, 1]) if len(truths) > 2 and shares[0].std() > 0 else float("nan")
    kappa = (accuracy - chance) / max(1.0 - chance, 1e-9)
    return {"accuracy": accuracy, "kappa": kappa, "macro-F1": sum(f1) / 2.0, "AUC": area(truth, p), "r per night": r}


if __name__ == "__main__":
    main()
