"""The stage column of the open CSV: rows become intervals."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.hypnogram import EPOCH_S, Stage, StageIntervals

_GAP_STEPS = 2.5
"""A row that is followed by nothing for longer than this many steps ends there; what follows is unscored."""


def stage_intervals(times_s: NDArray[np.float64], codes: NDArray[np.float32], *, scorer: str) -> StageIntervals | None:
    """Return the intervals of a stage column; None when it has no row.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        Time of each row [s], not decreasing.
    codes : ndarray, shape (n,)
        Codes of `Stage`; rows at the same time: the last one counts.
    """
    last = np.concatenate((np.diff(times_s) > 0, [True])) if len(times_s) else np.zeros(0, dtype=bool)
    onset, stages = times_s[last], codes[last].astype(np.int8)
    if not len(onset):
        return None
    duration = _durations(onset, stages)
    scored = stages != Stage.UNSCORED
    onset, duration, stages = _joined(onset[scored], duration[scored], stages[scored])
    return StageIntervals(onset, duration, stages, scorer)


def _durations(onset: NDArray[np.float64], stages: NDArray[np.int8]) -> NDArray[np.float64]:
    """Let each row hold until the next; a list of changes holds over any distance, a row per epoch ends at a gap."""
    gaps = np.diff(onset)
    if not len(gaps):
        return np.array([EPOCH_S])
    step = float(np.median(gaps))
    only_changes = step > 2 * EPOCH_S and bool((stages[1:] != stages[:-1]).all())
    if only_changes:
        return np.append(gaps, EPOCH_S)
    return np.append(np.where(gaps > _GAP_STEPS * step, step, gaps), step)


def _joined(
    onset: NDArray[np.float64], duration: NDArray[np.float64], stages: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """Join neighbors of one stage that touch."""
    if not len(onset):
        return onset, duration, stages
    end = onset + duration
    fresh = np.concatenate(([True], (stages[1:] != stages[:-1]) | (onset[1:] - end[:-1] > 1e-6)))
    first = np.flatnonzero(fresh)
    final = np.append(first[1:], len(onset)) - 1
    return onset[first], end[final] - onset[first], stages[first]
