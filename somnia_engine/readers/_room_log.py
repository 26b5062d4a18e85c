"""What loggers in a room have in common: readings of slow channels over days, their units, and the cut into nights."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._clock import ZONE_SAID, choose_night, is_zone, night_keys
from somnia_engine.readers._csv_columns import CHANNELS, Column, Refused, numbers
from somnia_engine.readers._table import open_table, row_chunks
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped, NightSpan, Reader, ReadOptions, Recording, Source, Survey
from somnia_engine.types.signals import Series

Readings = Mapping[str, Column]
TimesOf = Callable[[tuple[str, ...], str | None], NDArray[np.float64]]

UTC_ASSUMED = Text("The file names no zone. Its times are taken as UTC: say your zone.")
_UNIT = {
    "room_temp_c": re.compile(r"°?\s*([CF])\b"),
    "co2_ppm": re.compile(r"\b(ppm)\b", re.IGNORECASE),
    "humidity_pct": re.compile(r"(%)"),
    "noise_db": re.compile(r"\b(dB)", re.IGNORECASE),
    "light_lux": re.compile(r"\b(lux|lx)\b", re.IGNORECASE),
}
_WORDS = {
    "room_temp_c": ("temperature", "temp", "temperatur"),
    "humidity_pct": ("humidity", "hum", "feuchte", "luftfeuchtigkeit"),
    "co2_ppm": ("co2", "carbon_dioxide", "co₂"),
    "light_lux": ("illuminance", "lux", "light", "lx"),
    "noise_db": ("noise", "sound", "spl", "db"),
}
FAHRENHEIT_FROM = 50.0
"""A bedroom is never this warm in °C, nor as cold in °F: readings above it are °F where the file names no unit."""


@dataclass(frozen=True, slots=True, eq=False)
class RoomLog:
    """A read log; times are seconds since 1970, sorted."""

    path: Path
    readings: Readings
    zone: str | None
    zone_origin: Text
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Text, ...] = ()

    def spans(self, split_hour: int) -> tuple[NightSpan, ...]:
        """Return the nights that it holds."""
        if not self.readings:
            raise DamagedFile(Text("{name} has no reading of a room that I know: temperature, humidity, CO2, light or noise.", self._named))
        keys = {key for column in self.readings.values() for key in np.unique(night_keys(column.times_s, self.zone, split_hour)).tolist()}
        return tuple(self._span(key, split_hour) for key in sorted(keys))

    @property
    def _named(self) -> dict[str, str]:
        return {"name": self.path.name}

    def _span(self, key: int, split_hour: int) -> NightSpan:
        held = [column.times_s for column in self.night(key, split_hour).values()]
        first, last = min(float(times[0]) for times in held), max(float(times[-1]) for times in held)
        return NightSpan(date.fromordinal(key), datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), last - first)

    def night(self, key: int, split_hour: int) -> Readings:
        """Return the readings of one night."""
        found = {}
        for name, column in self.readings.items():
            mine = night_keys(column.times_s, self.zone, split_hour) == key
            if mine.any():
                found[name] = Column(column.times_s[mine], column.values[mine])
        return found


Load = Callable[[Path, ReadOptions], RoomLog]


def channel_of(name: str) -> str | None:
    """Return which channel a column's or sensor's name speaks of; None when none that is kept."""
    parts = set(re.split(r"[^a-z0-9₂]+", name.lower()))
    return next((channel for channel, known in _WORDS.items() if parts & set(known)), None)


def unit_of(name: str, channel: str) -> str:
    """Return the unit that a column's name gives; empty when it names none."""
    found = _UNIT[channel].search(name)
    return found.group(1) if found else ""


def in_our_unit(values: NDArray[np.float64], channel: str, unit: str) -> tuple[NDArray[np.float64], Text | None]:
    """Return readings in the channel's own unit, and what was assumed when the file named none."""
    if channel != "room_temp_c":
        return values, None
    known = values[np.isfinite(values)]
    guessed = not unit and len(known) > 0 and float(np.median(known)) > FAHRENHEIT_FROM
    if unit == "F" or guessed:
        said = Text("The file names no unit of temperature; its values can only be °F and were turned into °C.") if guessed else None
        return (values - 32.0) / 1.8, said
    return values, None


def column_of(times_s: NDArray[np.float64], cells: tuple[str, ...], *, channel: str, name: str) -> tuple[Column, list[Dropped], list[Text]]:
    """Return a channel's measured cells in order of time, what was refused, and what to know.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        NaN where the row has no time.
    cells : tuple of str, length n
    channel, name : str
        Ours, and the column's own with its unit.
    """
    refused = Refused()
    values, note = in_our_unit(numbers(cells, refused, name=""), channel, unit_of(name, channel))
    bounds = CHANNELS[channel]
    with np.errstate(invalid="ignore"):
        outside = (values < bounds.low) | (values > bounds.high)
    refused.out_of_bounds += int(outside.sum())
    kept = np.isfinite(values) & ~outside & np.isfinite(times_s)
    order = np.argsort(times_s[kept], kind="stable")
    dropped = [Dropped(reason, n) for reason, n in refused.reasons(channel) if n]
    return Column(times_s[kept][order], values[kept][order].astype(np.float32)), dropped, [note] if note is not None else []


def log_of(path: Path, options: ReadOptions, *, times_of: TimesOf, first: int) -> RoomLog:
    """Read a table of one row a moment.

    Parameters
    ----------
    times_of : function (cells of the first column, zone) -> ndarray [s since 1970], NaN where a cell is no time
    first : int
        The first column that can hold readings.
    """
    names, delimiter, encoding = open_table(path)
    chunks = list(row_chunks(path, encoding, delimiter=delimiter))
    rows = [[*row, *[""] * (len(names) - len(row))][: len(names)] for chunk, _ in chunks for row in chunk]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    zone, origin = _zone(options, "".join(names[1:2]))
    times = times_of(columns[0], zone)
    readings: dict[str, Column] = {}
    notes: list[Text] = []
    broken = sum(bad for _, bad in chunks) + int(np.isnan(times).sum())
    dropped = [Dropped(Text("a row without a time that can be read"), broken)] if broken else []
    for name, cells in zip(names[first:], columns[first:], strict=True):
        channel = channel_of(name)
        if channel is None or channel in readings:
            notes.append(Text("The column “{column}” is not known and is not used.", {"column": name[:60]}))
            continue
        column, refused, said = column_of(times, cells, channel=channel, name=name)
        dropped, notes = dropped + refused, notes + said
        if len(column.times_s):
            readings[channel] = column
    return RoomLog(path, readings, zone, origin, tuple(dropped), tuple(notes))


def _zone(options: ReadOptions, second_name: str) -> tuple[str | None, Text]:
    """Return the zone that the person said, else the one that a header names (`Timezone : Asia/Kolkata`), else none: UTC."""
    named = second_name.removeprefix("Timezone :").strip()
    if not options.zone and is_zone(named):
        return named, Text("The file names this zone.")
    return zone_of(options)


def reader_of(key: str, name: Text, *, maker: str, recognises: Callable[[Path, bytes], bool], load: Load) -> Reader:
    """Return the reader of a kind of log: `load` (path, options) reads a whole file."""

    def survey(path: Path, options: ReadOptions) -> Survey:
        log = load(path, options)
        return Survey(key, name, log.spans(options.split_hour), log.zone, log.zone_origin, tuple(log.readings), log.dropped, log.notes)

    def read(path: Path, options: ReadOptions) -> Recording:
        return _one_night(load(path, options), options, Source(key, path.name, maker))

    return Reader(key, name, (".csv",), recognises, survey, read, icon="room")


def _one_night(log: RoomLog, options: ReadOptions, source: Source) -> Recording:
    night = choose_night(log.spans(options.split_hour), options, name=log.path.name)
    readings = log.night(night.toordinal(), options.split_hour) if night is not None else log.readings
    first = min(float(column.times_s[0]) for column in readings.values())
    last = max(float(column.times_s[-1]) for column in readings.values())
    return Recording(
        start=datetime.fromtimestamp(first, UTC),
        zone=log.zone,
        zone_origin=log.zone_origin,
        duration_s=last - first,
        source=source,
        series=tuple(Series(name, column.times_s - first, column.values, CHANNELS[name].unit) for name, column in readings.items()),
        dropped=log.dropped,
        notes=log.notes,
    )


def zone_of(options: ReadOptions) -> tuple[str | None, Text]:
    """Return the zone that the person said, and where it comes from; None is UTC."""
    return (options.zone, ZONE_SAID) if options.zone else (None, UTC_ASSUMED)
