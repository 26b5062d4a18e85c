"""What sensors would see of a synthetic sleeper: heart rate, movement counts, blood oxygen.

The statistics (level, spread and movement of each stage) were measured on the nights of Walch 2019 (doi 10.13026/hmhs-py35).
"""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.synthetic.course import NightTruth
from somnia_engine.types.hypnogram import Stage

HEART_STEP_S = 5.0
COUNT_STEP_S = 15.0
OFFSET_BPM = {Stage.W: 6.0, Stage.L: 0.0, Stage.N3: 1.2, Stage.R: 5.0}
SLOW_BPM = {Stage.W: 3.5, Stage.L: 1.1, Stage.N3: 0.45, Stage.R: 3.6}
FAST_BPM = {Stage.W: 1.5, Stage.L: 1.15, Stage.N3: 0.6, Stage.R: 2.0}
"""Chosen for a median spread within an epoch near the measured 1.17, 0.79, 0.50 and 1.20 /min."""
MOVES = {Stage.W: 0.28, Stage.L: 0.018, Stage.N3: 0.006, Stage.R: 0.022}
MOVE_COUNT = {Stage.W: 48.0, Stage.L: 21.0, Stage.N3: 18.0, Stage.R: 25.0}
MOVE_SPREAD = 1.1


def movement(night: NightTruth, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return te Lindert counts per 15 s, shape (2 * epochs,)."""
    stages = np.repeat(night.stages, 2)
    moved = rng.random(len(stages)) < _by(stages, MOVES)
    moved |= np.concatenate([[False], np.diff(stages) != 0]) & (rng.random(len(stages)) < 0.4)  # a turn at a change of stage
    size = _by(stages, MOVE_COUNT) * np.exp(rng.normal(0.0, MOVE_SPREAD, len(stages)))
    return np.round(np.where(moved, size, 0.0), 1)


def heart_rate(night: NightTruth, counts: NDArray[np.float64], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return heart rate every 5 s [1/min], whole numbers, shape (6 * epochs,)."""
    stages = np.repeat(night.stages, 6)
    hours = np.arange(len(stages)) * HEART_STEP_S / 3600
    level: NDArray[np.float64] = night.sleeper.base_bpm + 5.0 * np.exp(-hours / 2.0) + 1.5 * hours / hours[-1]
    offset = _smooth(_by(stages, OFFSET_BPM), 0.06)
    slow = _wander(len(stages), 0.07, rng) * _smooth(_by(stages, SLOW_BPM), 0.15)
    fast = _wander(len(stages), 0.5, rng) * _by(stages, FAST_BPM)
    push = np.repeat(np.minimum(counts, 150.0) * 0.05, 3)
    surge = np.zeros(len(stages))
    for event in night.desaturations:
        at = int((event.onset_s + event.duration_s * 0.7) / HEART_STEP_S)
        surge[at : at + 3] += 7.0
    level = level + offset + slow + fast + 4 * _smooth(push, 0.25) + _smooth(surge, 0.5)
    return np.round(level)


def oxygen(night: NightTruth, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return blood oxygen every second [%], shape (duration_s,)."""
    n = int(night.duration_s)
    level = 96.4 + 0.35 * _wander(n, 0.004, rng)
    for event in night.desaturations:
        level[int(event.onset_s) :][: int(event.duration_s)] -= event.value * _dip(int(event.duration_s))[: n - int(event.onset_s)]
    return np.clip(level, 60.0, 99.0)


def _dip(length: int) -> NDArray[np.float64]:
    """Return the course of a desaturation: two thirds of slow fall, one third of fast recovery, peak 1."""
    x = np.linspace(0.0, 1.0, length)
    return np.where(x < 0.68, np.sin(0.5 * np.pi * x / 0.68) ** 1.5, np.cos(0.5 * np.pi * np.clip((x - 0.74) / 0.26, 0, 1)))


def _by(stages: NDArray[np.int8], table: dict[Stage, float]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.select([stages == stage for stage in table], list(table.values()), np.nan)
    return values


def _wander(n: int, share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return smoothed noise of spread 1; the smaller the share, the slower."""
    noise = _smooth(rng.normal(0.0, 1.0, n), share)
    wander: NDArray[np.float64] = noise / noise.std()
    return wander


def _smooth(x: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return an exponential moving average, run forward and backward, so that it does not lag."""
    from scipy.signal import filtfilt

    smooth: NDArray[np.float64] = filtfilt([share], [1.0, share - 1.0], x)
    return smooth
