"""WHOOP: `sleeps.csv` of its export, totals only."""

import re
from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import is_zip, members, names_in
from somnia_engine.text import Text

KEY = "whoop"
NAME = Text("WHOOP sleeps (CSV or ZIP)")
_OFFSET = re.compile(r"UTC([+-])(\d{2}):(\d{2})")


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        names = {name.rsplit("/", 1)[-1] for name in names_in(path)}
        return {"sleeps.csv", "physiological_cycles.csv"} <= names
    line = first_line(head)
    return line.startswith("Cycle start time,") and "Sleep onset" in line


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        if member.name.endswith(".csv"):
            found = table(member, lambda: export.drop(BROKEN))
            if "Sleep onset" in found.names and "In bed duration (min)" in found.names:
                for row in found.rows:
                    _take(row, export)


def _take(row: dict[str, str], export: Export) -> None:
    """Take in a sleep; the cycle has one offset, so where the clock was changed the end is right and the start comes from the duration."""
    offset = _OFFSET.fullmatch(row.get("Cycle timezone", ""))
    try:
        if offset is None:
            raise ValueError(row)
        shift = (int(offset[2]) * 3600 + int(offset[3]) * 60) * (-1 if offset[1] == "-" else 1)
        end = datetime.fromisoformat(row["Wake onset"] + "+00:00").timestamp() - shift
        start = end - 60 * float(row["In bed duration (min)"])
        asleep = float(row["Asleep duration (min)"])
    except (KeyError, ValueError, TypeError, OverflowError):
        export.drop(NO_TIME)
        return
    export.sleep(Sleep(start, end, "WHOOP", offset_s=float(shift), asleep_min=asleep))


READER = reader_of(KEY, NAME, (".csv", ".zip"), recognises=_recognises, walk=_walk)
