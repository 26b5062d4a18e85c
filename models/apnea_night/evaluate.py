"""Judge events per hour and severity by person: each night by what was fitted on other persons.

python models/apnea_night/evaluate.py [--data DIR] [--out JSON]
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.agreement import area
from models.apnea_night.fit import LIMITS, Nights, Values, fit_odds, gather, half_width, left_out, left_out_index, odds

FOLDER = Path(__file__).resolve().parent
STRAPS = 500


def main() -> None:
    """Print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="reference recordings (default: SOMNIA_REFERENCE_DATA)")
    parser.add_argument("--out", type=Path, default=FOLDER / "scores.json")
    arguments = parser.parse_args()
    if arguments.data:
        os.environ["SOMNIA_REFERENCE_DATA"] = str(arguments.data)
    nights = gather()
    rows = _index_rows(nights)
    for kind, share in (("beats", nights.beats), ("oxygen", nights.oxygen)):
        mine = slice(None) if kind == "beats" else ~nights.counted
        low, high, person = nights.low[mine], nights.high[mine], nights.person[mine]
        rows += _severity_rows(_chances(share, low, high, person), low, high, kind=kind)
    arguments.out.write_text(json.dumps({"model": "apnea_night", "rows": rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(f"{row['task']:58s} n={row['n_people']:<4d} {row['figure']:24s} {row['value']} {row['low']} {row['high']}")


def _chances(share: Values, low: Values, high: Values, person: NDArray[np.str_]) -> Values:
    return left_out(lambda keep, ask: odds(fit_odds(share[keep], low[keep], high[keep]), share[ask]), person)


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


def _index_rows(nights: Nights) -> list[dict[str, object]]:
    index, truth = left_out_index(nights), nights.low[nights.counted]
    half = half_width(index, truth)
    ends = np.maximum(np.sqrt(index) - half, 0.0) ** 2, (np.sqrt(index) + half) ** 2
    inside = ((ends[0] <= truth) & (ends[1] >= truth)).astype(np.float64)
    task, n = "events per hour, Apnea-ECG, beats", len(index)
    return [
        _row(task, "interval meets truth", _strapped(np.mean, inside), n),
        _row(task, "interval width, median", _strapped(np.median, ends[1] - ends[0]), n),
        _row(task, "mean error", _strapped(lambda a, b: np.abs(a - b).mean(), index, truth), n),
        _row(task, "r", _strapped(lambda a, b: np.corrcoef(a, b)[0, 1], index, truth), n),
    ]


def _severity_rows(chance: Values, low: Values, high: Values, *, kind: str) -> list[dict[str, object]]:
    rows = []
    for place, limit in enumerate(LIMITS):
        known = (low >= limit) | (high <= limit)
        p, truth = chance[known, place], (low[known] >= limit).astype(np.float64)
        task = f"at least {limit:.0f} events per hour, {kind}"
        rows.append(_row(task, "AUC", _strapped(lambda a, b: area(b > 0.5, a), p, truth), len(p)))
        said = p >= 0.5
        rows.append(_row(task, "sensitivity@0.5", _strapped(lambda a, b: a[b > 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "specificity@0.5", _strapped(lambda a, b: 1.0 - a[b < 0.5].mean(), said * 1.0, truth), len(p)))
        rows.append(_row(task, "Brier score", _strapped(lambda a, b: ((a - b) ** 2).mean(), p, truth), len(p)))
    return rows


if __name__ == "__main__":
    main()
