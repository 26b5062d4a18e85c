"""Stages of nights with disturbed breathing (MIT-BIH Polysomnographic Database, beats alone): how far they can be believed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from models.product import analysed
from models.reference import reference_folder
from somnia_engine.staging.certainty import LEAST_P, disturbed_share, eased
from somnia_engine.staging.classifier import calibrated, load_classifier
from somnia_engine.staging.inputs import build_inputs

RATE_HZ = 250.0
CLASS_OF_NOTE = {"W": 0, "1": 1, "2": 1, "3": 2, "4": 2, "R": 3}
BREATHS = {"H", "HA", "OA", "X", "CA", "CAA", "A"}
"""Notes of an apnea or hypopnea; https://physionet.org/content/slpdb/1.0.0/."""
STEEPEST = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Sick:
    """One record: person, classes (n,), probabilities of beats alone (n, 4), share of disturbed breathing found and scored."""

    person: str
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    found: float
    scored: float


def read_sick(temperature: float) -> tuple[Sick, ...]:
    """Analyze each record from its beats; `temperature` is that of sleep against wake without a movement sensor."""
    stored = np.load(reference_folder() / "apnea" / "slpdb_annot" / "slpdb_rr_stage_apnea.npz", allow_pickle=False)
    classifier = load_classifier()
    records = []
    for name in sorted({key.split("_")[0] for key in stored.files}):
        beats = (stored[f"{name}_beats"] - stored[f"{name}_ep_start"][0]) / RATE_HZ
        night = analysed({"rr_ms": (beats[1:], 1000.0 * np.diff(beats))})
        if night is None or night.hypnogram is None or len(night.hypnogram.classes) != 4:
            continue
        chances = calibrated(classifier.logits(build_inputs(night.features)), classifier.calibrations["heart"], classes=4)
        labels = np.array([CLASS_OF_NOTE.get(str(note), -1) for note in stored[f"{name}_stage"]])
        n = min(len(labels), len(chances))
        known = (labels[:n] >= 0) & np.isfinite(night.features["hr_bpm"][:n])
        scored = np.mean([bool(BREATHS & set(str(notes).split())) for notes in stored[f"{name}_events"]])
        found = eased(chances[:n][known], sleep_wake=temperature)
        records.append(Sick(name[:5], labels[:n][known], found, disturbed_share(night.features), float(scored)))
    return tuple(records)


def disturbed_of(temperature: float) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the slopes of the temperatures over the share of disturbed breathing, and each record judged by the slopes of the others."""
    records = read_sick(temperature)
    judged = []
    for one in records:
        slopes = _slopes([other for other in records if other.person != one.person])
        judged.append((one, _widened(one, slopes)))
    before, after = (np.array([_confidence(p) for p in rows]) for rows in ([r.probabilities for r in records], [p for _, p in judged]))
    figures = {
        "records": len(records),
        "people": len({one.person for one in records}),
        "sleep_wake_accuracy": round(float(np.mean([((p[:, 0] > 0.5) == (r.labels == 0)).mean() for r, p in judged])), 3),
        "sleep_wake_confidence_before": round(float(before.mean()), 3),
        "sleep_wake_confidence": round(float(after.mean()), 3),
        "accuracy": round(float(np.mean([(r.probabilities.argmax(axis=1) == r.labels).mean() for r in records])), 3),
        "confidence_before": round(float(np.mean([r.probabilities.max(axis=1).mean() for r in records])), 3),
        "confidence": round(float(np.mean([p.max(axis=1).mean() for _, p in judged])), 3),
        "rank_correlation_with_found_share": [_rank(before, records, "found"), _rank(after, records, "found")],
        "rank_correlation_with_scored_share": [_rank(before, records, "scored"), _rank(after, records, "scored")],
    }
    return {name: round(value, 2) for name, value in _slopes(records).items()}, figures


def _slopes(records: "list[Sick] | tuple[Sick, ...]") -> dict[str, float]:
    """Fit sleep against wake first, then the stages within sleep; each record weighs the same."""

    def awake(slope: float) -> float:
        return float(np.mean([_unlikely(_widened(r, {"sleep_wake": slope, "sleep": 0.0}), r.labels, wake_only=True) for r in records]))

    first = _least(awake)

    def within(slope: float) -> float:
        return float(np.mean([_unlikely(_widened(r, {"sleep_wake": first, "sleep": slope}), r.labels) for r in records]))

    return {"sleep_wake": first, "sleep": _least(within)}


def _least(cost: Any) -> float:
    return float(minimize_scalar(cost, bounds=(0.0, STEEPEST), method="bounded").x)


def _widened(one: Sick, slopes: dict[str, float]) -> NDArray[np.float32]:
    return eased(one.probabilities, sleep_wake=1.0 + slopes["sleep_wake"] * one.found, sleep=1.0 + slopes["sleep"] * one.found)


def _unlikely(chances: NDArray[np.float32], labels: NDArray[np.int64], *, wake_only: bool = False) -> float:
    right = np.where(labels == 0, chances[:, 0], 1.0 - chances[:, 0]) if wake_only else chances[np.arange(len(labels)), labels]
    return -float(np.log(np.maximum(right, LEAST_P)).mean())


def _confidence(chances: NDArray[np.float32]) -> float:
    return float(np.maximum(chances[:, 0], 1.0 - chances[:, 0]).mean())


def _rank(values: NDArray[np.float64], records: tuple[Sick, ...], name: str) -> float:
    from scipy.stats import spearmanr

    return round(float(spearmanr(values, [getattr(r, name) for r in records]).statistic), 2)
