"""SOMNIA's own open CSV: a header row, `time_s` or `time`, then any known column; docs/csv.md is its page."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import NightChoiceNeeded
from somnia_engine.readers._clock import ONE_NIGHT_S, ZONE_SAID, choose_night, listed, night_key, night_keys
from somnia_engine.readers._csv_columns import CHANNELS, STAGE, Column, is_other_count
from somnia_engine.readers._csv_stages import stage_intervals
from somnia_engine.readers._csv_table import CsvTable, read_table
from somnia_engine.readers._table import header_of
from somnia_engine.text import Text
from somnia_engine.types.recording import NightSpan, Reader, ReadOptions, Recording, Source, Survey
from somnia_engine.types.signals import Series, Signal

KEY = "somnia_csv"
NAME = Text("SOMNIA CSV")


def _recognises(path: Path, head: bytes) -> bool:
    names, _ = header_of(head)
    known = any(name in CHANNELS or name == STAGE or is_other_count(name) for name in names)
    return "time_s" in names or ("time" in names and known)


def _survey(path: Path, options: ReadOptions) -> Survey:
    table = read_table(path, options)
    zone, origin = _zone(table, options)
    return Survey(
        format=KEY,
        name=NAME,
        nights=_nights(table, zone, options.split_hour),
        zone=zone,
        zone_origin=origin,
        channels=tuple(table.columns),
        dropped=table.dropped,
        notes=table.notes,
        needs_start=table.start is None,
    )


def _read(path: Path, options: ReadOptions) -> Recording:
    table = read_table(path, options)
    zone, origin = _zone(table, options)
    night = _wanted(table, options, zone)
    if night is not None:
        table = table.only(night_keys_of(table, zone, split_hour=options.split_hour), night.toordinal())
    low, high = table.bounds_s()
    start, shift = table.start, 0.0
    if table.absolute and start is not None:
        start, shift = start + timedelta(seconds=low), low
    stages = table.columns.get(STAGE)
    streams = [_stream(name, column, shift) for name, column in table.columns.items() if name != STAGE]
    scored = stage_intervals(stages.times_s - shift, stages.values, scorer=path.name) if stages is not None else None
    end = max([high - shift, *([float(scored.onset_s[-1] + scored.duration_s[-1])] if scored is not None and len(scored.onset_s) else [])])
    return Recording(
        start=start,
        zone=zone,
        zone_origin=origin,
        duration_s=max(end, 0.0),
        source=Source(KEY, path.name),
        signals=tuple(s for s in streams if isinstance(s, Signal)),
        series=tuple(s for s in streams if isinstance(s, Series)),
        stages=scored,
        dropped=table.dropped,
        notes=table.notes,
    )


def _zone(table: CsvTable, options: ReadOptions) -> tuple[str | None, Text]:
    if options.zone:
        return options.zone, ZONE_SAID
    if table.start is None:
        return None, Text("The file counts seconds from its own start and names no zone.")
    if table.absolute:
        return None, Text("The file gives the offset from UTC with each time, but no zone.")
    return None, Text("The start that you gave carries an offset from UTC, but no zone.")


def night_keys_of(table: CsvTable, zone: str | None, *, split_hour: int) -> dict[str, NDArray[np.int64]]:
    """Return the night's key (ordinal of the date) of each value, by column."""
    if table.start is None:
        return {}
    base = table.start.timestamp()
    offset = table.start.utcoffset() if zone is None else None
    move = base + (offset.total_seconds() if offset is not None else 0.0)
    return {name: night_keys(column.times_s + (move if zone is None else base), zone, split_hour) for name, column in table.columns.items()}


def _nights(table: CsvTable, zone: str | None, split_hour: int) -> tuple[NightSpan, ...]:
    low, high = table.bounds_s()
    if table.start is None:
        return (NightSpan(None, None, None, high - low),)
    if high - low <= ONE_NIGHT_S:
        begin = table.start + timedelta(seconds=low)
        return (NightSpan(night_key(begin, zone, split_hour), begin, table.start + timedelta(seconds=high), high - low),)
    keys = night_keys_of(table, zone, split_hour=split_hour)
    spans = []
    for key in sorted({int(k) for column in keys.values() for k in np.unique(column)}):
        first, last = table.only(keys, key).bounds_s()
        spans.append(
            NightSpan(date.fromordinal(key), table.start + timedelta(seconds=first), table.start + timedelta(seconds=last), last - first)
        )
    return tuple(spans)


def _wanted(table: CsvTable, options: ReadOptions, zone: str | None) -> date | None:
    """Return the night to cut out; None for the whole file."""
    spans = _nights(table, zone, options.split_hour)
    if len(spans) == 1:
        return _part_of_one(table, options, zone) if options.night not in (None, spans[0].night) and spans[0].night else None
    return choose_night(spans, options, name=table.name)


def _part_of_one(table: CsvTable, options: ReadOptions, zone: str | None) -> date:
    """Return the wanted night when a short file reaches into it; raises NightChoiceNeeded when it does not."""
    found = sorted({int(k) for column in night_keys_of(table, zone, split_hour=options.split_hour).values() for k in np.unique(column)})
    keys = [date.fromordinal(key) for key in found]
    if options.night not in keys:
        said = {"name": table.name, "night": str(options.night), "nights": listed(keys)}
        raise NightChoiceNeeded(Text("{name} does not hold the night {night}. It holds: {nights}.", said), keys)
    return options.night


def _stream(name: str, column: Column, shift_s: float) -> Signal | Series:
    """Return acceleration that is evenly spaced as a Signal, everything else as a Series."""
    times = column.times_s - shift_s
    channel = CHANNELS[name]
    if name.startswith("acc_") and len(times) >= 100:
        step = float(np.median(np.diff(times)))
        if step > 0 and np.allclose(times, times[0] + step * np.arange(len(times)), atol=0.5 * step):
            step = float(times[-1] - times[0]) / (len(times) - 1)
            return Signal(name, column.values, 1.0 / step, channel.unit, float(times[0]))
    return Series(name, times, column.values, channel.unit)


READER = Reader(KEY, NAME, (".csv", ".txt", ".tsv"), _recognises, _survey, _read, icon="table")
