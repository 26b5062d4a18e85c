"""Judge what is found by rule, not learned: heart beats in an ECG, and the fall of oxygen that tells apnea from none.

    python models/rules/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]

Nothing is fitted here, so both options judge the same way; the constants of the beat detector were chosen on the reference records.
"""

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.agreement import matched
from models.product import analysed
from models.reference import reference_folder
from models.report import judge
from somnia_engine.dsp.beats import detect_beats

FOLDER = Path(__file__).resolve().parent
BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
CLEAN = ("100", "119", "233", "213", "data_101_6", "data_21_7", "data_21_8", "data_92_12")
"""Records whose beats stand out in the first lead; picked by eye and score, as the reference data name none clean."""
WITHIN_S = 0.1
ODI_LIMIT = 10.0
STRAPS = 1000
Counts = NDArray[np.float64]
Row = dict[str, Any]


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, _judged)


def _judged(asked: argparse.Namespace) -> list[Row]:
    folder = asked.heldout or reference_folder()
    return [*beat_rows(folder, seen=not asked.heldout), *oxygen_rows(folder)]


def beat_rows(folder: Path, *, seen: bool) -> list[Row]:
    """Return the F1 score of the beats of the raw ECG records, from the first lead and from two."""
    rows = []
    protocol = "rule; its constants were chosen here" if seen else "people never seen"
    for leads, told in ((1, "first lead"), (2, "two leads")):
        counts = beat_counts(folder, leads)
        if not counts:
            continue
        rows.append(_beats(f"beats within 100 ms, {told}, all records", protocol, counts, 0.98))
        clean = {name: count for name, count in counts.items() if name in CLEAN}
        if clean:
            rows.append(
                _beats(f"beats within 100 ms, {told}, records picked as clean", f"{protocol}; picked by eye and score", clean, None)
            )
    return rows


def beat_counts(folder: Path, leads: int) -> dict[str, tuple[int, int, int]]:
    """Return hits, misses and false finds of each record."""
    import wfdb

    found = {}
    for part in ("af/mitdb/wfdb", "af/cpsc2021_sample"):
        for header in sorted((folder / part).glob("*.hea")):
            name = str(header.with_suffix(""))
            record, marks = wfdb.rdrecord(name), wfdb.rdann(name, "atr")
            truth = np.array([at for at, symbol in zip(marks.sample, marks.symbol, strict=True) if symbol in BEATS]) / record.fs
            given = list(record.p_signal.T.astype(np.float32))[:leads]
            found[header.stem] = matched(truth, detect_beats(given, fs=record.fs).times_s, within=WITHIN_S)
    return found


def _beats(task: str, protocol: str, counts: dict[str, tuple[int, int, int]], bar: float | None) -> Row:
    table = np.array(list(counts.values()), dtype=np.float64)

    def f1(rows: Counts) -> float:
        hits, missed, false = rows.sum(axis=0)
        return float(2 * hits / (2 * hits + missed + false))

    return _row(task, protocol, _strapped(f1, table), figure="F1", units=(len(table), int(table[:, :2].sum()), "beats"), bar=bar)


def oxygen_rows(folder: Path) -> list[Row]:
    """Return how an oxygen desaturation index of 10 per hour or more tells desaturating patients from controls (HuGCDN)."""
    place = folder / "apnea" / "hugcdn2014_oxi"
    if not (place / "records.csv").is_file():
        return []
    with (place / "records.csv").open(encoding="utf-8") as table:
        groups = {row["record"]: row["group"] for row in csv.DictReader(table)}
    with np.load(place / "hugcdn_rr_spo2.npz", allow_pickle=False) as z:
        raw = {name: z[f"{name}_spo2_1hz"] / 10.0 for name in groups if f"{name}_spo2_1hz" in z.files}
    index = {name: _odi(values) for name, values in raw.items()}
    rows = []
    for group, figure, told, bar, ruler in (
        ("D", "sensitivity", "at least 10", 0.978, 0.978),
        ("C", "specificity", "below 10", 0.895, 0.895),
    ):
        odi = np.array([index[name] for name in index if groups[name] == group])
        if not len(odi):
            continue
        right = np.where(np.isnan(odi), 0.0, (odi >= ODI_LIMIT) == (group == "D"))  # a night without an index counts as an error
        values = _strapped(lambda rows: float(rows.mean()), right)
        row = _row(f"oxygen drops of 3 %: {told} per hour", "rule", values, figure=figure, units=(len(odi), len(odi), "nights"), bar=bar)
        rows.append({**row, "ruler": ruler, "coverage": round(float(np.isfinite(odi).mean()), 4)})
    return rows


def _odi(spo2: NDArray[np.float64]) -> float:
    night = analysed({"spo2_pct": (np.arange(len(spo2), dtype=np.float64), np.where(spo2 > 0.0, spo2, np.nan))})
    return float("nan") if night is None else night.measures["odi3_per_h"]


def _strapped(measure: Callable[[Counts], float], values: Counts) -> tuple[float, float, float]:
    """Return a figure with its 95 % interval over records."""
    rng = np.random.default_rng(1)
    draws = [measure(values[rng.integers(len(values), size=len(values))]) for _ in range(STRAPS)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return measure(values), float(low), float(high)


def _row(
    task: str, protocol: str, values: tuple[float, float, float], *, figure: str, units: tuple[int, int, str], bar: float | None
) -> Row:
    value, low, high = values
    people, count, unit = units
    return {
        "task": task, "protocol": protocol, "n_people": people, "n_units": count, "unit": unit, "figure": figure, "value": round(value, 4),
        "low": round(low, 4), "high": round(high, 4), "ruler": None, "ruler_name": "the published rule", "bar": bar,
        "passed": None if bar is None else bool(value >= bar), "coverage": 1.0,
    }  # fmt: skip


if __name__ == "__main__":
    main()
