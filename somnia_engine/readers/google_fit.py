"""Google Fit: the JSON files of a Takeout, `All Data`, alone or in the zip."""

from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Row, Sleep, reader_of
from somnia_engine.readers._json_records import Record, records
from somnia_engine.readers._members import is_zip, members, names_in
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "google_fit"
NAME = Text("Google Fit (Takeout JSON or ZIP)")
_STAGES = {1: Stage.W, 2: Stage.S, 4: Stage.L, 5: Stage.N3, 6: Stage.R}
"""`com.google.sleep.segment`; 3 is out of bed and awake."""
_CHANNELS = {
    "com.google.heart_rate.bpm": "hr_bpm",
    "com.google.oxygen_saturation": "spo2_pct",
    "com.google.body.temperature": "body_temp_c",
    "com.google.respiratory_rate": "resp_rate_bpm",
}
_APART_S = 3600.0


def _recognises(path: Path, head: bytes) -> bool:
    if is_zip(head):
        return any("/Fit/All " in f"/{name}" for name in names_in(path))
    return head[:1] in b"{[" and b'"dataTypeName"' in head and b'"startTimeNanos"' in head


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    segments: dict[tuple[float, float], int] = {}
    for member in members(path):
        if not member.name.endswith(".json"):
            continue
        for record in records(member, lambda r: "startTimeNanos" in r, lambda: export.drop(BROKEN)):
            _take(record, export, segments)
    for sleep in _sleeps(segments):
        export.sleep(sleep)


def _take(record: Record, export: Export, segments: dict[tuple[float, float], int]) -> None:
    try:
        kind = record["dataTypeName"]
        start, end = int(record["startTimeNanos"]) / 1e9, int(record["endTimeNanos"]) / 1e9
        value = record["fitValue"][0]["value"]
        if kind == "com.google.sleep.segment":
            code = int(value["intVal"])
            segments[start, end] = _STAGES.get(code, Stage.W if code == 3 else Stage.UNSCORED)
        elif kind in _CHANNELS:
            export.value(_CHANNELS[kind], end, float(value["fpVal"]))
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        export.drop(NO_TIME)


def _sleeps(segments: dict[tuple[float, float], int]) -> list[Sleep]:
    """Group segments that lie within an hour of each other."""
    groups: list[list[Row]] = []
    last = float("-inf")
    for (start, end), code in sorted(segments.items()):
        if code == Stage.UNSCORED or not 0 < end - start < 86400:
            continue
        if not groups or start - last > _APART_S:
            groups.append([])
        groups[-1].append((start, end, code))
        last = max(last, end) if len(groups[-1]) > 1 else end
    return [Sleep(group[0][0], max(row[1] for row in group), "Google Fit", tuple(group)) for group in groups]


READER = reader_of(KEY, NAME, (".json", ".zip"), recognises=_recognises, walk=_walk)
