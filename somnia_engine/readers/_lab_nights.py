"""When a recorder's file began and which nights it holds: its clock is local, and a Holter may run for days."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from somnia_engine.readers._clock import ZONE_SAID, night_key, zone_info
from somnia_engine.text import Text
from somnia_engine.types.recording import NightSpan, ReadOptions

ONE_DAY_S = 24 * 3600.0
LEAST_PART_S = 1800.0
"""A part of a long recording that is shorter than this [s] is no night of its own."""


def started(start: datetime | None, options: ReadOptions, *, shift_s: float = 0.0) -> tuple[datetime | None, str | None, Text]:
    """Return the start of the samples, its zone, and where the zone came from; a naive start is local time."""
    if start is None:
        return options.start, options.zone, ZONE_SAID if options.zone else Text("The file does not say when it began.")
    moved = timedelta(seconds=shift_s)
    if start.tzinfo is not None:
        local = start.astimezone(zone_info(options.zone)) if options.zone else start
        return local + moved, options.zone, ZONE_SAID if options.zone else Text("The file gives its offset from UTC, but no zone.")
    if options.zone is None:
        return start.replace(tzinfo=UTC) + moved, None, Text("The file names no zone. Its times are taken as UTC: say your zone.")
    at = start.replace(tzinfo=zone_info(options.zone)).astimezone(UTC) + moved
    return at.astimezone(zone_info(options.zone)), options.zone, ZONE_SAID


def nights_of(start: datetime | None, zone: str | None, *, length_s: float) -> tuple[NightSpan, ...]:
    """Return the nights of one unbroken recording: up to 24 h are one, by the moment in their middle; longer ones are cut at noon."""
    if start is None:
        return (NightSpan(None, None, None, length_s),)
    if length_s <= ONE_DAY_S:
        return (_span(start, zone, from_s=0.0, to_s=length_s),)
    cuts = [0.0, *_noons(start, zone, length_s), length_s]
    parts = [(a, b) for a, b in pairwise(cuts) if b - a >= LEAST_PART_S]
    return tuple(_span(start, zone, from_s=a, to_s=b) for a, b in parts)


def _span(start: datetime, zone: str | None, *, from_s: float, to_s: float) -> NightSpan:
    utc = start.astimezone(UTC)
    first, middle, last = ((utc + timedelta(seconds=at)).astimezone(start.tzinfo) for at in (from_s, (from_s + to_s) / 2, to_s))
    return NightSpan(night_key(middle, zone), first, last, to_s - from_s)


def _noons(start: datetime, zone: str | None, length_s: float) -> list[float]:
    """Return the local noons within a recording, in seconds from its start."""
    info = ZoneInfo(zone) if zone else start.tzinfo
    noons = []
    day = start.astimezone(info).date()
    for _ in range(int(length_s // ONE_DAY_S) + 2):
        at = (datetime.combine(day, time(12), tzinfo=info) - start).total_seconds()
        if 0 < at < length_s:
            noons.append(at)
        day += timedelta(days=1)
    return noons
