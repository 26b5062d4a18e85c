"""Fit events per hour and severity to the share of a night that looks disturbed, on answers out of fold, and judge them by person.

python models/apnea_night/train.py
"""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.apnea.data import Night, read_nights, reference_folder
from models.apnea.evaluate import _area, _out_of_fold

FOLDER = Path(__file__).resolve().parent
LIMITS = (5.0, 15.0, 30.0)
GROUP_RANGES = {"C": (0.0, 5.0), "D": (30.0, 106.0), "ND": (26.0, 88.0)}
"""AHI of each group of HuGCDN2014-OXI, whose single values are not published (Martin-Gonzalez 2023)."""
COVERED = 0.9
STRAPS = 500
Values = NDArray[np.float64]

CARD = """name = "apnea_night"
version = "1"
task = "Events per hour of recording and probabilities of severity, from the mean of p_breathing_event over a night"
kind = "one curve; proportional odds for beats alone and for oxygen; interval split conformal on roots, from errors out of fold"
trained_by = "models/apnea_night/train.py"

limits = [
    "Almost all nights were of people with no or severe sleep apnea: mild and moderate (5 to 30 events per hour) are untested.",
    "Events per hour were fitted on beats alone (Apnea-ECG); with oxygen only their agreement with three groups could be checked.",
    "Persons whose heart answers little to pauses are missed by beats alone: the wide interval says so.",
    "The interval's width was set by the errors of the same Apnea-ECG nights that its coverage is told for; new nights can do worse.",
    "It is an estimate per hour of recording and no AHI.",
]

[data]
name = "Apnea-ECG ({ecg} nights, AHI of each), HuGCDN2014-OXI ({hug} nights, AHI range of each group)"
license = "ODC-By 1.0; CC BY 4.0"
citation = "Penzel 2000, doi 10.1109/CIC.2000.898505; Martin-Gonzalez 2023, Sensors 23:4267, doi 10.3390/s23094267"

[files]

[index]
curve = {curve}
half_width = {half}

[severity]
beats = {beats}
oxygen = {oxygen}
"""


def main() -> None:
    """Fit on every night, judge by leaving persons out, write card and scores."""
    nights = read_nights()
    hug, ecg = ([night for night in nights if night.set == name] for name in ("hugcdn", "apnea_ecg"))
    answers = _out_of_fold(ecg, "beats", beside=hug) | _out_of_fold(hug, "both", beside=[])
    order = [*ecg, *hug]
    share = np.array([np.nanmean(answers[night.name]) for night in order])
    low, high = _truth(order)
    person = np.array([night.person for night in order])
    counted = np.arange(len(order)) < len(ecg)
    index = _left_out(lambda keep, ask: curve(fit_curve(share[keep & counted], low[keep & counted]), share[ask]), person)
    half = half_width(index[counted], low[counted])
    by_beats = answers | _out_of_fold(hug, "beats", beside=ecg)
    shares = {"beats": np.array([np.nanmean(by_beats[night.name]) for night in order]), "oxygen": share[~counted]}
    rows = _index_rows(index, half, low=low, high=high, counted=counted)
    weights = {}
    for kind, found in shares.items():
        mine = slice(0 if kind == "beats" else len(ecg), None)
        weights[kind] = _listed(fit_odds(found, low[mine], high[mine]))
        rows += _severity_rows(_chances(found, low[mine], high[mine], person[mine]), low[mine], high[mine], kind=kind)
    curved = _listed(fit_curve(share[counted], low[counted]))
    text = CARD.format(ecg=len(ecg), hug=len(hug), curve=curved, half=round(half, 3), **weights)
    (FOLDER / "card.toml").write_text(text, encoding="utf-8")
    (FOLDER / "scores.json").write_text(json.dumps({"model": "apnea_night", "rows": rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(f"{row['task']:58s} n={row['n_people']:<4d} {row['figure']:24s} {row['value']} {row['low']} {row['high']}")


def _listed(values: Values) -> str:
    return json.dumps([round(float(value), 4) for value in values])


def _chances(share: Values, low: Values, high: Values, person: NDArray[np.str_]) -> Values:
    return _left_out(lambda keep, ask: odds(fit_odds(share[keep], low[keep], high[keep]), share[ask]), person)


def _truth(nights: list[Night]) -> tuple[Values, Values]:
    """Return lowest and highest possible AHI of each night: the same where its value is known."""
    known: dict[str, tuple[float, float]] = {}
    for folder, column in (("apnea_ecg", "AHI"), ("hugcdn2014_oxi", "group")):
        with (reference_folder() / "apnea" / folder / "records.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                known[row["record"]] = GROUP_RANGES[row[column]] if column == "group" else (float(row[column]), float(row[column]))
    pairs = np.array([known[night.name] for night in nights])
    return pairs[:, 0], pairs[:, 1]


def _left_out(answer: Callable[[NDArray[np.bool_], NDArray[np.bool_]], Values], person: NDArray[np.str_]) -> Values:
    """Return the answers for each person, fitted on the others."""
    found: dict[int, Values] = {}
    for name in np.unique(person):
        ask = person == name
        found |= dict(zip(np.flatnonzero(ask).tolist(), answer(~ask, ask), strict=True))
    return np.array([found[i] for i in range(len(person))])


def curve(weights: Values, share: Values) -> Values:
    """Return events per hour; `weights` are scale, floor and power."""
    return np.asarray(weights[0] * np.clip(share - weights[1], 0.0, None) ** weights[2])


def fit_curve(share: Values, ahi: Values) -> Values:
    """Return the curve whose roots come nearest, far-off nights weighing less."""
    from scipy.optimize import least_squares

    def error(weights: Values) -> Values:
        return np.asarray(np.sqrt(np.maximum(curve(weights, share), 1e-4)) - np.sqrt(ahi))

    bounds = ([1.0, 0.0, 0.3], [300.0, 0.12, 2.0])
    return np.asarray(least_squares(error, [90.0, 0.05, 0.8], bounds=bounds, loss="soft_l1").x)


def half_width(index: Values, ahi: Values) -> float:
    """Return the conformal half width on roots: the error that nine nights of ten stay under."""
    errors = np.sort(np.abs(np.sqrt(ahi) - np.sqrt(index)))
    return float(errors[min(int(np.ceil(COVERED * (len(errors) + 1))), len(errors)) - 1])


def _logit(share: Values) -> Values:
    safe = np.clip(share, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(safe / (1.0 - safe)))


def odds(weights: Values, share: Values) -> Values:
    """Return the probabilities of at least each of LIMITS, shape (n, 3)."""
    return np.asarray(1.0 / (1.0 + np.exp(weights[1:] - weights[0] * _logit(share)[:, None])))


def fit_odds(share: Values, low: Values, high: Values) -> Values:
    """Return slope and limits; a night counts for those limits that its range of AHI does not straddle."""
    from scipy.optimize import minimize

    def loss(weights: Values) -> float:
        total = 0.05 * weights[0] ** 2
        for place, limit in enumerate(LIMITS):
            known = (low >= limit) | (high <= limit)
            score = weights[0] * _logit(share[known]) - weights[1 + place]
            total += np.logaddexp(0.0, np.where(low[known] >= limit, -score, score)).sum()
        return float(total)

    return np.asarray(minimize(loss, [2.0, -4.0, -3.0, -2.0], method="L-BFGS-B").x)


def _row(task: str, figure: str, values: Values, n: int) -> dict[str, object]:
    """Return a row; `values` hold the figure and its draws over nights."""
    low, high = np.nanpercentile(values[1:], (2.5, 97.5))
    return {
        "task": task, "protocol": "left out, by person", "n_people": n, "n_units": n, "unit": "nights", "figure": figure,
        "value": round(float(values[0]), 3), "low": round(float(low), 3), "high": round(float(high), 3), "ruler": None, "ruler_name": "",
        "bar": None, "passed": None, "coverage": 1.0,
    }  # fmt: skip


def _strapped(measure: Callable[..., float], *columns: Values) -> Values:
    rng, n = np.random.default_rng(1), len(columns[0])
    draws = [np.arange(n), *(rng.integers(n, size=n) for _ in range(STRAPS))]
    return np.array([measure(*(column[draw] for column in columns)) for draw in draws])


def _index_rows(index: Values, half: float, *, low: Values, high: Values, counted: NDArray[np.bool_]) -> list[dict[str, object]]:
    ends = np.maximum(np.sqrt(index) - half, 0.0) ** 2, (np.sqrt(index) + half) ** 2
    inside = ((ends[0] <= high) & (ends[1] >= low)).astype(np.float64)
    rows = []
    for task, some in (("events per hour, Apnea-ECG, beats", counted), ("events per hour, HuGCDN groups, oxygen and beats", ~counted)):
        n = int(some.sum())
        rows.append(_row(task, "interval meets truth", _strapped(np.mean, inside[some]), n))
        rows.append(_row(task, "interval width, median", _strapped(np.median, (ends[1] - ends[0])[some]), n))
    ours, truth = index[counted], low[counted]
    task, n = "events per hour, Apnea-ECG, beats", len(ours)
    rows.append(_row(task, "mean error", _strapped(lambda a, b: np.abs(a - b).mean(), ours, truth), n))
    rows.append(_row(task, "r", _strapped(lambda a, b: np.corrcoef(a, b)[0, 1], ours, truth), n))
    return rows


def _severity_rows(chance: Values, low: Values, high: Values, *, kind: str) -> list[dict[str, object]]:
    rows = []
    for place, limit in enumerate(LIMITS):
        known = (low >= limit) | (high <= limit)
        p, truth = chance[known, place], (low[known] >= limit).astype(np.float64)
        task = f"at least {limit:.0f} events per hour, {kind}"
        rows.append(_row(task, "AUC", _strapped(lambda a, b: _area(b > 0.5, a), p, truth), len(p)))
        said = p >= 0.5
        rows.append(_row(task, "sensitivity@0.5", _strapped(lambda a, b: a[b > 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "specificity@0.5", _strapped(lambda a, b: 1.0 - a[b < 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "Brier score", _strapped(lambda a, b: ((a - b) ** 2).mean(), p, truth), len(p)))
    return rows


if __name__ == "__main__":
    main()
