"""Recordings made by hand, for the tests of the engine."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from somnia_engine.text import Text
from somnia_engine.types.features import NightInput, Placed
from somnia_engine.types.hypnogram import StageIntervals
from somnia_engine.types.recording import Recording, Source
from somnia_engine.types.signals import Series

START = datetime(2025, 3, 8, 22, 0, tzinfo=UTC)

Samples = tuple[np.ndarray, np.ndarray]


def series(channel: str, times_s: np.ndarray, values: np.ndarray) -> Series:
    return Series(channel, np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float32), "")


def recording(
    channels: Mapping[str, Samples] | None = None, *, name: str = "watch", start: datetime | None = START, **more: object
) -> Recording:
    """Return a recording of uneven channels; `more` are fields of Recording."""
    streams = tuple(series(channel, *samples) for channel, samples in (channels or {}).items())
    last = max((float(s.times_s[-1]) for s in streams if len(s.times_s)), default=0.0)
    fields = {"zone": None, "zone_origin": Text(""), "duration_s": last, "source": Source("test", name), "series": streams, **more}
    return Recording(start=start, **fields)  # type: ignore[arg-type]


def night_of(*recordings: Recording, n_epochs: int = 120) -> NightInput:
    """Return recordings that all begin with the night."""
    return NightInput(START, None, n_epochs, tuple(Placed(r, 0.0) for r in recordings))


def stages(letters: str, scorer: str = "watch", epoch_s: float = 30.0) -> StageIntervals:
    code = {"W": 0, "1": 1, "2": 2, "3": 3, "R": 4, "L": 5, "S": 6, "?": -1}
    n = len(letters)
    return StageIntervals(np.arange(n) * epoch_s, np.full(n, epoch_s), np.array([code[x] for x in letters], dtype=np.int8), scorer)


def heart(length_s: float, step_s: float = 5.0, level: float = 60.0) -> Samples:
    times = np.arange(0.0, length_s, step_s)
    return times, level + 5.0 * np.sin(times / 700.0)


def activity(length_s: float, moving_until_s: float = 0.0) -> Samples:
    times = np.arange(0.0, length_s, 15.0)
    return times, np.where(times < moving_until_s, 300.0, 0.0)


def oxygen(length_s: float, step_s: float = 1.0, every_s: float | None = None, depth: float = 6.0) -> Samples:
    """Return SpO2 around 96 % with a fall of `depth` every `every_s`."""
    times = np.arange(0.0, length_s, step_s)
    values = np.full(len(times), 96.0)
    if every_s is not None:
        phase = np.mod(times, every_s)
        values -= np.where(times > 200, np.interp(phase, [0, 20, 35, 36], [0, depth, 0, 0]), 0.0)
    return times, np.round(values, 1)
