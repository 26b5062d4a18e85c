"""Turns stage intervals with time stamps into one stage an epoch."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage, StageIntervals

PSG_CLASSES: tuple[Stage, ...] = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)
WATCH_CLASSES: tuple[Stage, ...] = (Stage.W, Stage.L, Stage.N3, Stage.R)
COARSE_CLASSES: tuple[Stage, ...] = (Stage.W, Stage.N, Stage.R)
ASLEEP_CLASSES: tuple[Stage, ...] = (Stage.W, Stage.S)


def classes_of(stages: NDArray[np.int8]) -> tuple[Stage, ...]:
    """Return the set of stages that a scoring tells apart, found from those it uses."""
    used = {Stage(s) for s in np.unique(stages).tolist()} - {Stage.UNSCORED}
    if used & {Stage.N1, Stage.N2}:
        named = PSG_CLASSES
    elif used & {Stage.L, Stage.N3}:
        named = WATCH_CLASSES
    elif used & {Stage.N, Stage.R, Stage.T}:
        named = COARSE_CLASSES
    else:
        named = ASLEEP_CLASSES
    return named + tuple(sorted(used - set(named)))


def stages_on_grid(intervals: StageIntervals, offset_s: float, *, n_epochs: int, epoch_s: float = EPOCH_S) -> NDArray[np.int8]:
    """Return the stage that covers most of each epoch.

    Parameters
    ----------
    intervals : StageIntervals
        Times [s] in the recording.
    offset_s : float
        Night time = recording time + this [s].
    n_epochs : int

    Returns
    -------
    ndarray, shape (n_epochs,), int8
        UNSCORED where intervals cover less than half of the epoch; the earlier stage where two cover the same.
    """
    share = np.zeros((len(Stage), n_epochs))
    order: dict[int, None] = {}
    for onset, duration, stage in zip(intervals.onset_s + offset_s, intervals.duration_s, intervals.stages.tolist(), strict=True):
        from_s, to_s = max(onset, 0.0), min(onset + duration, n_epochs * epoch_s)
        if stage == Stage.UNSCORED or to_s <= from_s:
            continue
        order.setdefault(stage)
        first, last = int(from_s // epoch_s), min(int(np.ceil(to_s / epoch_s)), n_epochs)
        edges = np.arange(first, last) * epoch_s
        share[stage, first:last] += np.minimum(edges + epoch_s, to_s) - np.maximum(edges, from_s)
    if not order:
        return np.full(n_epochs, Stage.UNSCORED, dtype=np.int8)
    names = np.array(list(order), dtype=np.int8)
    covered = share[: len(Stage) - 1].sum(axis=0) >= epoch_s / 2.0
    return np.where(covered, names[np.argmax(share[names], axis=0)], Stage.UNSCORED).astype(np.int8)


def device_hypnogram(intervals: StageIntervals, offset_s: float, *, n_epochs: int) -> Hypnogram | None:
    """Return a source's own scoring on the night's grid; None when none of it lies in the night."""
    stages = stages_on_grid(intervals, offset_s, n_epochs=n_epochs)
    if (stages == Stage.UNSCORED).all():
        return None
    return Hypnogram(stages, classes_of(intervals.stages), intervals.scorer)
