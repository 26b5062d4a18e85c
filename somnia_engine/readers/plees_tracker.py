"""Plees Tracker: the CSV of its export, a start and a stop for each sleep."""

from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import members
from somnia_engine.text import Text

KEY = "plees_tracker"
NAME = Text("Plees Tracker (CSV)")


def _recognises(path: Path, head: bytes) -> bool:
    return first_line(head).startswith("sid,start,stop,rating")


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    for member in members(path):
        for row in table(member, lambda: export.drop(BROKEN)).rows:
            try:
                export.sleep(Sleep(int(row["start"]) / 1e3, int(row["stop"]) / 1e3, "Plees Tracker"))
            except (KeyError, ValueError, OverflowError):
                export.drop(NO_TIME)


READER = reader_of(KEY, NAME, (".csv",), recognises=_recognises, walk=_walk)
