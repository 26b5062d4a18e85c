"""Home Assistant: the history that its page exports, one row for each change of a sensor; what does not change is not written."""

from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._csv_columns import Column
from somnia_engine.readers._room_log import RoomLog, channel_of, column_of, reader_of
from somnia_engine.readers._table import header_of, open_table, row_chunks
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped, ReadOptions

KEY = "home_assistant"
NAME = Text("Home Assistant history CSV")
HEADER = ["entity_id", "state", "last_changed"]
AWAY = frozenset(("unavailable", "unknown", "none", ""))
"""States that say that a sensor was not there."""
BEDROOM = ("bedroom", "schlaf", "sleep", "bed")
REPEAT_S = 300.0
"""An unchanged reading is said again this often [s]."""


def _recognises(path: Path, head: bytes) -> bool:
    names, _ = header_of(head)
    return names[:3] == HEADER


def _moment(cell: str) -> float:
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        return float("nan")
    return found.timestamp() if found.tzinfo is not None else float("nan")


def _load(path: Path, options: ReadOptions) -> RoomLog:
    _, delimiter, encoding = open_table(path)
    sensors: dict[str, list[tuple[float, str]]] = {}
    broken, last_s = 0, float("-inf")
    for rows, bad in row_chunks(path, encoding, delimiter=delimiter):
        broken += bad
        for row in rows:
            at = _moment(row[2]) if len(row) >= len(HEADER) else float("nan")
            if np.isnan(at):
                broken += 1
                continue
            last_s = max(last_s, at)
            sensors.setdefault(row[0].strip(), []).append((at, row[1].strip()))
    chosen, notes = _chosen(sensors)
    readings, dropped = {}, [Dropped(Text("a row without a time that can be read"), broken)] if broken else []
    for channel, sensor in chosen.items():
        column, refused, said = _held(sorted(sensors[sensor], key=lambda row: row[0]), channel, until_s=last_s)
        dropped, notes = dropped + refused, notes + said
        if len(column.times_s):
            readings[channel] = column
    zone, origin = options.zone, Text("Times in the file are UTC; you said the zone.")
    if not zone:
        origin = Text("Times in the file are UTC; it names no zone.")
    return RoomLog(path, readings, zone, origin, tuple(dropped), tuple(notes))


def _chosen(sensors: dict[str, list[tuple[float, str]]]) -> tuple[dict[str, str], list[Text]]:
    """Return the sensor of each channel: the bedroom's, else the one that changed most; and what is not used."""
    chosen: dict[str, str] = {}
    for sensor in sorted(sensors, key=lambda name: (not any(word in name.lower() for word in BEDROOM), -len(sensors[name]), name)):
        channel = channel_of(sensor.partition(".")[2])
        if channel is not None and channel not in chosen:
            chosen[channel] = sensor
    rest = [name for name in sensors if name not in chosen.values()]
    return chosen, [Text("The sensor “{sensor}” is not used.", {"sensor": name[:60]}) for name in rest]


def _held(rows: list[tuple[float, str]], channel: str, *, until_s: float) -> tuple[Column, list[Dropped], list[Text]]:
    """Return a sensor's readings, each said again until the next change; nothing while it was not there."""
    times: list[float] = []
    cells: list[str] = []
    ends = [*(at for at, _ in rows[1:]), until_s]
    for (at, state), end in zip(rows, ends, strict=True):
        if state.lower() in AWAY:
            continue
        said: NDArray[np.float64] = np.arange(at, max(end, at + 1.0), REPEAT_S)
        times += said.tolist()
        cells += [state] * len(said)
    return column_of(np.array(times, dtype=np.float64), tuple(cells), channel=channel, name="")


READER = reader_of(KEY, NAME, maker="Home Assistant", recognises=_recognises, load=_load)
