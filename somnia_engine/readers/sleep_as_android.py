"""Sleep as Android: `sleep-export.csv`, alone or in the backup's zip."""

import re
from datetime import datetime
from pathlib import Path

from somnia_engine.readers._clock import is_zone, zone_info
from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Sleep, reader_of
from somnia_engine.readers._line_rows import cells, first_line, lines_of
from somnia_engine.readers._members import Member, is_zip, members, names_in
from somnia_engine.text import Text

KEY = "sleep_as_android"
NAME = Text("Sleep as Android (CSV or ZIP)")
_HEADER = ("Id", "Tz", "From", "To", "Sched", "Hours")
_MOST_LINES = 40
_EVENT = re.compile(r"(HR|LUX)-(\d{12,13})-(-?[\d.]+(?:E-?\d+)?)")
_CHANNELS = {"HR": "hr_bpm", "LUX": "light_lux"}


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any(name.rsplit("/", 1)[-1] == "sleep-export.csv" for name in names_in(path))
    return tuple(cells(first_line(head), ",")[:6]) == _HEADER


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        if member.name == path.name or member.name.rsplit("/", 1)[-1] == "sleep-export.csv":
            for names, row in _nights(member, export):
                try:
                    _take(dict(zip(names[: len(_HEADER)], row, strict=False)), row, export)
                except (KeyError, ValueError, OverflowError):
                    export.drop(NO_TIME)


def _nights(member: Member, export: Export) -> list[tuple[list[str], list[str]]]:
    """Return each night's header and row; a comment may run over several lines, but never over the next header."""
    found: list[tuple[list[str], list[str]]] = []
    names: list[str] = []
    held: list[str] = []
    for line in lines_of(member, lambda: export.drop(BROKEN)):
        if line.startswith(("Id,Tz,", '"Id","Tz"')):
            export.drop(BROKEN, int(bool(held)))
            names, held = cells(line, ","), []
            continue
        held.append(line)
        whole = "\n".join(held)
        if whole.count('"') % 2 == 0 or len(held) > _MOST_LINES:
            row = cells(whole.replace("\n", " "), ",")
            if len(row) >= len(_HEADER) and names and row[0]:
                found.append((names, row))
            elif row and row[0]:
                export.drop(BROKEN)
            held = []
    export.drop(BROKEN, int(bool(held)))
    return found


def _take(night: dict[str, str], row: list[str], export: Export) -> None:
    zone = night["Tz"] if is_zone(night["Tz"]) else None
    length = 3600 * float(night["Hours"])
    if night["Id"].isdigit():
        start = int(night["Id"]) / 1e3
    else:
        wall = datetime.strptime(night["From"], "%d. %m. %Y %H:%M")
        start = export.local_s(wall) if zone is None else _in(zone, wall)
        export.note(Text("A spreadsheet has rounded the file's times; they are taken from its local clock."))
    export.sleep(Sleep(start, start + length, "Sleep as Android", zone=zone))
    for cell in row[len(_HEADER) :]:
        event = _EVENT.fullmatch(cell)
        if event and not event[3].startswith("-"):
            export.value(_CHANNELS[event[1]], int(event[2]) / 1e3, float(event[3]))


def _in(zone: str, wall: datetime) -> float:
    return wall.replace(tzinfo=zone_info(zone)).timestamp()


READER = reader_of(KEY, NAME, (".csv", ".zip"), recognises=_recognises, walk=_walk)
