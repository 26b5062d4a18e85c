"""Sleeps as the history keeps them: asleep or awake on the clock of where the person was, one for each recording, naps included."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_engine.types.night import NightRecord

ASLEEP, AWAKE, UNKNOWN = 1, 0, -1


@dataclass(frozen=True, slots=True, eq=False)
class Sleep:
    """One stretch of recorded sleep.

    Parameters
    ----------
    night : date
        The day on which its night began.
    start : aware datetime
        Time of the first epoch.
    zone : str or None
        IANA name; None takes the offset that `start` carries.
    states : ndarray, shape (n,), int8
        1 asleep, 0 awake, -1 not known, one an epoch.
    epoch_s : float
        Length of an epoch [s].
    off_s, on_s : float
        Lights off and on, in seconds from `start`; NaN takes the ends of the recording.
    """

    night: date
    start: datetime
    zone: str | None
    states: NDArray[np.int8]
    epoch_s: float = EPOCH_S
    off_s: float = float("nan")
    on_s: float = float("nan")

    @property
    def tst_min(self) -> float:
        """Minutes asleep; NaN where nothing is known."""
        if not np.any(self.states != UNKNOWN):
            return float("nan")
        return float(np.count_nonzero(self.states == ASLEEP)) * self.epoch_s / 60.0

    @property
    def bed_s(self) -> tuple[float, float]:
        """Lights off and on [s from the start]."""
        off = 0.0 if np.isnan(self.off_s) else self.off_s
        on = len(self.states) * self.epoch_s if np.isnan(self.on_s) else self.on_s
        return off, on

    @property
    def sleep_s(self) -> tuple[float, float]:
        """The first moment asleep and the end of the last [s from the start]; NaN without sleep."""
        at = np.flatnonzero(self.states == ASLEEP)
        if not len(at):
            return float("nan"), float("nan")
        return float(at[0]) * self.epoch_s, float(at[-1] + 1) * self.epoch_s

    def clock_h(self, second: float) -> float:
        """Return the local time of day at a second from the start, in hours 0..24; NaN for NaN."""
        if np.isnan(second):
            return float("nan")
        at = self.local(second)
        return at.hour + at.minute / 60.0 + at.second / 3600.0

    def local(self, second: float) -> datetime:
        """Return the local time at a second from the start; the hours between two moments are true ones, also over a clock change."""
        place: tzinfo | None = ZoneInfo(self.zone) if self.zone else self.start.tzinfo
        return (self.start.astimezone(UTC) + timedelta(seconds=second)).astimezone(place)


def as_sleep(night: date, record: NightRecord) -> Sleep | None:
    """Return what a night of the history tells of asleep and awake; None where it has no start or no stages."""
    if record.start is None or record.hypnogram is None:
        return None
    off, on = (float("nan"), float("nan")) if record.lights is None else (record.lights.off_s, record.lights.on_s)
    hypnogram = record.hypnogram
    return Sleep(night, record.start, record.zone, states_of(hypnogram.stages), hypnogram.epoch_s, off, on)


def states_of(stages: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return asleep, awake or not known for each stage, shape (n,)."""
    return np.where(stages == Stage.UNSCORED, UNKNOWN, (stages != Stage.W).astype(np.int8)).astype(np.int8)
