"""Health Connect (Android): the backup zip, or the database inside it."""

from pathlib import Path
from typing import Any

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Row, Sleep, reader_of
from somnia_engine.readers._members import is_zip, members, names_in
from somnia_engine.readers._sqlite_rows import MAGIC, Rows, opened
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "health_connect"
NAME = Text("Health Connect backup (ZIP or database)")
_FILE = "health_connect_export.db"
_STAGES = {1: Stage.W, 2: Stage.S, 3: Stage.W, 4: Stage.L, 5: Stage.N3, 6: Stage.R, 7: Stage.W}
"""The platform's constants: awake, sleeping, out of bed, light, deep, REM, awake in bed; 0 is unknown."""
_POINTS = (
    ("oxygen_saturation_record_table", "percentage", "spo2_pct"),
    ("respiratory_rate_record_table", "rate", "resp_rate_bpm"),
    ("heart_rate_variability_rmssd_record_table", "heart_rate_variability_millis", "rmssd_ms"),
    ("body_temperature_record_table", "temperature", "body_temp_c"),
)


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any(name.rsplit("/", 1)[-1] == _FILE for name in names_in(path))
    return head.startswith(MAGIC) and b"sleep_session_record_table" in head


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    with path.open("rb") as file:
        zipped = is_zip(file.read(4))
    for member in members(path):
        if not zipped or member.name.rsplit("/", 1)[-1] == _FILE:
            with opened(path, member if zipped else None, lambda: export.drop(BROKEN)) as rows:
                _sleeps(rows, export)
                _values(rows, export)


def _sleeps(rows: Rows, export: Export) -> None:
    apps = {row[0]: str(row[1] or row[2] or "") for row in rows.of("application_info_table", "row_id", "app_name", "package_name")}
    stages: dict[Any, list[Row]] = {}
    for parent, start, end, code in rows.of("sleep_stages_table", "parent_key", "stage_start_time", "stage_end_time", "stage_type"):
        try:
            if int(code) in _STAGES:
                stages.setdefault(parent, []).append((int(start) / 1e3, int(end) / 1e3, _STAGES[int(code)]))
        except (TypeError, ValueError):
            export.drop(NO_TIME)
    names = ("row_id", "app_info_id", "start_time", "end_time", "start_zone_offset")
    for key, app, start, end, offset in rows.of("sleep_session_record_table", *names):
        try:
            shift = float(offset) if offset is not None and abs(float(offset)) <= 18 * 3600 else None
            found = tuple(stages.get(key, ()))
            export.sleep(Sleep(int(start) / 1e3, int(end) / 1e3, apps.get(app, ""), found, offset_s=shift))
        except (TypeError, ValueError):
            export.drop(NO_TIME)


def _values(rows: Rows, export: Export) -> None:
    for at, value in rows.of("heart_rate_record_series_table", "epoch_millis", "beats_per_minute"):
        _value(export, "hr_bpm", at, value)
    for table, column, channel in _POINTS:
        for at, value in rows.of(table, "time", column):
            _value(export, channel, at, value)


def _value(export: Export, channel: str, at: object, value: object) -> None:
    try:
        export.value(channel, int(at) / 1e3, float(value))  # type: ignore[call-overload,arg-type]
    except (TypeError, ValueError, OverflowError):
        export.drop(NO_TIME)


READER = reader_of(KEY, NAME, (".zip", ".db"), recognises=_recognises, walk=_walk)
