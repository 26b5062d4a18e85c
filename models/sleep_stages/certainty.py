"""Fits how sure the stages may be said to be, and the widths of the intervals, on people whom the judged networks never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.sleep_stages.data import MODES, Night
from models.sleep_stages.scores import MERGES, calibration_error
from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.staging import SLEEP_WAKE, STAGES
from somnia_engine.staging.certainty import MINUTES, eased, expected_minutes, stage_intervals
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights, SleepStatistics

Floats = NDArray[np.float64]
GRID = np.round(np.arange(0.7, 2.01, 0.05), 2)
"""Temperatures that are tried; one step more than needed is taken where a sensor is missing."""
HELD = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the networks told of one person's night, out of fold, by kind of input: calibrated probabilities and decided classes."""

    probabilities: dict[str, NDArray[np.float32]]
    answers: dict[str, NDArray[np.int64]]


def certainty_of(nights: Sequence[Night], seeds: Sequence[Sequence[Told]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the card's tables, fitted on everybody, and how they do on each person when fitted on the others (by seed)."""
    everybody = range(len(nights))
    sure = [_sureness(nights, told) for told in seeds]
    cards: dict[str, Any] = {mode: {"sleep_wake": value} for mode, value in _temperatures(sure, everybody).items()}
    figures: dict[str, Any] = {mode: {} for mode in MODES}
    alone = [_temperatures(sure, [j for j in everybody if j != i]) for i in everybody]
    for mode in MODES:
        judged = [[eased(one.probabilities[mode], sleep_wake=alone[i][mode]) for i, one in enumerate(told)] for told in seeds]
        figures[mode] |= {
            "sleep_wake_calibration_error": [_error(nights, rows) for rows in judged],
            "nights_surer_than_with_all_sensors": [
                int(sum(found[mode][i, _at(alone[i][mode])] > found["full"][i, _at(alone[i]["full"])] for i in everybody)) for found in sure
            ],
            "mean_confidence": [round(float(np.mean([found[mode][i, _at(alone[i][mode])] for i in everybody])), 3) for found in sure],
        }
        answers = [[one.answers[mode] for one in told] for told in seeds]
        widths, held = _intervals(nights, judged, answers)
        cards[mode] |= widths
        figures[mode]["intervals"] = held
    return cards, figures


def _at(temperature: float) -> int:
    return int(np.argmin(np.abs(GRID - temperature)))


def _sureness(nights: Sequence[Night], told: Sequence[Told]) -> dict[str, Floats]:
    """Return, by mode, each night's mean confidence at each temperature, shape (people, temperatures); `unlikelihood` of the full one."""
    found: dict[str, Floats] = {mode: np.zeros((len(nights), len(GRID))) for mode in (*MODES, "unlikelihood")}
    for i, (night, one) in enumerate(zip(nights, told, strict=True)):
        both = np.isfinite(night.columns["hr_bpm"]) & np.isfinite(night.columns["activity_count"])
        scored = night.labels >= 0
        for k, temperature in enumerate(GRID):
            for mode in MODES:
                wake = eased(one.probabilities[mode], sleep_wake=temperature)[:, 0].astype(np.float64)
                found[mode][i, k] = np.maximum(wake, 1.0 - wake)[both].mean()
                if mode == "full":
                    right = np.where(night.labels == 0, wake, 1.0 - wake)[scored]
                    found["unlikelihood"][i, k] = -np.log(np.maximum(right, 1e-9)).sum()
    return found


def _temperatures(sure: Sequence[dict[str, Floats]], people: Sequence[int]) -> dict[str, float]:
    """Return the likeliest temperature of all sensors; of fewer, a step more than the least at which none of these nights gets surer."""
    rows = list(people)
    full = int(np.argmin(sum(found["unlikelihood"][rows].sum(axis=0) for found in sure)))
    chosen = {"full": full}
    for mode in MODES[1:]:
        surer = [np.any([(found[mode][rows, k] > found["full"][rows, full]).any() for found in sure]) for k in range(len(GRID))]
        chosen[mode] = min(int(np.argmin(surer)) + 1, len(GRID) - 1)
    return {mode: float(GRID[k]) for mode, k in chosen.items()}


def _error(nights: Sequence[Night], rows: Sequence[NDArray[np.float32]]) -> float:
    wake = np.concatenate([row[:, 0] for row in rows]).astype(np.float64)
    truth = np.concatenate([np.where(night.labels >= 0, MERGES[2][night.labels], -1) for night in nights])
    return round(calibration_error(np.stack((wake, 1.0 - wake), axis=1), truth), 3)


def _hypnogram(stages: NDArray[np.int64], chances: NDArray[np.float32]) -> tuple[Hypnogram, SleepStatistics, Lights]:
    classes = STAGES if chances.shape[1] == len(STAGES) else SLEEP_WAKE
    lights = Lights(0.0, len(stages) * EPOCH_S)
    night = Hypnogram(np.array(classes, dtype=np.int8)[stages], classes, "judged", chances)
    return night, sleep_statistics(night, lights), lights


def _intervals(
    nights: Sequence[Night], judged: Sequence[Sequence[NDArray[np.float32]]], answers: Sequence[Sequence[NDArray[np.int64]]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the widths of everybody, the median of the seeds, and how often each interval holds the truth of a person left out."""
    fitted: list[dict[str, Any]] = []
    held: dict[str, dict[str, list[Any]]] = {}
    everybody = list(range(len(nights)))
    for chances, decided in zip(judged, answers, strict=True):
        cases = [_case(night, row, answer) for night, row, answer in zip(nights, chances, decided, strict=True)]
        fitted.append(_widths([needed for _, _, needed in cases]))
        ends = [
            stage_intervals(night, told, lights=lights, widths=_widths([cases[j][2] for j in everybody if j != i]))
            for i, ((night, told, lights), _, _) in enumerate(cases)
        ]
        for name in ends[0]:
            truth = [float(getattr(case[1], name)) for case in cases]
            inside = [name in e and e[name][0] <= value <= e[name][1] for e, value in zip(ends, truth, strict=True)]
            table = held.setdefault(name, {"nights_held": [], "mean_width": []})
            table["nights_held"].append(int(sum(inside)))
            table["mean_width"].append(round(float(np.mean([e[name][1] - e[name][0] for e in ends if name in e])), 1))
    widths = {name: np.median([one[name] for one in fitted], axis=0).round(3).tolist() for name in fitted[0]}
    return widths, held


def _case(
    night: Night, chances: NDArray[np.float32], answer: NDArray[np.int64]
) -> tuple[tuple[Hypnogram, SleepStatistics, Lights], SleepStatistics, dict[str, float]]:
    """Return what was told, the truth, and how many standard deviations (expected epochs of REM) would just have held it."""
    scored = night.labels >= 0
    told = _hypnogram(answer[scored], chances[scored])
    classes = told[0].classes
    labels = night.labels[scored] if len(classes) == len(STAGES) else MERGES[2][night.labels[scored]]
    truth = _hypnogram(labels, chances[scored])[1]
    needed = {}
    for name, stages in MINUTES.items():
        columns = [k for k, stage in enumerate(classes) if stage in stages]
        if columns:
            mean, spread = expected_minutes(chances[scored][:, columns].sum(axis=1).astype(np.float64))
            needed[name] = abs(float(getattr(truth, name)) - mean) / spread
    if len(classes) == len(STAGES):
        rem = np.flatnonzero(labels == STAGES.index(Stage.R))
        needed["rem_latency"] = float(np.cumsum(chances[scored][:, -1], dtype=np.float64)[rem[0]]) if len(rem) else np.inf
    return told, truth, needed


def intervals_held(nights: Sequence[Night], ends: Sequence[Mapping[str, tuple[float, float]]]) -> dict[str, dict[str, list[Any]]]:
    """Return how many nights have their truth within the ends that the product told, and how far these lie apart, by number."""
    held: dict[str, dict[str, list[Any]]] = {}
    for night, found in zip(nights, ends, strict=True):
        labels = night.labels[night.labels >= 0]
        truth = _hypnogram(labels, np.zeros((len(labels), len(STAGES)), dtype=np.float32))[1]
        for name in (*MINUTES, "se_pct", "rem_latency_min"):
            if name in found:
                table = held.setdefault(name, {"nights": [], "widths": []})
                table["nights"].append(found[name][0] <= getattr(truth, name) <= found[name][1])
                table["widths"].append(found[name][1] - found[name][0])
    return held


def _widths(needed: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return what nine people of ten needed, counted as if one more had needed more than all."""
    place = min(int(np.ceil(HELD * (len(needed) + 1))), len(needed)) - 1
    widths: dict[str, Any] = {}
    for name in needed[0]:
        values = np.sort([one[name] for one in needed])
        widths[name] = [float(values[0]), float(values[-2])] if name == "rem_latency" else float(values[place])
    return widths
