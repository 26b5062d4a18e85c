"""Sleep diaries of light studies (REDCap, questions of the consensus diary): when somebody tried to sleep, woke, and got up."""

from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import members
from somnia_engine.text import Text

KEY = "redcap_diary"
NAME = Text("Sleep diary of a REDCap study (CSV)")
_COLUMNS = frozenset(("sleep", "sleepdelay", "awake_duration", "offset", "out_ofbed"))
_CLOCK = "%d.%m.%Y %H:%M"


def _recognises(path: Path, head: bytes) -> bool:
    return set(first_line(head).split(";")) >= _COLUMNS


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        for row in table(member, lambda: export.drop(BROKEN), delimiter=";").rows:
            try:
                if any(row[name] for name in _COLUMNS):
                    _take(row, export)
            except (KeyError, ValueError, OverflowError):
                export.drop(NO_TIME)


def _take(row: dict[str, str], export: Export) -> None:
    tried, woke, up = (datetime.strptime(row[name], _CLOCK) for name in ("sleep", "offset", "out_ofbed"))
    start, end, last = (export.local_s(at) for at in (tried, up, woke))
    lost = [float(row[name]) if row[name] else None for name in ("sleepdelay", "awake_duration")]
    asleep = None if None in lost else (last - start) / 60 - sum(value or 0.0 for value in lost)
    export.sleep(Sleep(start, end, "diary", asleep_min=asleep if asleep is not None and asleep >= 0 else None))


READER = reader_of(KEY, NAME, (".csv",), recognises=_recognises, walk=_walk)
