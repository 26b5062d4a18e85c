"""Sleep stages: on the 30-s grid (Hypnogram) and as a source wrote them (StageIntervals)."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

EPOCH_S = 30.0
"""Length of an epoch [s]."""


class Stage(IntEnum):
    """Sleep stages; L is light (N1+N2), S asleep with the stage unknown, N and T an infant's non-REM and transitional sleep."""

    UNSCORED = -1
    W = 0
    N1 = 1
    N2 = 2
    N3 = 3
    R = 4
    L = 5
    S = 6
    N = 7
    T = 8

    @property
    def letter(self) -> str:
        """The letters of JSON and CSV; `?` is unscored."""
        return "?" if self is Stage.UNSCORED else self.name


SLEEP = frozenset(stage for stage in Stage if stage not in (Stage.UNSCORED, Stage.W))
LIGHT = frozenset((Stage.N1, Stage.N2, Stage.L))


@dataclass(frozen=True, slots=True, eq=False)
class StageIntervals:
    """Stages as intervals with time stamps: the stored truth of a source.

    Parameters
    ----------
    onset_s, duration_s : ndarray, shape (n,), float64
        Seconds from the recording's start; sorted, not overlapping.
    stages : ndarray, shape (n,), int8
        Values of `Stage`.
    scorer : str
        Who scored: a device's or an app's name.
    """

    onset_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    stages: NDArray[np.int8]
    scorer: str


@dataclass(frozen=True, slots=True, eq=False)
class Hypnogram:
    """One stage an epoch.

    Parameters
    ----------
    stages : ndarray, shape (n,), int8
        Values of `Stage`.
    classes : tuple of Stage
        The set that the scorer can tell apart, in the order of the columns of `probabilities`.
    scorer : str
        The model and version, or the device.
    probabilities : ndarray, shape (n, k), float32, or None
        Calibrated; a row is NaN where unscored.
    epoch_s : float
        Length of an epoch [s]; 30 everywhere but in imported scorings.
    """

    stages: NDArray[np.int8]
    classes: tuple[Stage, ...]
    scorer: str
    probabilities: NDArray[np.float32] | None = None
    epoch_s: float = EPOCH_S
