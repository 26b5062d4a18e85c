"""SleepMeter: the CSV of its history, bedtime, sleep, wake and the holes between them as the person wrote them down."""

import re
from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import lines_of
from somnia_engine.readers._members import members
from somnia_engine.text import Text

KEY = "sleepmeter"
NAME = Text("SleepMeter (CSV)")
_HEADER = "wake,sleep,bedtime,holes,type,"
_NIGHT = re.compile(
    r'"(\d{4}-\d\d-\d\d \d\d:\d\d[+-]\d{4})","(\d{4}-\d\d-\d\d \d\d:\d\d[+-]\d{4})",'
    r'"(\d{4}-\d\d-\d\d \d\d:\d\d[+-]\d{4})",([\d|-]*),'
)
_CELLS = 10
"""A line with fewer commas is the rest of a note that runs over several lines."""


def _recognises(path: Path, head: bytes) -> bool:
    text = head.decode("utf-8-sig", errors="replace")
    return text.startswith((_HEADER, "custom_aid_id,class,name")) and _HEADER in text


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        inside = False
        for line in lines_of(member, lambda: export.drop(BROKEN)):
            if line.startswith(_HEADER):
                inside = True
            elif inside and (night := _NIGHT.match(line)):
                _take(night, export)
            elif inside and line.count(",") >= _CELLS:
                export.drop(BROKEN)


def _take(night: re.Match[str], export: Export) -> None:
    try:
        wake, asleep, bed = (datetime.strptime(night[i], "%Y-%m-%d %H:%M%z") for i in (1, 2, 3))
        holes = [tuple(map(int, hole.split("-"))) for hole in night[4].split("|") if hole]
        awake_min = sum(end - start for start, end in holes)
    except ValueError:
        export.drop(NO_TIME)
        return
    offset = bed.utcoffset()
    minutes = (wake - asleep).total_seconds() / 60 - awake_min
    export.sleep(
        Sleep(
            bed.timestamp(),
            wake.timestamp(),
            "SleepMeter",
            offset_s=offset.total_seconds() if offset is not None else None,
            asleep_min=minutes if minutes >= 0 else None,
        )
    )


READER = reader_of(KEY, NAME, (".csv",), recognises=_recognises, walk=_walk)
