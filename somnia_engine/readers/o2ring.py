"""Wellue and Viatom oximeters (O2Ring, Checkme O2): the CSV that their app writes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.readers._clock import ONE_NIGHT_S
from somnia_engine.readers._ring_clock import elapsed_s, wall_clock
from somnia_engine.readers._ring_night import DEVICE, RingNight, recording_of, start_of, survey_of
from somnia_engine.readers._table import header_of, open_table, row_chunks
from somnia_engine.text import Said, Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.recording import Dropped, Reader, ReadOptions, Recording, Source, Survey

KEY = "o2ring"
NAME = Text("Wellue / Viatom O2Ring CSV")
_SOURCE_NAMES = {
    "spo2_pct": ("oxygen level", "spo2(%)", "spo2", "oxygen level(%)", "spo2 (%)", "oxygen"),
    "hr_bpm": ("pulse rate", "pulse rate(bpm)", "pulse rate (bpm)", "pr(bpm)", "heart rate", "heart rate(bpm)"),
    "motion_index": ("motion", "movement"),
}
_KNOWN_REST = frozenset(("time", "o2 reminder", "pr reminder", "spo2 reminder", "reminder", "vibration", "warning"))
_NOT_MEASURED: dict[str, frozenset[float]] = {
    "spo2_pct": frozenset((0.0, 127.0, 255.0)),
    "hr_bpm": frozenset((0.0, 255.0, 511.0, 65535.0)),
    "motion_index": frozenset((255.0,)),
}


def _places(names: list[str]) -> dict[str, int]:
    """Return where each channel stands."""
    plain = [name.lower() for name in names]
    found = {channel: next((plain.index(n) for n in known if n in plain), -1) for channel, known in _SOURCE_NAMES.items()}
    return {channel: at for channel, at in found.items() if at >= 0}


def _recognises(path: Path, head: bytes) -> bool:
    names, _ = header_of(head)
    return bool(names) and names[0].lower() == "time" and {"spo2_pct", "hr_bpm"} <= set(_places(names))


def _load(path: Path, options: ReadOptions) -> RingNight:
    names, delimiter, encoding = open_table(path)
    places = _places(names)
    if not places or names[0].lower() != "time":
        raise DamagedFile(
            Text("{name} has no column with oxygen or pulse. Export the night from the ring's app again.", {"name": path.name})
        )
    rows, broken = _rows(path, encoding, delimiter=delimiter, width=len(names))
    wall_s, readable, notes = wall_clock([row[0] for row in rows], path)
    rows = [row for row, ok in zip(rows, readable, strict=True) if ok]
    near = np.abs(wall_s - np.median(wall_s)) <= ONE_NIGHT_S
    if near.mean() > 0.95:
        rows, wall_s = [row for row, ok in zip(rows, near.tolist(), strict=True) if ok], wall_s[near]
    elapsed, step_s, notes_of_clock = elapsed_s(wall_s, options.zone)
    if elapsed.max() > ONE_NIGHT_S:
        said: Said = {"name": path.name, "hours": round(float(elapsed.max()) / 3600)}
        raise ReadError(Text("{name} spans {hours} hours. A ring's file holds one night; export each night on its own.", said))
    order = np.round(elapsed / step_s).astype(np.int64)
    counts = {"broken": broken + len(readable) - len(rows), "twice": len(order) - len(np.unique(order))}
    dropped = [Dropped(_REASONS[key], n) for key, n in counts.items() if n]
    values = {}
    for channel, at in places.items():
        column, refused = _column([row[at] for row in rows], channel)
        values[channel] = np.full(int(order.max()) + 1, np.nan, dtype=np.float32)
        values[channel][order] = column
        dropped += [Dropped(Text("{column}: a value that a ring cannot measure", {"column": names[at]}), refused)] if refused else []
    unknown = [name for i, name in enumerate(names) if i not in places.values() and name.lower() not in _KNOWN_REST]
    notes += [Text("The column “{column}” is not known and is not used.", {"column": name[:60]}) for name in unknown]
    start, origin = start_of(float(wall_s[0] - elapsed[0]), options.zone)
    return RingNight(start, step_s, values, tuple(dropped), (*notes, *notes_of_clock), options.zone, origin)


_REASONS = {
    "broken": Text("a row without a time that can be read"),
    "twice": Text("a row at the same time as another"),
}


def _rows(path: Path, encoding: str, *, delimiter: str, width: int) -> tuple[list[list[str]], int]:
    """Return rows of one width; a date with a bare comma is put together again."""
    rows, broken = [], 0
    for chunk, bad in row_chunks(path, encoding, delimiter=delimiter):
        broken += bad
        for row in chunk:
            cells = [f"{row[0]},{row[1]}", *row[2:]] if len(row) == width + 1 and ":" not in row[1] and row[-1] else row
            rows.append([*cells, *[""] * (width - len(cells))][:width])
    return rows, broken


def _column(cells: list[str], channel: str) -> tuple[NDArray[np.float32], int]:
    """Return values, NaN where the ring did not measure, and how many were impossible."""
    bounds, none = FEATURES[channel], _NOT_MEASURED[channel]
    values = np.full(len(cells), np.nan, dtype=np.float32)
    refused = 0
    for i, cell in enumerate(cells):
        text = cell.strip().rstrip("%")
        if not text or not text.strip("-"):
            continue
        try:
            value = float(text)
        except ValueError:
            refused += 1
            continue
        if bounds.low <= value <= bounds.high and value not in none:
            values[i] = value
        elif value not in none:
            refused += 1
    return values, refused


def _survey(path: Path, options: ReadOptions) -> Survey:
    return survey_of(_load(path, options), KEY, NAME, options=options)


def _read(path: Path, options: ReadOptions) -> Recording:
    return recording_of(_load(path, options), Source(KEY, path.name, DEVICE), options=options)


READER = Reader(KEY, NAME, (".csv",), _recognises, _survey, _read, icon="ring")
