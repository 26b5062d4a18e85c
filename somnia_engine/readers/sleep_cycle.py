"""Sleep Cycle: the CSV of its export, both generations."""

from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import members
from somnia_engine.text import Text

KEY = "sleep_cycle"
NAME = Text("Sleep Cycle (CSV)")


def _recognises(path: Path, head: bytes) -> bool:
    return first_line(head).lower().startswith("start;end;sleep quality")


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        for row in table(member, lambda: export.drop(BROKEN), delimiter=";").rows:
            try:
                _take(row, export)
            except (KeyError, ValueError, OverflowError):
                export.drop(NO_TIME)


def _take(row: dict[str, str], export: Export) -> None:
    """Take in a night; the time in bed tells the end where it is given, for it does not jump with the clock."""
    start = export.local_s(datetime.fromisoformat(row["Start"]))
    end = export.local_s(datetime.fromisoformat(row["End"]))
    asleep = row.get("Time asleep (seconds)")
    in_bed = row.get("Time in bed (seconds)")
    if in_bed and abs(float(in_bed) - (end - start)) > 1800:
        end = start + float(in_bed)
    export.sleep(Sleep(start, end, "Sleep Cycle", asleep_min=float(asleep) / 60 if asleep else None))


READER = reader_of(KEY, NAME, (".csv",), recognises=_recognises, walk=_walk)
