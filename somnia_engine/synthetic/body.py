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
"""Larger than the medians of Walch's people (3.3, 1.5 and 2.4 /min over light sleep within half an hour): a sleeper whose heart shows
its stages clearly."""
WAVE_SIGMAS_S = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
"""Each wave is what one Gaussian smoothing leaves of the last, as the heart rate was measured: periods of about 20 s to 9 min."""
WAVES_BPM = {
    Stage.W: (0.0, 0.88, 1.01, 1.88, 1.47, 1.88),
    Stage.L: (0.1, 0.62, 0.84, 0.76, 0.19, 0.99),
    Stage.N3: (0.0, 0.41, 0.46, 0.38, 0.11, 0.62),
    Stage.R: (0.41, 0.56, 1.48, 1.33, 1.09, 1.29),
}
"""Spread of each wave by stage: with whole numbers of heart rate it gives the medians measured on Walch 2019 in each wave and stage.
Waves of minutes are strong in REM and wake and weak in deep sleep (Tobaldini 2013, doi 10.3389/fphys.2013.00294)."""
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
    waves = _waves(stages, rng)
    push = np.repeat(np.minimum(counts, 150.0) * 0.05, 3)
    surge = np.zeros(len(stages))
    for event in night.desaturations:
        at = int((event.onset_s + event.duration_s * 0.7) / HEART_STEP_S)
        surge[at : at + 3] += 7.0
    level = level + offset + waves + 4 * _smooth(push, 0.25) + _smooth(surge, 0.5)
    return np.round(level)


def _waves(stages: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the waves of the heart rate, each of its own spread in each stage [1/min]."""
    from scipy.ndimage import gaussian_filter1d

    total = np.zeros(len(stages))
    finer_s = 0.0
    for i, sigma_s in enumerate(WAVE_SIGMAS_S):
        noise = rng.normal(0.0, 1.0, len(stages))
        finer = gaussian_filter1d(noise, finer_s / HEART_STEP_S) if finer_s else noise
        wave = finer - gaussian_filter1d(noise, float(np.hypot(finer_s, sigma_s)) / HEART_STEP_S)
        total += wave / wave.std() * _by(stages, {stage: spreads[i] for stage, spreads in WAVES_BPM.items()})
        finer_s = float(np.hypot(finer_s, sigma_s))
    return total


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
