"""Netatmo: the CSV of a weather station's indoor module, in seconds since 1970; its header names the zone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._csv_columns import Refused, numbers
from somnia_engine.readers._room_log import RoomLog, log_of, reader_of
from somnia_engine.readers._table import header_of
from somnia_engine.text import Text
from somnia_engine.types.recording import ReadOptions

KEY = "netatmo"
NAME = Text("Netatmo CSV")
_FIRST_S, _LAST_S = 946_684_800.0, 4_102_444_800.0
"""2000 to 2100: what lies outside is no time."""


def _recognises(path: Path, head: bytes) -> bool:
    names, _ = header_of(head)
    return len(names) > 2 and names[0] == "Timestamp" and names[1].startswith("Timezone")


def _times(cells: tuple[str, ...], _zone: str | None) -> NDArray[np.float64]:
    times = numbers(cells, Refused(), name="")
    with np.errstate(invalid="ignore"):
        times[(times < _FIRST_S) | (times > _LAST_S)] = np.nan
    return times


def _load(path: Path, options: ReadOptions) -> RoomLog:
    return log_of(path, options, times_of=_times, first=2)


READER = reader_of(KEY, NAME, maker="Netatmo", recognises=_recognises, load=_load)
