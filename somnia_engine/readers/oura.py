"""Oura: the JSON of its web interface (API v2, `sleep`) and of its export."""

from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Row, Sleep, reader_of
from somnia_engine.readers._json_records import Record, records
from somnia_engine.readers._members import members
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "oura"
NAME = Text("Oura sleep (JSON)")
_STAGES = {"1": Stage.N3, "2": Stage.L, "3": Stage.R, "4": Stage.W}
_NOT_SLEEP = frozenset(("deleted", "rest"))
_PHASES = (("sleep_phase_30_sec", 30.0), ("sleep_phase_5_min", 300.0))
_STREAMS = (("heart_rate", "hr_bpm"), ("hrv", "rmssd_ms"))


def _recognises(path: Path, head: bytes) -> bool:
    return head[:1] in b"{[" and b'"bedtime_start"' in head and b'"sleep_phase_5_min"' in head


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        for record in records(member, lambda r: "bedtime_start" in r, lambda: export.drop(BROKEN)):
            try:
                _take(record, export)
            except (KeyError, ValueError, TypeError, OverflowError):
                export.drop(NO_TIME)


def _take(record: Record, export: Export) -> None:
    if record.get("type") in _NOT_SLEEP:
        export.drop(Text("a rest or a sleep that was deleted"))
        return
    start, end = datetime.fromisoformat(record["bedtime_start"]), datetime.fromisoformat(record["bedtime_end"])
    offset = start.utcoffset()
    begin, stop = start.timestamp(), end.timestamp()
    total = record.get("total_sleep_duration")
    asleep = total / 60 if isinstance(total, int | float) else None
    rows = _rows(record, begin)
    shift = offset.total_seconds() if offset is not None else None
    export.sleep(Sleep(begin, stop, "Oura", rows, offset_s=shift, asleep_min=asleep))
    for name, channel in _STREAMS:
        stream = record.get(name)
        if isinstance(stream, dict):
            first, step = datetime.fromisoformat(stream["timestamp"]).timestamp(), float(stream["interval"])
            for i, value in enumerate(stream["items"]):
                if isinstance(value, int | float):
                    export.value(channel, first + i * step, float(value))


def _rows(record: Record, begin: float) -> tuple[Row, ...]:
    """Return the stages of the finest string that the record has."""
    for name, step in _PHASES:
        letters = record.get(name)
        if isinstance(letters, str) and letters:
            return tuple(
                (begin + i * step, begin + (i + 1) * step, _STAGES[letter]) for i, letter in enumerate(letters) if letter in _STAGES
            )
    return ()


READER = reader_of(KEY, NAME, (".json",), recognises=_recognises, walk=_walk)
