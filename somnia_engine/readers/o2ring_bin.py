"""Wellue and Viatom oximeters (O2Ring, Checkme O2): the .bin that the ring itself keeps."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._clock import ONE_NIGHT_S
from somnia_engine.readers._ring_night import DEVICE, RingNight, recording_of, start_of, survey_of
from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.recording import Dropped, Reader, ReadOptions, Recording, Source, Survey

KEY = "o2ring_bin"
NAME = Text("Wellue / Viatom O2Ring BIN")
_HEADER = struct.Struct("<HHBBBBBIH")
_HEADER_BYTES = 40
_RECORD = struct.Struct("<BHBB")
_VERSIONS = frozenset((3, 5))
_MOST_BYTES = _HEADER_BYTES + _RECORD.size * int(ONE_NIGHT_S)
_NO_BYTE, _NO_WORD = 0xFF, 0xFFFF
_MOST_SPO2, _MOST_PULSE, _MOST_VIBRATION = 100, 300, 1
_SURE = 4
"""So many sound records in a row tell where records begin again behind strange bytes."""
_CUT = Text("a record that is missing at the end of the file")
_STRANGE = Text("strange bytes between records")
_COLUMNS = ("spo2_pct", "hr_bpm", "motion_index")


def _head(head: bytes) -> tuple[datetime, int, int] | None:
    """Return start, size [bytes] and length [s] as the header says; None when it is no ring's header."""
    if len(head) < _HEADER_BYTES:
        return None
    version, year, month, day, hour, minute, second, size, length_s = _HEADER.unpack_from(head)
    records, rest = divmod(size - _HEADER_BYTES, _RECORD.size)
    if version not in _VERSIONS or not 2010 <= year < 2100 or records < 1 or rest or size > _MOST_BYTES:
        return None
    if not records <= length_s <= 60 * records:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC), size, length_s
    except ValueError:
        return None


def _recognises(path: Path, head: bytes) -> bool:
    return _head(head) is not None


def _sound(raw: bytes, at: int) -> bool:
    if at + _RECORD.size > len(raw):
        return False
    record: tuple[int, int, int, int] = _RECORD.unpack_from(raw, at)
    spo2, pulse, _, vibration = record
    return (spo2 <= _MOST_SPO2 or spo2 == _NO_BYTE) and (pulse <= _MOST_PULSE or pulse == _NO_WORD) and vibration <= _MOST_VIBRATION


def _again(raw: bytes, at: int) -> int:
    """Return where records go on behind strange bytes, at most one record further."""
    for shift in range(1, _RECORD.size + 1):
        if all(_sound(raw, at + shift + k * _RECORD.size) for k in range(_SURE)):
            return at + shift
    return at + _RECORD.size


def _records(raw: bytes, most: int) -> tuple[list[tuple[int, int, int]], int]:
    """Return SpO2, pulse and motion per step, and how often bytes had to be passed over."""
    found: list[tuple[int, int, int]] = []
    at, strange = _HEADER_BYTES, 0
    while at + _RECORD.size <= len(raw) and len(found) < most:
        if _sound(raw, at):
            found.append(_RECORD.unpack_from(raw, at)[:3])
            at += _RECORD.size
            continue
        strange += 1
        then = _again(raw, at)
        if then == at + _RECORD.size:
            found.append((_NO_BYTE, _NO_WORD, _NO_BYTE))
        at = then
    return found, strange


def _load(path: Path, options: ReadOptions) -> RingNight:
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    said = _head(raw)
    if said is None:
        raise DamagedFile(Text("{name} has no header of a ring's night. Copy the file from the ring's app again.", {"name": path.name}))
    wall, size, length_s = said
    promised = (size - _HEADER_BYTES) // _RECORD.size
    found, strange = _records(raw, promised)
    if not found:
        raise DamagedFile(Text("{name} holds no measurement. Copy the file from the ring's app again.", {"name": path.name}))
    counts = ((_CUT, promised - len(found)), (_STRANGE, strange))
    table = np.array(found, dtype=np.float32)
    values = {}
    for column, channel in enumerate(_COLUMNS):
        bounds = FEATURES[channel]
        none = _NO_WORD if channel == "hr_bpm" else _NO_BYTE
        held = table[:, column]
        missing = (held == none) | (held < bounds.low) | (held > bounds.high)
        if channel != "motion_index":
            missing |= held == 0
        values[channel] = np.where(missing, np.float32(np.nan), held).astype(np.float32)
    start, origin = start_of(wall.timestamp(), options.zone)
    dropped = tuple(Dropped(reason, n) for reason, n in counts if n)
    return RingNight(start, length_s / promised, values, dropped, (), options.zone, origin)


def _survey(path: Path, options: ReadOptions) -> Survey:
    return survey_of(_load(path, options), KEY, NAME, options=options)


def _read(path: Path, options: ReadOptions) -> Recording:
    return recording_of(_load(path, options), Source(KEY, path.name, DEVICE), options=options)


READER = Reader(KEY, NAME, (".bin",), _recognises, _survey, _read, icon="ring")
