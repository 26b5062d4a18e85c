"""Gadgetbridge: the SQLite database that the app exports."""

from itertools import pairwise
from pathlib import Path

from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Row, Sleep, reader_of
from somnia_engine.readers._members import is_zip, members
from somnia_engine.readers._sqlite_rows import MAGIC, Rows, opened
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import Stage

KEY = "gadgetbridge"
NAME = Text("Gadgetbridge database")
_XIAOMI = {2: Stage.N3, 3: Stage.L, 4: Stage.R}
_GARMIN = {1: Stage.W, 2: Stage.L, 3: Stage.N3, 4: Stage.R}
_MI_BAND = {9: Stage.L, 11: Stage.N3}
"""Codes differ by maker (XiaomiSampleProvider, FieldDefinitionSleepStage and MiBand2SampleProvider of Gadgetbridge)."""
_APART_S = 3600.0
_MINUTE_S = 60.0
_NO_PULSE = frozenset((0, 254, 255, -1))


def _recognises(path: Path, head: bytes) -> bool:
    return head.startswith(MAGIC) and b"_ACTIVITY_SAMPLE" in head and b"DEVICE_ID" in head


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    with path.open("rb") as file:
        if is_zip(file.read(4)):
            return
    for _ in members(path):
        with opened(path, None, lambda: export.drop(BROKEN)) as rows:
            names = {row[0]: str(row[1] or "") for row in rows.of("DEVICE", "_id", "NAME")}
            _staged(rows, export, names, prefix="XIAOMI")
            _staged(rows, export, names, prefix="GARMIN")
            for table in rows.columns:
                if table.endswith("_ACTIVITY_SAMPLE"):
                    _activity(rows, export, names, table=table)


def _staged(rows: Rows, export: Export, names: dict[object, str], *, prefix: str) -> None:
    """Take in samples of a stage that lasts until the next; the night ends at the time of waking."""
    ends = _ends(rows, prefix)
    samples: dict[object, list[tuple[float, int]]] = {}
    codes = _XIAOMI if prefix == "XIAOMI" else _GARMIN
    for at, device, stage in rows.of(f"{prefix}_SLEEP_STAGE_SAMPLE", "TIMESTAMP", "DEVICE_ID", "STAGE"):
        if isinstance(at, int) and isinstance(stage, int):
            code = codes.get(stage, Stage.W if prefix == "XIAOMI" else Stage.UNSCORED)
            samples.setdefault(device, []).append((at / 1e3, code))
        else:
            export.drop(NO_TIME)
    for device, found in samples.items():
        for start, end in ends.get(device, []):
            inside = [row for row in sorted(found) if start <= row[0] < end]
            stops = [*(row[0] for row in inside[1:]), end]
            stages = tuple((at, stop, code) for (at, code), stop in zip(inside, stops, strict=True) if code != Stage.UNSCORED)
            export.sleep(Sleep(start, end, names.get(device, ""), stages))


def _ends(rows: Rows, prefix: str) -> dict[object, list[tuple[float, float]]]:
    """Return the sleeps of each device as bounds in UTC seconds."""
    found: dict[object, list[tuple[float, float]]] = {}
    for at, device, wake in rows.of(f"{prefix}_SLEEP_TIME_SAMPLE", "TIMESTAMP", "DEVICE_ID", "WAKEUP_TIME"):
        if isinstance(at, int) and isinstance(wake, int):
            found.setdefault(device, []).append((at / 1e3, wake / 1e3))
    return found


def _activity(rows: Rows, export: Export, names: dict[object, str], *, table: str) -> None:
    """Take in one sample a minute; only the Mi Band's kinds tell sleep."""
    asleep: dict[object, list[Row]] = {}
    for at, device, kind, pulse in rows.of(table, "TIMESTAMP", "DEVICE_ID", "RAW_KIND", "HEART_RATE"):
        if not isinstance(at, int):
            export.drop(NO_TIME)
            continue
        if isinstance(pulse, int) and pulse not in _NO_PULSE:
            export.value("hr_bpm", float(at), float(pulse))
        if table.startswith("MI_BAND") and isinstance(kind, int) and kind & 0x0F in _MI_BAND:
            asleep.setdefault(device, []).append((float(at), at + _MINUTE_S, _MI_BAND[kind & 0x0F]))
    for device, minutes in asleep.items():
        for group in _groups(minutes):
            export.sleep(Sleep(group[0][0], group[-1][1], names.get(device, ""), tuple(_with_wake(group))))


def _groups(minutes: list[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in sorted(minutes):
        if not groups or row[0] - groups[-1][-1][1] > _APART_S:
            groups.append([])
        groups[-1].append(row)
    return groups


def _with_wake(group: list[Row]) -> list[Row]:
    """Fill minutes without sleep between two with sleep as wake."""
    gaps = [(a[1], b[0], int(Stage.W)) for a, b in pairwise(group) if b[0] > a[1]]
    return sorted([*group, *gaps])


READER = reader_of(KEY, NAME, (".sqlite", ".db"), recognises=_recognises, walk=_walk)
