"""Measured channels: evenly sampled (Signal) and unevenly sampled (Series)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """One evenly sampled channel.

    Parameters
    ----------
    channel : str
        What is measured, with its unit as suffix (`spo2_pct`).
    samples : ndarray, shape (n,), float32
        Values in `unit`; NaN where nothing was measured.
    fs : float
        Sampling rate [Hz].
    unit : str
        Unit of the samples, as printed on an axis.
    onset_s : float
        First sample, in seconds from the recording's start.
    """

    channel: str
    samples: NDArray[np.float32]
    fs: float
    unit: str
    onset_s: float = 0.0

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Time of each sample, shape (n,), in seconds from the recording's start."""
        return self.onset_s + np.arange(len(self.samples)) / self.fs


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One unevenly sampled channel: beats, sensor logs, a watch's readings.

    Parameters
    ----------
    channel : str
        What is measured, with its unit as suffix (`hr_bpm`).
    times_s : ndarray, shape (n,), float64
        Seconds from the recording's start, not decreasing.
    values : ndarray, shape (n,), float32
        Finite values in `unit`; what was not measured is absent.
    unit : str
        Unit of the values, as printed on an axis.
    """

    channel: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float32]
    unit: str
