"""Fitbit: the Takeout (zip or single files), and sleep logs of its web interface."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from somnia_engine.readers._export import BROKEN, LOCAL, NO_TIME, Export, Row, Sleep, reader_of, tidy
from somnia_engine.readers._json_records import Record, records
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import Member, head_of, is_zip, members, names_in
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "fitbit"
NAME = Text("Fitbit (Takeout ZIP, JSON, CSV)")
_STAGES = {
    "wake": Stage.W, "light": Stage.L, "deep": Stage.N3, "rem": Stage.R, "asleep": Stage.S, "restless": Stage.W, "awake": Stage.W,
}  # fmt: skip
_SPO2 = "timestamp,value"
_RATIO = "timestamp,Infrared to Red Signal Ratio"
_HEADS = (b'"levels"', b'"dateOfSleep"'), (b'"bpm"', b'"confidence"')
_NO_SPO2 = 50.0
_HOUR_S = 3600.0


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any("Global Export Data/" in name or "/Fitbit/" in f"/{name}" for name in names_in(path))
    if head[:1] in b"{[":
        return any(all(word in head for word in words) for words in _HEADS) and b'"dailySleepDTO"' not in head
    return first_line(head) in (_SPO2, _RATIO)


def _walk(path: Path, export: Export) -> None:
    export.origin = LOCAL
    for member in members(path):
        if is_zip(head := head_of(member)):
            continue
        if head[:1] in b"{[" and any(all(word in head for word in words) for words in _HEADS):
            for record in records(member, _wanted, lambda: export.drop(BROKEN)):
                _take(record, export)
        elif first_line(head) == _SPO2:
            _oxygen(member, export)
        elif first_line(head) == _RATIO:
            export.note(Text("{name} holds a ratio of red to infrared light, no blood oxygen. It is not used.", {"name": member.name}))


def _wanted(record: Record) -> bool:
    return ("startTime" in record and "levels" in record) or ("dateTime" in record and isinstance(record.get("value"), dict))


def _take(record: Record, export: Export) -> None:
    try:
        if "levels" in record:
            _sleep(record, export)
        elif "bpm" in record["value"]:
            at = datetime.strptime(record["dateTime"], "%m/%d/%y %H:%M:%S").replace(tzinfo=UTC)
            export.note(Text("Fitbit's heart rate is taken as written in UTC; if it does not fit the sleep, say so."))
            export.value("hr_bpm", at.timestamp(), float(record["value"]["bpm"]))
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, StopIteration):
        export.drop(NO_TIME)


def _sleep(record: Record, export: Export) -> None:
    """Take in a log; elapsed time is counted, so a clock that was changed in the night does not matter."""
    wall = datetime.fromisoformat(record["startTime"]).replace(tzinfo=None)
    start = export.local_s(wall)
    end = start + float(record["duration"]) / 1e3
    rows: list[Row] = []
    shift = 0.0
    for part in _parts(record["levels"]):
        at = start + (datetime.fromisoformat(part["dateTime"]).replace(tzinfo=None) - wall).total_seconds()
        if rows and abs(abs(rows[-1][1] - at - shift) - _HOUR_S) <= 60.0:
            shift = rows[-1][1] - at
        if part["level"] in _STAGES:
            rows.append((at + shift, at + shift + float(part["seconds"]), _STAGES[part["level"]]))
    short = [_short(part, wall, start) for part in record["levels"].get("shortData", []) if part["level"] == "wake"]
    asleep = float(record["minutesAsleep"])
    rows = tidy(rows, low_s=start, high_s=end)
    if abs(_asleep_min(with_short := _overlaid(rows, short)) - asleep) < abs(_asleep_min(rows) - asleep):
        rows = with_short
    export.sleep(Sleep(start, end, "Fitbit", tuple(rows), zone=None, asleep_min=asleep))


def _parts(levels: Record) -> list[Record]:
    """Return the log's list of levels: the one beside the short wakes and the summary."""
    return next(value for key, value in levels.items() if isinstance(value, list) and key != "shortData")


def _short(part: Record, wall: datetime, start: float) -> tuple[float, float]:
    at = start + (datetime.fromisoformat(part["dateTime"]).replace(tzinfo=None) - wall) / timedelta(seconds=1)
    return at, at + float(part["seconds"])


def _asleep_min(rows: list[Row]) -> float:
    return sum(b - a for a, b, code in rows if code != Stage.W) / 60


def _overlaid(rows: list[Row], short: list[tuple[float, float]]) -> list[Row]:
    """Return the stages with short wakes laid over them."""
    for low, high in short:
        cut: list[Row] = []
        for a, b, code in rows:
            if b <= low or a >= high or code == Stage.W:
                cut.append((a, b, code))
                continue
            cut += [(x, y, c) for x, y, c in ((a, low, code), (max(a, low), min(b, high), Stage.W), (high, b, code)) if y > x]
        rows = cut
    return rows


def _oxygen(member: Member, export: Export) -> None:
    for row in table(member, lambda: export.drop(BROKEN)).rows:
        try:
            value = float(row["value"])
            if value == _NO_SPO2:
                export.drop(Text("a minute in which blood oxygen was not measured"))
            else:
                export.value("spo2_pct", datetime.fromisoformat(row["timestamp"]).timestamp(), value)
        except (KeyError, ValueError, OverflowError):
            export.drop(NO_TIME)


READER = reader_of(KEY, NAME, (".zip", ".json", ".csv"), recognises=_recognises, walk=_walk)
