"""Xiaomi Mi Fit, Zepp Life and Zepp: the CSV files of the data export."""

from datetime import UTC, datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import is_zip, members, names_in
from somnia_engine.text import Text

KEY = "zepp"
NAME = Text("Xiaomi Mi Fit / Zepp (CSV or ZIP)")
_SLEEP, _PULSE = "date,deepSleepTime", "date,time,heartRate"
_PARTS = ("deepSleepTime", "shallowSleepTime", "REMTime")


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any(name.split("/")[0].upper() in ("SLEEP", "HEARTRATE_AUTO", "SLEEP_MINUTE") for name in names_in(path))
    return first_line(head).startswith((_SLEEP, _PULSE))


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    for member in members(path):
        if not member.name.lower().endswith((".csv", ".txt")) and not is_plain(path, member.name):
            continue
        found = table(member, lambda: export.drop(BROKEN))
        if {"deepSleepTime", "start", "stop"} <= set(found.names):
            for row in found.rows:
                _sleep(row, export)
        elif {"date", "time", "heartRate"} <= set(found.names):
            for row in found.rows:
                _pulse(row, export)


def is_plain(path: Path, name: str) -> bool:
    """Tell whether a member is the file itself, whatever its suffix."""
    return path.name == name


def _at(text: str) -> float:
    """Return the UTC second of `2025-10-25 20:30:00+0000` or of an older export's epoch seconds."""
    return float(text) if text.isdigit() else datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _sleep(row: dict[str, str], export: Export) -> None:
    try:
        start, end = _at(row["start"]), _at(row["stop"])
        asleep = sum(float(row.get(name) or 0) for name in _PARTS if row.get(name) != "null")
    except (KeyError, ValueError, OverflowError):
        export.drop(NO_TIME)
        return
    if start == end:
        export.drop(Text("an empty row that stands for a day without sleep"))
        return
    export.sleep(Sleep(start, end, "Zepp", asleep_min=asleep))


def _pulse(row: dict[str, str], export: Export) -> None:
    """Take in a heart rate; its clock is local, unlike that of the sleep."""
    try:
        export.value("hr_bpm", export.local_s(datetime.fromisoformat(f"{row['date']}T{row['time']}")), float(row["heartRate"]))
    except (KeyError, ValueError, OverflowError):
        export.drop(NO_TIME)


READER = reader_of(KEY, NAME, (".csv", ".zip"), recognises=_recognises, walk=_walk)
