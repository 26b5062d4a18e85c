"""Judge events per hour and severity by person: each night by what was fitted on other persons.

python models/apnea_night/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.agreement import area
from models.apnea.data import read_nights
from models.apnea_night.fit import LIMITS, Values, fit_odds, gather, half_width, left_out, left_out_index, odds, truth_of
from models.product import analysed
from models.report import judge
from somnia_engine.metrics.breathing_events import EVENTS
from somnia_engine.types.night import NightAnalysis

Row = dict[str, object]
FOLDER = Path(__file__).resolve().parent
STRAPS = 500
FIGURES = 4
"""Figures of each limit."""


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, lambda asked: _shipped(asked.heldout) if asked.heldout else _left_out())


def _left_out() -> list[Row]:
    nights = gather()
    index, truth = left_out_index(nights), nights.low[nights.counted]
    half = half_width(index, truth)
    ends = np.maximum(np.sqrt(index) - half, 0.0) ** 2, (np.sqrt(index) + half) ** 2
    rows = _index_rows(index, truth, ends)
    for kind, share in (("beats", nights.beats), ("oxygen", nights.oxygen)):
        mine = slice(None) if kind == "beats" else ~nights.counted
        low, high, person = nights.low[mine], nights.high[mine], nights.person[mine]
        rows += _severity_rows(_chances(share, low, high, person), low, high, kind=kind)
    return rows


def _shipped(folder: Path) -> list[Row]:
    """Return the rows of what the product tells of whole nights; one that it does not judge counts as judged wrongly."""
    rows: list[Row] = []
    nights = read_nights(folder)
    for kind, channels, sets in (("beats", ("rr_ms",), ("apnea_ecg", "hugcdn")), ("oxygen", ("rr_ms", "spo2_pct"), ("hugcdn",))):
        some = [night for night in nights if night.set in sets]
        if not some:
            continue
        found = [analysed({channel: night.samples[channel] for channel in channels}) for night in some]
        low, high = truth_of(some, folder)
        counted = np.array([night.set == "apnea_ecg" for night in some])
        if kind == "beats" and counted.sum() > 1:
            told = np.array([_told(night) for night, known in zip(found, counted, strict=True) if known])
            rows += _index_rows(told[:, 0], low[counted], (told[:, 1], told[:, 2]))
        chances = np.array([[_chance(night, limit) for limit in LIMITS] for night in found])
        rows += _severity_rows(chances, low, high, kind=kind)
    return [{**row, "protocol": "people never seen"} for row in rows]


def _measure(night: NightAnalysis | None, key: str) -> float:
    return 0.0 if night is None else float(np.nan_to_num(night.measures[key], nan=0.0))


def _chance(night: NightAnalysis | None, limit: float) -> float:
    return float("nan") if night is None else night.measures.get(f"p_breathing_from_{limit:.0f}_per_h", float("nan"))


def _told(night: NightAnalysis | None) -> tuple[float, float, float]:
    """Return the estimate of events per hour and the ends of its interval."""
    if night is None or EVENTS not in night.intervals:
        return 0.0, 0.0, 0.0
    return (_measure(night, EVENTS), *night.intervals[EVENTS])


def _chances(share: Values, low: Values, high: Values, person: NDArray[np.str_]) -> Values:
    return left_out(lambda keep, ask: odds(fit_odds(share[keep], low[keep], high[keep]), share[ask]), person)


def _row(task: str, figure: str, values: Values, n: int) -> Row:
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


def _index_rows(index: Values, truth: Values, ends: tuple[Values, Values]) -> list[Row]:
    inside = ((ends[0] <= truth) & (ends[1] >= truth)).astype(np.float64)
    task, n = "events per hour, Apnea-ECG, beats", len(index)
    return [
        _row(task, "interval meets truth", _strapped(np.mean, inside), n),
        _row(task, "interval width, median", _strapped(np.median, ends[1] - ends[0]), n),
        _row(task, "mean error", _strapped(lambda a, b: np.abs(a - b).mean(), index, truth), n),
        _row(task, "r", _strapped(lambda a, b: np.corrcoef(a, b)[0, 1], index, truth), n),
    ]


def _severity_rows(chance: Values, low: Values, high: Values, *, kind: str) -> list[Row]:
    rows = []
    for place, limit in enumerate(LIMITS):
        known = (low >= limit) | (high <= limit)
        truth = (low[known] >= limit).astype(np.float64)
        told = np.isfinite(chance[known, place])
        p = np.where(told, chance[known, place], 1.0 - truth)  # a night without an answer counts as a wrong one
        task = f"at least {limit:.0f} events per hour, {kind}"
        rows.append(_row(task, "AUC", _strapped(lambda a, b: area(b > 0.5, a), p, truth), len(p)))
        said = p >= 0.5
        rows.append(_row(task, "sensitivity@0.5", _strapped(lambda a, b: a[b > 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "specificity@0.5", _strapped(lambda a, b: 1.0 - a[b < 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "Brier score", _strapped(lambda a, b: ((a - b) ** 2).mean(), p, truth), len(p)))
        for row in rows[-FIGURES:]:
            row["coverage"] = round(float(told.mean()), 4)
    return rows


if __name__ == "__main__":
    main()
