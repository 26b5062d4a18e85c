"""From the sleeps and values of a wearable's export to a survey and to one night, the same way for every maker."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._clock import ZONE_SAID, choose_night, night_key, zone_info
from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import Stage, StageIntervals
from somnia_engine.types.recording import Dropped, NightSpan, Reader, ReadOptions, Recording, Source, Survey
from somnia_engine.types.signals import Series

BIN_S = 1800
"""Length of the bins in which a survey remembers when something was measured [s]."""
_LEAST_BINS = 4
_MOST_SLEEP_S = 36 * 3600.0
_YEARS_S = (631152000.0, 4102444800.0)
"""A time outside 1990 to 2100 [UTC s] is no time of a wearable."""
_JOIN_S = 1.0
BROKEN = Text("a broken or cut record")
REPEATED = Text("the same record again")
NO_TIME = Text("a record without a value or a time that can be read")
LOCAL = Text("The file names no zone. Its times are taken as UTC: say your zone.")
UTC_DAYS = Text("The file counts in UTC and names no zone. Say your zone, so that nights fall on the right days.")
OWN_ZONE = Text("The sleep records name this zone.")
Row = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Sleep:
    """One sleep of one source: UTC seconds; `rows` are start, end and `Stage`; `asleep_min` is the source's own total."""

    start_s: float
    end_s: float
    source: str = ""
    rows: tuple[Row, ...] = ()
    zone: str | None = None
    offset_s: float | None = None
    asleep_min: float | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """How much is known: stages before plain sleep, then the longer."""
        detail = 2 if any(code not in (Stage.W, Stage.S) for _, _, code in self.rows) else int(bool(self.rows))
        return detail, self.end_s - self.start_s


@dataclass(slots=True)
class Export:
    """Collects what a file holds; without a window values leave only the half hours in which they lie."""

    options: ReadOptions
    window: tuple[float, float] | None = None
    sleeps: dict[tuple[str, float, float], Sleep] = field(default_factory=dict)
    values: dict[str, dict[float, float]] = field(default_factory=dict)
    bins: dict[str, set[int]] = field(default_factory=dict)
    notes: dict[str, Text] = field(default_factory=dict)
    origin: Text = LOCAL
    _dropped: dict[str, Dropped] = field(default_factory=dict)

    def drop(self, reason: Text, n: int = 1) -> None:
        """Count records that cannot be used."""
        if n:
            held = self._dropped.get(str(reason))
            self._dropped[str(reason)] = Dropped(reason, n + (held.count if held else 0))

    def note(self, said: Text) -> None:
        """Keep a sentence once."""
        self.notes.setdefault(str(said), said)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What was refused, with counts."""
        return tuple(self._dropped.values())

    def sleep(self, sleep: Sleep) -> None:
        """Take in one sleep; one that cannot be, or that is there already, is counted."""
        whole = _YEARS_S[0] < sleep.start_s < sleep.end_s < _YEARS_S[1] and sleep.end_s - sleep.start_s <= _MOST_SLEEP_S
        key = (sleep.source, sleep.start_s, sleep.end_s)
        if not whole:
            self.drop(NO_TIME)
        elif key in self.sleeps and self.sleeps[key].rank >= sleep.rank:
            self.drop(REPEATED)
        else:
            self.sleeps[key] = sleep

    def value(self, channel: str, at_s: float, value: float) -> None:
        """Take in one value at a UTC second."""
        bounds = FEATURES[channel]
        if not _YEARS_S[0] < at_s < _YEARS_S[1]:
            self.drop(NO_TIME)
        elif not bounds.low <= value <= bounds.high:
            self.drop(Text("{column}: a value out of bounds", {"column": channel}))
        elif self.window is None:
            self.bins.setdefault(channel, set()).add(int(at_s) // BIN_S)
        elif self.window[0] <= at_s <= self.window[1]:
            self.values.setdefault(channel, {})[at_s] = value

    def local_s(self, wall: datetime, *, fold: int = 0) -> float:
        """Return the UTC second of a local time without a zone."""
        zone = self.options.zone
        return wall.replace(tzinfo=zone_info(zone) if zone else UTC, fold=fold).timestamp()


def reader_of(key: str, name: Text, suffixes: tuple[str, ...], *, recognises: Callable[[Path, bytes], bool], walk: "Walk") -> Reader:
    """Return the reader of an export, given how it is known and how its records are collected."""

    def survey(path: Path, options: ReadOptions) -> Survey:
        return _survey(key, name, path=path, options=options, walk=walk)

    def read(path: Path, options: ReadOptions) -> Recording:
        return _read(key, name, path=path, options=options, walk=walk)

    return Reader(key, name, suffixes, recognises, survey, read, icon="watch")


Walk = Callable[[Path, Export], None]


def _key(at_s: float, options: ReadOptions, sleep: Sleep | None = None) -> date:
    offset = sleep.offset_s if sleep is not None and sleep.offset_s is not None else 0.0
    zone = (sleep.zone if sleep is not None else None) or (options.zone if sleep is None or sleep.offset_s is None else None)
    return night_key(datetime.fromtimestamp(at_s, timezone(timedelta(seconds=offset))), zone, options.split_hour)


def _by_night(export: Export) -> dict[date, list[Sleep]]:
    """Return the sleeps of each night, the one that is believed first."""
    nights: dict[date, list[Sleep]] = {}
    for sleep in sorted(export.sleeps.values(), key=lambda s: s.start_s):
        nights.setdefault(_key(sleep.start_s, export.options, sleep), []).append(sleep)
    return {key: _ordered(group) for key, group in nights.items()}


def _ordered(group: Sequence[Sleep]) -> list[Sleep]:
    """Put the longest sleep first, told by the source that knows most of it."""
    longest = max(group, key=lambda s: (s.end_s - s.start_s, s.rank))
    same = [s for s in group if _overlap(s, longest) > 0.5 * min(s.end_s - s.start_s, longest.end_s - longest.start_s)]
    main = max((s for s in same if s.end_s - s.start_s > 0.5 * (longest.end_s - longest.start_s)), key=lambda s: s.rank)
    return [main, *(s for s in group if s is not main)]


def _overlap(a: Sleep, b: Sleep) -> float:
    return min(a.end_s, b.end_s) - max(a.start_s, b.start_s)


def _spans(export: Export, nights: dict[date, list[Sleep]]) -> tuple[NightSpan, ...]:
    found = {key: (group[0].start_s, group[0].end_s) for key, group in nights.items()}
    measured: dict[date, list[int]] = {}
    for at in sorted({at for bins in export.bins.values() for at in bins}):
        measured.setdefault(_key(at * BIN_S, export.options), []).append(at)
    covered = [(a - BIN_S, b) for a, b in found.values()]
    for key, bins in measured.items():
        free = [at for at in bins if not any(a <= at * BIN_S <= b for a, b in covered)]
        if key not in found and len(free) >= (_LEAST_BINS if found else 1):
            found[key] = (bins[0] * BIN_S, (bins[-1] + 1) * BIN_S)
    moments = {key: (datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for key, (a, b) in sorted(found.items())}
    return tuple(NightSpan(key, a, b, (b - a).total_seconds()) for key, (a, b) in moments.items())


def _zone(sleep: Sleep | None, export: Export) -> tuple[str | None, Text]:
    if sleep is not None and sleep.zone:
        return sleep.zone, OWN_ZONE
    if export.options.zone:
        return export.options.zone, ZONE_SAID
    if sleep is not None and sleep.offset_s is not None:
        hours = f"{sleep.offset_s / 3600:+g}"
        return None, Text("The sleep records give an offset from UTC, {hours} hours, but no zone.", {"hours": hours})
    return None, export.origin


def _collected(path: Path, options: ReadOptions, *, walk: Walk, window: tuple[float, float] | None) -> Export:
    if options.zone:
        zone_info(options.zone)
    export = Export(options, window)
    walk(path, export)
    return export


def _survey(key: str, name: Text, *, path: Path, options: ReadOptions, walk: Walk) -> Survey:
    export = _collected(path, options, walk=walk, window=None)
    nights = _by_night(export)
    spans = _spans(export, nights)
    if not spans:
        raise DamagedFile(Text("{name} holds no sleep and no values that I can use. Export it again.", {"name": path.name}))
    zone, origin = _zone(next((group[0] for group in nights.values()), None), export)
    staged = any(sleep.rows for group in nights.values() for sleep in group)
    channels = (*(channel for channel in FEATURES if channel in export.bins), *(("stage",) if staged else ()))
    return Survey(key, name, spans, zone, origin, channels, export.dropped, tuple(export.notes.values()))


def _window(night: date) -> tuple[float, float]:
    """Return a stretch of UTC [s] that holds a night in any zone of the world."""
    day = datetime(night.year, night.month, night.day, tzinfo=UTC).timestamp()
    return day - 15 * 3600.0, day + 64 * 3600.0


def _read(key: str, name: Text, *, path: Path, options: ReadOptions, walk: Walk) -> Recording:
    found = _survey(key, name, path=path, options=options, walk=walk)
    night = choose_night(found.nights, options, name=path.name)
    span = next(s for s in found.nights if s.night == night)
    if night is None or span.start is None or span.end is None:
        raise DamagedFile(Text("{name} holds no sleep and no values that I can use. Export it again.", {"name": path.name}))
    export = _collected(path, options, walk=walk, window=_window(night))
    group = _by_night(export).get(night, [])
    main = group[0] if group else None
    zone, origin = _zone(main, export)
    start_s, end_s = span.start.timestamp(), span.end.timestamp()
    return Recording(
        start=span.start,
        zone=zone,
        zone_origin=origin,
        duration_s=end_s - start_s,
        source=Source(key, path.name, main.source if main else ""),
        series=_series(export, start_s, end_s),
        stages=_stages(main, path.name) if main and main.rows else None,
        lights_off_s=0.0 if main else None,
        lights_on_s=end_s - start_s if main else None,
        dropped=export.dropped,
        notes=(*export.notes.values(), *_night_notes(group)),
    )


def _series(export: Export, start_s: float, end_s: float) -> tuple[Series, ...]:
    found = []
    for channel, held in export.values.items():
        points = sorted((at - start_s, value) for at, value in held.items() if start_s <= at <= end_s)
        if points:
            times, values = np.array(points, dtype=np.float64).T
            found.append(Series(channel, times.copy(), values.astype(np.float32), FEATURES[channel].unit))
    return tuple(found)


def _stages(sleep: Sleep, name: str) -> StageIntervals:
    rows = tidy(sleep.rows, low_s=sleep.start_s, high_s=sleep.end_s)
    return StageIntervals(
        onset_s=np.array([a - sleep.start_s for a, _, _ in rows], dtype=np.float64),
        duration_s=np.array([b - a for a, b, _ in rows], dtype=np.float64),
        stages=np.array([code for _, _, code in rows], dtype=np.int8),
        scorer=sleep.source or name,
    )


def tidy(rows: Iterable[Row], *, low_s: float, high_s: float) -> list[Row]:
    """Return stage rows sorted, within their sleep, without overlap, neighbors of one stage joined."""
    tidied: list[Row] = []
    for start, end, code in sorted(rows):
        begin = max(start, low_s, tidied[-1][1] if tidied else low_s)
        stop = min(end, high_s)
        if stop <= begin:
            continue
        if tidied and tidied[-1][2] == code and begin - tidied[-1][1] <= _JOIN_S:
            tidied[-1] = (tidied[-1][0], stop, code)
        else:
            tidied.append((begin, stop, code))
    return tidied


def _night_notes(group: Sequence[Sleep]) -> list[Text]:
    notes = []
    for other in group[1:]:
        if _overlap(other, group[0]) > 0:
            said = {"source": group[0].source or "?", "others": other.source or "?"}
            notes.append(Text("Sleep is taken from {source}. Not used: {others}; their times overlap.", said))
        else:
            a, b = (datetime.fromtimestamp(s, UTC) for s in (other.start_s, other.end_s))
            said = {"start": f"{a:%Y-%m-%d %H:%M}", "end": f"{b:%H:%M}"}
            notes.append(Text("Another sleep on this day is left out: {start} to {end} UTC.", said))
    if group and not group[0].rows and group[0].asleep_min is not None:
        notes.append(
            Text("The source gives totals only: {n} min asleep. No stages can be drawn from them.", {"n": f"{group[0].asleep_min:g}"})
        )
    return notes
