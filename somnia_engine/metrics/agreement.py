"""How well two scorings of one night agree: kappa and confusion of stages, F1 of events; and where a scorer is least sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.hypnogram import Hypnogram, Stage

NAN = float("nan")
_FULL = {Stage.W: Stage.W, Stage.N1: Stage.N1, Stage.N2: Stage.N2, Stage.N3: Stage.N3, Stage.R: Stage.R}
_LIGHT = {**_FULL, Stage.N1: Stage.L, Stage.N2: Stage.L, Stage.L: Stage.L}
_NREM = {**_LIGHT, Stage.N1: Stage.N, Stage.N2: Stage.N, Stage.N3: Stage.N, Stage.L: Stage.N, Stage.N: Stage.N}
_ASLEEP: dict[Stage, Stage] = {stage: Stage.W if stage is Stage.W else Stage.S for stage in Stage if stage is not Stage.UNSCORED}
SPACING = 2
"""Epochs between two stops of the tour, so that it does not dwell on one passage."""


@dataclass(frozen=True, slots=True, eq=False)
class StageAgreement:
    """Agreement of two hypnograms over the epochs that both scored.

    Parameters
    ----------
    classes : tuple of Stage
        The finest set that both can tell apart.
    confusion : ndarray, shape (k, k), int64
        Rows: the first scorer; columns: the second.
    n : int
        Epochs that both scored.
    kappa, accuracy : float
        NaN without epochs; kappa also where chance alone agrees wholly (both used one stage only).
    """

    classes: tuple[Stage, ...]
    confusion: NDArray[np.int64]
    n: int
    kappa: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class EventAgreement:
    """Agreement on events: how many stand in both, only in the first, only in the second; `f1` is NaN without any."""

    both: int
    first_only: int
    second_only: int
    f1: float


def stage_agreement(first: Hypnogram, second: Hypnogram) -> StageAgreement:
    """Compare two hypnograms of one night on the finest stages that both scorers can tell apart.

    Parameters
    ----------
    first, second : Hypnogram
        On the same grid; the longer one is cut.

    Returns
    -------
    StageAgreement
        Cohen's kappa (doi 10.1177/001316446002000104).
    """
    mapping = _common(first, second)
    classes = tuple(dict.fromkeys(mapping[stage] for stage in sorted(mapping, key=_ORDER.index)))
    n = min(len(first.stages), len(second.stages))
    a, b = _places(first.stages[:n], mapping, classes), _places(second.stages[:n], mapping, classes)
    both = (a >= 0) & (b >= 0)
    k = len(classes)
    confusion = np.bincount(a[both] * k + b[both], minlength=k * k).reshape(k, k).astype(np.int64)
    total = int(confusion.sum())
    if not total:
        return StageAgreement(classes, confusion, 0, NAN, NAN)
    seen = float(np.trace(confusion)) / total
    chance = float(confusion.sum(axis=1) @ confusion.sum(axis=0)) / total**2
    return StageAgreement(classes, confusion, total, (seen - chance) / (1 - chance) if chance < 1 else NAN, seen)


_ORDER = (Stage.W, Stage.R, Stage.N1, Stage.L, Stage.S, Stage.N, Stage.N2, Stage.N3, Stage.T)


def _common(first: Hypnogram, second: Hypnogram) -> dict[Stage, Stage]:
    """Return the mapping to the finest set that both scorers can tell apart."""
    used = {*first.classes, *second.classes, *_used(first), *_used(second)}
    if Stage.S in used or any(set(h.classes) == {Stage.W, Stage.S} for h in (first, second)):
        return _ASLEEP
    if Stage.N in used:
        return _NREM
    return _LIGHT if Stage.L in used else _FULL


def _used(hypnogram: Hypnogram) -> set[Stage]:
    return {Stage(int(s)) for s in np.unique(hypnogram.stages)} - {Stage.UNSCORED}


def _places(stages: NDArray[np.int8], mapping: dict[Stage, Stage], classes: tuple[Stage, ...]) -> NDArray[np.int64]:
    table = np.full(len(Stage) + 1, -1, np.int64)
    for stage, to in mapping.items():
        table[int(stage) + 1] = classes.index(to)
    return np.asarray(table[stages.astype(np.int64) + 1])


def event_agreement(first: EventTable, second: EventTable, *, kinds: tuple[EventKind, ...]) -> EventAgreement:
    """Compare the events of some kinds, taken together: two match when they overlap in time, each with one at most.

    Parameters
    ----------
    first, second : EventTable
        In night seconds; F1 = 2 both / (events of the first + events of the second).
    """
    a, b = _spans(first, kinds), _spans(second, kinds)
    both, at = 0, 0
    for begin, end in a:
        while at < len(b) and b[at][1] <= begin:
            at += 1
        if at < len(b) and b[at][0] < end:
            both += 1
            at += 1
    total = len(a) + len(b)
    return EventAgreement(both, len(a) - both, len(b) - both, 2 * both / total if total else NAN)


def _spans(events: EventTable, kinds: tuple[EventKind, ...]) -> list[tuple[float, float]]:
    return sorted((e.onset_s, e.onset_s + max(e.duration_s, 1.0)) for e in events if e.kind in kinds)


def least_certain(hypnogram: Hypnogram, *, most: int = 20) -> tuple[int, ...]:
    """Return the epochs whose stage is least certain, the least certain first; none without probabilities.

    An epoch's certainty is the probability of its likeliest stage. Epochs next to one that is listed already are left out.
    """
    if hypnogram.probabilities is None:
        return ()
    sure = hypnogram.probabilities.max(axis=1)
    found: list[int] = []
    for epoch in np.argsort(np.where(np.isfinite(sure), sure, np.inf), kind="stable").tolist():
        if len(found) == most or not np.isfinite(sure[epoch]):
            break
        if all(abs(epoch - other) >= SPACING for other in found):
            found.append(epoch)
    return tuple(found)
