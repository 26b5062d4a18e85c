"""A night as a trend holds it: numbers, asleep and awake; light enough for years."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.sleeps import Sleep

TREND_KEYS = (
    "score", "tst_min", "se_pct", "sol_min", "waso_min", "tib_min", "awakenings", "long_awakenings", "n3_min", "rem_min", "light_min",
    "sfi_per_h", "odi3_per_h", "spo2_mean_pct", "spo2_min_pct", "t90_pct", "hr_mean_bpm", "hr_min_bpm", "rmssd_ms", "sdnn_index_ms",
    "breathing_events_per_h", "snore_min", "snore_pct", "breathing_pause_per_h", "coughs", "skin_temp_rise_c",
    "room_temp_mean_c", "humidity_mean_pct", "co2_mean_ppm", "light_mean_lux", "noise_mean_db", "rem_latency_min",
)  # fmt: skip
"""The numbers of a night that a trend keeps, in the order in which they are kept: new ones go to the end, none is taken away."""
_PLACE = {key: place for place, key in enumerate(TREND_KEYS)}


@dataclass(frozen=True, slots=True, eq=False)
class TrendNight:
    """One recording of a history.

    Parameters
    ----------
    id : str
    night : date
        The day on which its night began.
    values : ndarray, shape (len(TREND_KEYS),), float32
        NaN = not measured.
    start : aware datetime or None
    zone : str or None
    sleep : Sleep or None
        None where there is no start or no stages.
    demo : bool
    """

    id: str
    night: date
    values: NDArray[np.float32]
    start: datetime | None = None
    zone: str | None = None
    sleep: Sleep | None = None
    demo: bool = False

    def value(self, key: str) -> float:
        """Return one of its numbers; an unknown name raises KeyError."""
        return float(self.values[_PLACE[key]])
