"""Withings: the CSV files of its data export, sleep mat and watch, in the language of the account."""

import json
from datetime import datetime
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, Export, Row, Sleep, reader_of
from somnia_engine.readers._line_rows import first_line, table
from somnia_engine.readers._members import Member, head_of, is_zip, members, names_in
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "withings"
NAME = Text("Withings (CSV or ZIP)")
_STAGES = {0: Stage.W, 1: Stage.L, 2: Stage.N3, 3: Stage.R}
_RAW = "start,duration,value"
_SUMMARY = (("from", "to"), ("von", "bis"), ("de", "à"), ("desde", "hasta"), ("da", "a"), ("van", "tot"))
_CHANNELS = (("respiratory-rate", "resp_rate_bpm"), ("_hr", "hr_bpm"))
_APART_S = 3600.0
_PARTS = slice(2, 5)
"""Light, deep and REM stand in these columns of the summary in every language."""


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any(name.rsplit("/", 1)[-1] in ("sleep.csv", "raw_sleep-monitor_sleep-state.csv") for name in names_in(path))
    line = first_line(head)
    first = tuple(cell.strip('"').lower() for cell in line.split(",")[:2])
    return line == _RAW or (first in _SUMMARY and "(s)" in line)


def _walk(path: Path, export: Export) -> None:
    for member in members(path):
        head = head_of(member)
        if is_zip(head) or not _recognises(Path(member.name), head):
            continue
        if first_line(head) == _RAW:
            _raw(member, export)
        else:
            _summary(member, export)


def _summary(member: Member, export: Export) -> None:
    for row in table(member, lambda: export.drop(BROKEN)).rows:
        cells = list(row.values())
        try:
            start, end = (datetime.fromisoformat(cell) for cell in cells[:2])
            offset = start.utcoffset()
            asleep = sum(float(cell) for cell in cells[_PARTS]) / 60
        except (ValueError, OverflowError):
            export.drop(NO_TIME)
            continue
        shift = offset.total_seconds() if offset is not None else None
        export.sleep(Sleep(start.timestamp(), end.timestamp(), "Withings", offset_s=shift, asleep_min=asleep))


def _raw(member: Member, export: Export) -> None:
    """Take in rows of values by the minute; they are in no order, and of minutes told twice the first one counts."""
    stages: dict[float, Row] = {}
    offset = None
    plain = member.name.rsplit("/", 1)[-1]
    channel = next((channel for word, channel in _CHANNELS if word in plain), None)
    for row in table(member, lambda: export.drop(BROKEN)).rows:
        try:
            at, steps, values = datetime.fromisoformat(row["start"]), json.loads(row["duration"]), json.loads(row["value"])
            begin, shift = at.timestamp(), at.utcoffset()
            offset = shift.total_seconds() if shift is not None and offset is None else offset
            for step, value in zip(steps, values, strict=True):
                if channel:
                    if value:
                        export.value(channel, begin, float(value))
                elif "sleep-state" in plain and value in _STAGES:
                    stages.setdefault(begin, (begin, begin + step, _STAGES[value]))
                begin += step
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
            export.drop(NO_TIME)
    for group in _groups(sorted(stages.values())):
        if any(code != Stage.W for _, _, code in group):
            export.sleep(Sleep(group[0][0], group[-1][1], "Withings", tuple(group), offset_s=offset))


def _groups(rows: list[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in rows:
        if not groups or row[0] - groups[-1][-1][1] > _APART_S:
            groups.append([])
        groups[-1].append(row)
    return groups


READER = reader_of(KEY, NAME, (".csv", ".zip"), recognises=_recognises, walk=_walk)
