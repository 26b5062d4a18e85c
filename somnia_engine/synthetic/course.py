"""How a synthetic night goes: its stages and its desaturations, drawn from a plan and a seed."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import EPOCH_S, Stage

CYCLES_MIN = ((16, 34, 16, 8), (14, 24, 30, 15), (10, 12, 44, 20), (8, 4, 46, 25), (6, 0, 44, 28), (5, 0, 34, 26))
"""Minutes of light, deep, light and REM sleep in the cycles of a night: deep sleep early, REM late
(Carskadon & Dement, Principles and Practice of Sleep Medicine, 2011, ch. 2)."""
WAKE_BOUT_MIN = 4.0
DESATURATION_GAP_S = 75.0


@dataclass(frozen=True, slots=True)
class Sleeper:
    """One night's plan: `start` is lights off; `deep_share` scales deep sleep; `desaturations_per_h` counts per hour of sleep."""

    start: datetime
    hours: float
    sol_min: float
    waso_min: float
    base_bpm: float
    deep_share: float = 1.0
    desaturations_per_h: float = 1.0
    snores: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class NightTruth:
    """What really happened: `stages` (n,) int8 on 30-s epochs from lights off, and the desaturations (`value` = depth, percent points)."""

    sleeper: Sleeper
    stages: NDArray[np.int8]
    desaturations: EventTable

    @property
    def duration_s(self) -> float:
        """Length of the night [s]."""
        return len(self.stages) * EPOCH_S

    def per_second(self) -> NDArray[np.int8]:
        """Return the stage of every second, shape (duration_s,)."""
        return np.repeat(self.stages, int(EPOCH_S))


def draw_night(sleeper: Sleeper, rng: np.random.Generator) -> NightTruth:
    """Draw a night's stages and desaturations."""
    n = round(sleeper.hours * 120)
    falling = round(sleeper.sol_min * 2)
    final = round(2 * min(4.0, sleeper.waso_min / 4))
    asleep = _sleep(n - falling - final, sleeper, rng)
    stages = np.concatenate([np.full(falling, Stage.W), asleep, np.full(final, Stage.W)]).astype(np.int8)
    return NightTruth(sleeper, stages, _desaturations(stages, sleeper, rng))


def _sleep(n: int, sleeper: Sleeper, rng: np.random.Generator) -> NDArray[np.int8]:
    """Return n epochs of cycles with the planned wake spread over them in bouts."""
    runs: list[NDArray[np.int8]] = []
    for light, deep, more, rem in CYCLES_MIN:
        jitter = rng.uniform(0.85, 1.15, 4)
        lengths = np.array([light, deep * sleeper.deep_share, more + deep * (1 - sleeper.deep_share), rem]) * 2 * jitter
        runs += [np.full(round(k), stage, np.int8) for k, stage in zip(lengths, (Stage.L, Stage.N3, Stage.L, Stage.R), strict=True)]
    wake = round(2 * sleeper.waso_min * 0.85)
    course = np.concatenate(runs)
    course = np.resize(course, max(n - wake, 1))
    return _with_wake(course, wake, rng)


def _with_wake(course: NDArray[np.int8], wake: int, rng: np.random.Generator) -> NDArray[np.int8]:
    bouts = max(1, round(wake / (2 * WAKE_BOUT_MIN)))
    shares = rng.dirichlet(np.full(bouts, 2.0)) * wake
    lengths = np.maximum(1, np.round(shares)).astype(int)
    light = np.flatnonzero((course != Stage.N3) & (np.arange(len(course)) > 60))
    places = np.sort(rng.choice(light, size=bouts, replace=False))[::-1]
    for place, length in zip(places, lengths, strict=True):
        course = np.insert(course, place, np.full(length, Stage.W, np.int8))
    return course


def _desaturations(stages: NDArray[np.int8], sleeper: Sleeper, rng: np.random.Generator) -> EventTable:
    """Place desaturations in light and REM sleep, REM three times as often, never closer than a gap."""
    weight = np.select([stages == Stage.R, np.isin(stages, (Stage.L, Stage.N1, Stage.N2))], [3.0, 1.0], 0.0)
    wanted = round(sleeper.desaturations_per_h * float(np.count_nonzero(stages != Stage.W)) / 120)
    events: list[Event] = []
    taken = np.zeros(0)
    for epoch in rng.choice(len(stages), size=4 * wanted + 1, p=weight / weight.sum()):
        onset = float(epoch * EPOCH_S + rng.uniform(0, EPOCH_S))
        if len(events) == wanted or onset > len(stages) * EPOCH_S - 120 or onset < 180:
            continue
        if np.any(np.abs(taken - onset) < DESATURATION_GAP_S):
            continue
        taken = np.append(taken, onset)
        rem = stages[epoch] == Stage.R
        depth = float(np.clip(rng.normal(6.5 if rem else 5.0, 1.2), 4.0, 11.0))
        events.append(Event(EventKind.DS, onset, float(rng.uniform(34, 52)), 1.0, "truth", depth))
    return EventTable.of(events)
