"""Garmin Connect: JSON of the sleep, heart rate, oxygen and variability pages, or the export's zip."""

from datetime import UTC, datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Row, Sleep, reader_of
from somnia_engine.readers._json_records import Record, records
from somnia_engine.readers._members import head_of, is_zip, members, names_in
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "garmin"
NAME = Text("Garmin Connect (JSON or ZIP)")
_LEVELS = {0: Stage.N3, 1: Stage.L, 2: Stage.R, 3: Stage.W}
_WORDS = (b'"dailySleepDTO"', b'"sleepStartTimestampGMT"', b'"heartRateValues"', b'"spo2Reading"', b'"hrvReadings"', b'"startGMT"')
_KEYS = ("dailySleepDTO", "sleepStartTimestampGMT", "heartRateValues", "spo2Reading", "hrvValue")
_POINTS = (
    ("spo2Reading", "epochTimestamp", "spo2_pct"),
    ("hrvValue", "readingTimeGMT", "rmssd_ms"),
    ("value", "startGMT", "hr_bpm"),
)


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any("DI_CONNECT/" in name for name in names_in(path))
    return head[:1] in b"{[" and any(word in head for word in _WORDS)


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    for member in members(path):
        head = head_of(member)
        if head[:1] in (b"{", b"[") and any(word in head for word in _WORDS):
            for record in records(member, _wanted, lambda: export.drop(BROKEN)):
                try:
                    _take(record, export)
                except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
                    export.drop(NO_TIME)


def _wanted(record: Record) -> bool:
    return any(key in record for key in _KEYS) or ("startGMT" in record and "value" in record)


def _take(record: Record, export: Export) -> None:
    if "dailySleepDTO" in record or "sleepStartTimestampGMT" in record:
        _sleep(record, export)
    if "heartRateValues" in record:
        for at, value in record["heartRateValues"] or ():
            if value is not None:
                export.value("hr_bpm", at / 1e3, float(value))
    for reading in (*(record.get("hrvReadings") or ()), *(record.get("sleepHeartRate") or ()), record):
        _point(reading, export)


def _point(record: Record, export: Export) -> None:
    for key, clock, channel in _POINTS:
        if record.get(key) is not None and clock in record:
            if channel == "spo2_pct":
                export.note(Text("Oxygen at the wrist is less sure than that of a finger ring; a ring's is to be preferred."))
            export.value(channel, _at(record[clock]), float(record[key]))


def _at(clock: float | str) -> float:
    """Return the UTC second of a GMT time: epoch ms, or a text without a zone."""
    if isinstance(clock, int | float):
        return clock / 1e3
    return datetime.fromisoformat(clock).replace(tzinfo=UTC).timestamp()


def _sleep(record: Record, export: Export) -> None:
    """Take in a sleep; the "local" times are a wall clock written as if it were UTC, so they give the offset and nothing else."""
    night = record.get("dailySleepDTO") or record
    if night.get("sleepStartTimestampGMT") is None:
        export.drop(Text("a day without sleep"))
        return
    start, end = _at(night["sleepStartTimestampGMT"]), _at(night["sleepEndTimestampGMT"])
    local = night.get("sleepStartTimestampLocal")
    offset = round((_at(local) - start) / 900) * 900.0 if local is not None else None
    rows: list[Row] = []
    for level in record.get("sleepLevels") or ():
        code = _LEVELS.get(int(level["activityLevel"]))
        if code is not None:
            rows.append((_at(level["startGMT"]), _at(level["endGMT"]), code))
    parts = [night.get(key) for key in ("deepSleepSeconds", "lightSleepSeconds", "remSleepSeconds")]
    known = [float(part) for part in parts if part is not None]
    asleep = sum(known) / 60 if known else None
    export.sleep(Sleep(start, end, "Garmin", tuple(rows), offset_s=offset, asleep_min=asleep))


READER = reader_of(KEY, NAME, (".json", ".zip"), recognises=_recognises, walk=_walk)
