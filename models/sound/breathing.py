"""The breathing rate heard in the one-minute recordings of known rates (RRuJO), through the same path as a night."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_rate import breathing_rate
from somnia_engine.extractors.breathing_sound import LEAST_QUALITY
from somnia_engine.hearing import hear_file
from somnia_engine.hearing.listener import ENVELOPE_HZ

RULER = "autocorrelation of the envelope"
WITHIN_BPM = 2.0
STRAPS = 500


def breathing_rows(folder: Path, protocol: str) -> list[dict[str, Any]]:
    """Return mean error, share within 2/min and coverage with their 95 % intervals over people."""
    table = folder / "audio" / "rrujo_resp" / "meta.csv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8") as file:
        files = [row for row in csv.DictReader(file) if (table.parent / row["file"]).is_file()]
    people = np.array([row["subject"] for row in files])
    truth = np.array([float(row["rr_bpm"]) for row in files])
    heard = np.array([_rate(table.parent / row["file"]) for row in files])
    errors = np.abs(heard - truth)
    rows = []
    for figure, values, bar, below, ruler in (
        ("mean error, /min", errors, 1.0, True, 1.6),
        ("share of answers within 2/min", np.where(np.isnan(errors), np.nan, errors <= WITHIN_BPM), 0.92, False, 0.84),
        ("share answered", np.isfinite(heard).astype(float), 0.95, False, None),
    ):
        value, low, high = _strapped(values, people)
        rows.append({
            "task": "breathing rate by sound (RRuJO)", "protocol": protocol, "n_people": len(np.unique(people)), "n_units": len(files),
            "unit": "minutes", "figure": figure, "value": value, "low": low, "high": high, "ruler": ruler, "ruler_name": RULER, "bar": bar,
            "passed": bool(value <= bar if below else value >= bar), "coverage": round(float(np.isfinite(heard).mean()), 4),
        })  # fmt: skip
    return rows


def _rate(path: Path) -> float:
    rate, quality = breathing_rate(hear_file(path).envelopes, ENVELOPE_HZ)
    return rate if quality >= LEAST_QUALITY else float("nan")


def _strapped(values: NDArray[np.float64], people: NDArray[np.str_]) -> tuple[float, float, float]:
    rng = np.random.default_rng(1)
    rows = [np.flatnonzero(people == person) for person in np.unique(people)]
    draws = [np.nanmean(values[np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])]) for _ in range(STRAPS)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return round(float(np.nanmean(values)), 4), round(float(low), 4), round(float(high), 4)
