"""Airthings: the CSV that the dashboard writes, local time, one column a sensor, most cells empty."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._clock import wall_to_epoch
from somnia_engine.readers._room_log import RoomLog, log_of, reader_of
from somnia_engine.readers._table import header_of
from somnia_engine.text import Text
from somnia_engine.types.recording import ReadOptions

KEY = "airthings"
NAME = Text("Airthings CSV")


def _recognises(path: Path, head: bytes) -> bool:
    names, delimiter = header_of(head)
    return bool(names) and names[0] == "recorded" and delimiter == ";"


def _wall(cell: str) -> float:
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        return float("nan")
    return found.replace(tzinfo=UTC).timestamp()


def _times(cells: tuple[str, ...], zone: str | None) -> NDArray[np.float64]:
    """Return the moments of local times, NaN where a cell is none."""
    times = np.array([_wall(cell) for cell in cells], dtype=np.float64)
    good = np.isfinite(times)
    if zone is not None:
        times[good] = wall_to_epoch(times[good], zone)
    return times


def _load(path: Path, options: ReadOptions) -> RoomLog:
    return log_of(path, options, times_of=_times, first=1)


READER = reader_of(KEY, NAME, maker="Airthings", recognises=_recognises, load=_load)
