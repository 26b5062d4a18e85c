"""Apple Health: `export.xml` and `export.zip`, streamed, malformed ones included."""

import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._apple_feed import FeedReport, export_member, feed
from somnia_engine.readers._apple_nights import FileZone, Sleep, believed, by_night, device_name, lights_s, sleeps, spans, stages_of
from somnia_engine.readers._apple_records import Records
from somnia_engine.readers._clock import ZONE_SAID, choose_night, zone_info
from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.recording import Dropped, Reader, ReadOptions, Recording, Source, Survey
from somnia_engine.types.signals import Series

KEY = "apple_health"
NAME = Text("Apple Health export (XML or ZIP)")


def _recognises(path: Path, head: bytes) -> bool:
    if head[:4] != b"PK\x03\x04":
        return b"<HealthData" in head or b"<!DOCTYPE HealthData" in head
    try:
        return export_member(path) is not None
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        return b"export.xml" in head[:4096]


def _survey(path: Path, options: ReadOptions) -> Survey:
    records, report = _walk(path, frozenset())
    rows = records.rows()
    days = _file_zone(sleeps(rows), records, options)
    nights = by_night(sleeps(rows), days)
    found = spans(nights, records, days)
    if not found:
        text = "{name} holds {n} records that I can use, but no night: no sleep, and no two hours of heart rate or oxygen in any night."
        raise DamagedFile(Text(text, {"name": path.name, "n": records.seen}))
    zone, origin = _zone(next(iter(nights.values()))[0] if len(nights) == 1 else None, days, options)
    return Survey(
        format=KEY,
        name=NAME,
        nights=found,
        zone=zone,
        zone_origin=origin,
        channels=(*(channel for channel in FEATURES if channel in records.bins), *(("stage",) if rows else ())),
        dropped=_dropped(records, report),
        notes=(*_notes(report), *_source_notes(nights)),
    )


def _walk(path: Path, wanted: frozenset[str]) -> tuple[Records, FeedReport]:
    records = Records(days=wanted)
    return records, feed(path, records.on_start)


def _file_zone(found: list[Sleep], records: Records, options: ReadOptions) -> FileZone:
    """Return how days are found where a record names no zone of its own."""
    if options.zone:
        zone_info(options.zone)
    named = [sleep.zone for sleep in found if sleep.zone]
    zone = options.zone or (max(set(named), key=named.count) if named else None)
    return FileZone(zone, records.clock.offset_s, options.split_hour)


def _zone(sleep: Sleep | None, days: FileZone, options: ReadOptions) -> tuple[str | None, Text]:
    if sleep is not None and sleep.zone:
        return sleep.zone, Text("The sleep records name this zone.")
    if options.zone:
        return options.zone, ZONE_SAID
    if days.zone:
        return days.zone, Text("Most sleep records name this zone; each night that names its own is placed by that.")
    hours = f"{days.offset_s / 3600:+g}"
    return None, Text("The file names no zone. Times follow the phone's offset when it exported: UTC {hours} hours.", {"hours": hours})


def _dropped(records: Records, report: FeedReport) -> tuple[Dropped, ...]:
    found = [
        (Text("a broken or cut record"), report.broken),
        (Text("the same record again"), records.repeated),
        (Text("a record without a value or a time that can be read"), records.unreadable),
        *((Text("{column}: a value out of bounds", {"column": channel}), n) for channel, n in records.impossible.items()),
    ]
    return tuple(Dropped(reason, count) for reason, count in found if count)


def _notes(report: FeedReport) -> list[Text]:
    return [Text("The file breaks off before its end; every whole record before was kept.")] if report.breaks_off else []


def _source_notes(nights: dict[date, list[Sleep]]) -> list[Text]:
    names = sorted({device_name(row.source) for group in nights.values() for sleep in group for row in sleep.rows})
    if len(names) < 2:
        return []
    said = {"names": ", ".join(names)}
    return [Text("Several sources wrote down sleep: {names}. One is used in each night, the one with the most detail.", said)]


def _read(path: Path, options: ReadOptions) -> Recording:
    night = options.night
    if night is None:
        night = choose_night(_survey(path, options).nights, options, name=path.name)
    records, report = _walk(path, _days_around(night))
    days = _file_zone(sleeps(records.rows()), records, options)
    group = by_night(sleeps(records.rows()), days).get(night, []) if night else []
    if not group:
        choose_night(_survey(path, options).nights, options, name=path.name)
    start_s, end_s = _sleep_bounds(group[0]) if group else _value_bounds(records, night, days)
    main = group[0] if group else None
    source, others = believed(main) if main else ("", [])
    zone, origin = _zone(main, days, options)
    lights = lights_s(main, source) if main else None
    return Recording(
        start=datetime.fromtimestamp(start_s, UTC),
        zone=zone,
        zone_origin=origin,
        duration_s=end_s - start_s,
        source=Source(KEY, path.name, device_name(source)),
        series=_series(records, start_s, end_s),
        stages=stages_of(main, source, start_s=start_s) if main else None,
        lights_off_s=lights[0] - start_s if lights else None,
        lights_on_s=lights[1] - start_s if lights else None,
        dropped=_dropped(records, report),
        notes=(*_notes(report), *_night_notes(source, others, group)),
    )


def _days_around(night: date | None) -> frozenset[str]:
    """Return the dates, in any zone of the world, on which a night's records can be written."""
    return frozenset((night + timedelta(days=d)).isoformat() for d in range(-1, 4)) if night else frozenset()


def _sleep_bounds(sleep: Sleep) -> tuple[float, float]:
    return lights_s(sleep, believed(sleep)[0])


def _value_bounds(records: Records, night: date | None, days: FileZone) -> tuple[float, float]:
    """Return the first and last moment at which heart rate or oxygen was measured in the day of a night."""
    held = [key for channel in ("hr_bpm", "spo2_pct") for key in records.values.get(channel, {})]
    times = [(key[1] + key[2]) / 2 for key in held]
    inside = [at for at in times if days.key(at) == night]
    if not inside:
        raise DamagedFile(Text("Nothing was measured in the night {night}. Choose another night.", {"night": str(night)}))
    return min(inside), max(inside)


def _series(records: Records, start_s: float, end_s: float) -> tuple[Series, ...]:
    """Return the values whose middle lies in the night, in order of time."""
    found = []
    for channel, held in records.values.items():
        points = sorted(((key[1] + key[2]) / 2, value) for key, value in held.items())
        times = np.array([at for at, _ in points], dtype=np.float64)
        values = np.array([value for _, value in points], dtype=np.float32)
        inside = (times >= start_s) & (times <= end_s)
        if inside.any():
            found.append(Series(channel, times[inside] - start_s, values[inside], FEATURES[channel].unit))
    return tuple(found)


def _night_notes(source: str, others: list[str], group: list[Sleep]) -> list[Text]:
    notes = []
    if others:
        said = {"source": device_name(source), "others": ", ".join(device_name(name) for name in others)}
        notes.append(Text("Sleep is taken from {source}. Not used: {others}; their times overlap.", said))
    for nap in group[1:]:
        said = {
            "start": f"{datetime.fromtimestamp(nap.start_s, UTC):%Y-%m-%d %H:%M}",
            "end": f"{datetime.fromtimestamp(nap.end_s, UTC):%H:%M}",
        }
        notes.append(Text("Another sleep on this day is left out: {start} to {end} UTC.", said))
    return notes


READER = Reader(KEY, NAME, (".xml", ".zip"), _recognises, _survey, _read, icon="watch")
