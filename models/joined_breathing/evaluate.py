"""Judge the joined list of breathing events by person: its events per hour against scored nights, beside the oxygen drops alone.

python models/joined_breathing/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.apnea.data import Night, read_nights, seconds_of
from models.apnea.evaluate import Answers, out_of_fold
from models.apnea_night.fit import truth_of
from models.product import analysed
from models.report import judge
from somnia_engine.dsp.desaturations import detect_desaturations
from somnia_engine.dsp.rr import clean_rr
from somnia_engine.dsp.windows import epoch_of
from somnia_engine.extractors._beats import Beats
from somnia_engine.extractors.breathing_events import breathing_cycles
from somnia_engine.metrics.joined_breathing import INDEX, join_breathing
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Lights

FOLDER = Path(__file__).resolve().parent
STRAPS = 500
RULER = "ODI3 alone"
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was told of some nights, each (n,): events and oxygen drops per hour, NaN where nothing was; the truth that is known of each."""

    joined: Values
    drops: Values
    low: Values
    high: Values
    share: Values


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, _rows)


def _rows(asked: argparse.Namespace) -> list[dict[str, Any]]:
    nights = read_nights(asked.heldout)
    hug, ecg = ([night for night in nights if night.set == name] for name in ("hugcdn", "apnea_ecg"))
    if asked.heldout:
        protocol, both, beats = "people never seen", _uploaded(hug, ("rr_ms", "spo2_pct")), _uploaded(ecg, ("rr_ms",))
    else:
        protocol = "5 folds grouped by person"
        both = [_counted(night, out, oxygen=True) for night, out in _answered(hug, out_of_fold(hug, "both", beside=[]))]
        beats = [_counted(night, out, oxygen=False) for night, out in _answered(ecg, out_of_fold(ecg, "beats", beside=hug))]
    rows = _ranges(_told(hug, both, asked.heldout), protocol) if hug else []
    return rows + (_indices(_told(ecg, beats, asked.heldout), protocol) if ecg else [])


def _answered(nights: list[Night], answers: Answers) -> list[tuple[Night, Values]]:
    return [(night, answers[night.name]) for night in nights]


def _told(nights: list[Night], found: list[tuple[float, float]], folder: Path | None) -> Told:
    low, high = truth_of(nights, folder)
    share = np.array([night.epochs.mean() for night in nights])
    return Told(np.array([one[0] for one in found]), np.array([one[1] for one in found]), low, high, share)


def _counted(night: Night, p: Values, *, oxygen: bool) -> tuple[float, float]:
    """Return events and oxygen drops per hour of a night, by the likelihood that a model found which never saw its person."""
    n, falls = len(p), []
    times_s, rr_ms = night.samples["rr_ms"]
    epochs = epoch_of(times_s)
    inside = (epochs >= 0) & (epochs < n)
    beats = Beats(clean_rr(times_s[inside], rr_ms[inside].astype(np.float64)), epochs[inside], "rr_ms")
    spo2 = seconds_of(np.nan_to_num(night.samples["spo2_pct"][1]), n * int(EPOCH_S)) if oxygen else None
    if spo2 is not None:
        falls = [
            Event(EventKind.DS, float(f.onset), float(f.end - f.onset), 1.0, "oxygen", f.depth_pct) for f in detect_desaturations(spo2)
        ]
    likely = p.astype(np.float32)
    events = EventTable.of([*falls, *breathing_cycles(likely, beats, spo2_pct=spo2, source="beats")])
    features = NightFeatures(None, n, {"p_breathing_event": likely})
    hours = np.isfinite(p).sum() * EPOCH_S / 3600.0
    joined = join_breathing(features, events, lights=Lights(0.0, n * EPOCH_S))
    return len(joined) / hours, (len(falls) / (np.isfinite(spo2).sum() / 3600.0) if spo2 is not None else float("nan"))


def _uploaded(nights: list[Night], channels: tuple[str, ...]) -> list[tuple[float, float]]:
    found = []
    for night in nights:
        analysis = analysed({channel: night.samples[channel] for channel in channels})
        measures = {} if analysis is None else analysis.measures
        found.append((measures.get(INDEX, float("nan")), measures.get("odi3_per_h", float("nan"))))
    return found


def _strapped(measure: Callable[..., float], *columns: Values) -> tuple[float, float, float]:
    rng, n = np.random.default_rng(1), len(columns[0])
    draws = [measure(*(column[draw] for column in columns)) for draw in (rng.integers(n, size=n) for _ in range(STRAPS))]
    low, high = np.nanpercentile(draws, (2.5, 97.5))
    return measure(*columns), float(low), float(high)


def _row(task: str, protocol: str, figure: str, values: tuple[float, float, float], *, n: int, **more: Any) -> dict[str, Any]:
    value, low, high = (round(float(one), 3) for one in values)
    ruler = more.get("ruler")
    return {
        "task": task, "protocol": protocol, "n_people": n, "n_units": n, "unit": "nights", "figure": figure, "value": value, "low": low,
        "high": high, "ruler": None if ruler is None else round(float(ruler), 3), "ruler_name": RULER if ruler is not None else "",
        "bar": None, "passed": None, "coverage": round(more["coverage"], 4),
    }  # fmt: skip


def _r(a: Values, b: Values) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else float("nan")


def _ranges(told: Told, protocol: str) -> list[dict[str, Any]]:
    """Return the rows of nights whose AHI is known as a range; a night without an answer lies outside."""
    task, n, cover = "joined breathing events, HuGCDN", len(told.low), float(np.isfinite(told.joined).mean())

    def within(index: Values, low: Values, high: Values) -> float:
        return float(((index >= low) & (index <= high)).mean())

    drops = np.nan_to_num(told.drops, nan=-1.0)
    index = np.nan_to_num(told.joined, nan=-1.0)
    rows = [
        _row(task, protocol, "nights within their group's AHI", _strapped(within, index, told.low, told.high), n=n, coverage=cover,
             ruler=within(drops, told.low, told.high)),
        _row(task, protocol, "r with the share of half minutes that hold one", _strapped(_r, index, told.share), n=n, coverage=cover,
             ruler=_r(drops, told.share)),
    ]  # fmt: skip
    return rows


def _indices(told: Told, protocol: str) -> list[dict[str, Any]]:
    """Return the rows of nights of beats alone whose AHI is known."""
    task, n, cover = "joined breathing events, Apnea-ECG, beats", len(told.low), float(np.isfinite(told.joined).mean())
    index = np.nan_to_num(told.joined, nan=0.0)
    off = _strapped(lambda a, b: float(np.abs(a - b).mean()), index, told.low)
    bias = _strapped(lambda a, b: float((a - b).mean()), index, told.low)
    return [
        _row(task, protocol, "r with AHI", _strapped(_r, index, told.low), n=n, coverage=cover),
        _row(task, protocol, "mean error", off, n=n, coverage=cover),
        _row(task, protocol, "bias", bias, n=n, coverage=cover),
    ]


if __name__ == "__main__":
    main()
