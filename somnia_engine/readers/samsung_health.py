"""Samsung Health: the CSV tables of the downloaded personal data, alone or in one zip."""

import re
from datetime import UTC, datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Row, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import Member, head_of, is_zip, members, names_in
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "samsung_health"
NAME = Text("Samsung Health (CSV or ZIP)")
_STAGES = {"40001": Stage.W, "40002": Stage.L, "40003": Stage.N3, "40004": Stage.R, "asleep": Stage.S, "awake": Stage.W}
_OFFSET = re.compile(r"UTC([+-])(\d{2}):?(\d{2})")
_TABLE = re.compile(r"com\.samsung\.s?health\.[\w.]+,\d+,\d+")
_OPEN_HEADERS = ("start_time,end_time,sleep_stage,", "start_time,heart_rate,", "start_time,end_time,oxygen_saturation,")
_CHANNELS = {"heart_rate": "hr_bpm", "spo2": "spo2_pct", "oxygen_saturation": "spo2_pct", "respiratory_rate": "resp_rate_bpm"}
_OWN = "com.sec.android.app.shealth"


class _Found:
    """Sleeps and stages by their identifier, joined when all tables are read."""

    def __init__(self) -> None:
        self.sleeps: dict[str, tuple[float, float, str, float]] = {}
        self.stages: dict[str, list[Row]] = {}
        self.offsets: dict[str, float] = {}


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any("com.samsung." in name for name in names_in(path))
    line = first_line(head)
    return _TABLE.match(line) is not None or line.startswith(_OPEN_HEADERS)


def _walk(path: Path, export: Export) -> None:
    found = _Found()
    for member in members(path):
        head = head_of(member)
        if _recognises(Path(member.name), head) and not is_zip(head):
            _table(member, export, found, skip=int(_TABLE.match(first_line(head)) is not None))
    for key, (start, end, source, offset) in found.sleeps.items():
        export.sleep(Sleep(start, end, source, tuple(found.stages.pop(key, ())), offset_s=offset))
    for key, rows in found.stages.items():
        low, high = min(row[0] for row in rows), max(row[1] for row in rows)
        export.sleep(Sleep(low, high, "Samsung Health", tuple(rows), offset_s=found.offsets[key]))


def _table(member: Member, export: Export, found: _Found, *, skip: int) -> None:
    read = table(member, lambda: export.drop(BROKEN), skip=skip)
    for row in read.rows:
        plain = {name.rsplit(".", 1)[-1]: cell for name, cell in row.items()}
        try:
            _take(plain, export, found)
        except (KeyError, ValueError, OverflowError):
            export.drop(NO_TIME)


def _take(row: dict[str, str], export: Export, found: _Found) -> None:
    start, offset = _moment(row["start_time"], row.get("time_offset", ""))
    channel = next((name for name in _CHANNELS if row.get(name)), None)
    if channel is not None:
        export.value(_CHANNELS[channel], start, float(row[channel]))
        return
    end, _ = _moment(row["end_time"], row.get("time_offset", ""))
    source = "Samsung Health" if row.get("pkg_name", _OWN) == _OWN else row["pkg_name"]
    if "sleep_stage" in row:
        rows = ((start, end, _STAGES[row["sleep_stage"]]),)
        export.sleep(Sleep(start, end, row.get("source_name", ""), rows, offset_s=offset))
    elif "stage" in row and "sleep_id" in row:
        found.stages.setdefault(row["sleep_id"], []).append((start, end, _STAGES[row["stage"]]))
        found.offsets[row["sleep_id"]] = offset
    elif "sleep_score" in row or "efficiency" in row:
        found.sleeps[row["datauuid"]] = (start, end, source, offset)


def _moment(text: str, offset: str) -> tuple[float, float]:
    """Return the UTC second and the offset [s]; a time without an offset of its own is UTC."""
    at = datetime.fromisoformat(text)
    own = at.utcoffset()
    if own is not None:
        return at.timestamp(), own.total_seconds()
    said = _OFFSET.fullmatch(offset)
    shift = (int(said[2]) * 3600 + int(said[3]) * 60) * (-1 if said[1] == "-" else 1) if said else 0
    return at.replace(tzinfo=UTC).timestamp(), float(shift)


READER = reader_of(KEY, NAME, (".csv", ".zip"), recognises=_recognises, walk=_walk)
