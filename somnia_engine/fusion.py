"""Several sources of one night become one: per column the best covered source is believed and the others fill its gaps."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.stages import device_hypnogram
from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import Extraction, NightFeatures, NightInput, StreamQuality
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.signals import Signal

Column = NDArray[np.float32]

UNMIXED = frozenset(("spo2_pct",))
"""Traces of one source alone: events are counted in the leading source, so the time they are divided by must be that source's."""


def _rank(column: Column, extraction: Extraction) -> tuple[float, float, str, bytes]:
    """Return what sources are sorted by: measured time, measured epochs, name, content; so the order of the files does not matter.

    Time goes before epochs: a spot reading every 30 s fills every epoch, and yet a ring that writes every 4 s saw more of the night.
    """
    seconds = max((_share(trace.samples) for trace in extraction.traces if trace.channel == extraction.leads), default=_share(column))
    return -seconds, -_share(column), extraction.source, column.tobytes()


def _share(values: Column) -> float:
    return float(np.isfinite(values).mean()) if len(values) else 0.0


def _filled(columns: Sequence[Column]) -> tuple[Column, list[bool]]:
    """Return the first column with its gaps filled by the others, and which of them were used."""
    result, used = columns[0].copy(), [True]
    for column in columns[1:]:
        gaps = np.isnan(result) & np.isfinite(column)
        result[gaps] = column[gaps]
        used.append(bool(gaps.any()))
    return result, used


def fuse_columns(night: NightInput, extractions: Sequence[Extraction]) -> NightFeatures:
    """Return the night's columns with the sources of each, the leading one first."""
    columns: dict[str, Column] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for name in sorted({name for e in extractions for name in e.columns}):
        offers = sorted((e for e in extractions if name in e.columns), key=lambda e: _rank(e.columns[name], e))
        offers = [e for e in offers if np.isfinite(e.columns[name]).any()]
        if offers:
            columns[name], used = _filled([e.columns[name] for e in offers])
            sources[name] = tuple(dict.fromkeys(e.source for e, is_used in zip(offers, used, strict=True) if is_used))
    return NightFeatures(night.start, night.n_epochs, columns, sources)


def leading(extractions: Iterable[Extraction]) -> tuple[Extraction, ...]:
    """Return, for each `leads` column, the extraction whose coverage of it is best."""
    best: dict[str, Extraction] = {}
    for extraction in extractions:
        name = extraction.leads
        if name not in best or _rank(extraction.columns[name], extraction) < _rank(best[name].columns[name], best[name]):
            best[name] = extraction
    return tuple(best[name] for name in sorted(best))


def fuse_events(extractions: Sequence[Extraction], night: NightInput) -> EventTable:
    """Return the events of the leading sources, and those that a recording brings scored."""
    found = [event for extraction in leading(extractions) for event in extraction.events]
    brought = [event._replace(onset_s=event.onset_s + placed.offset_s) for placed in night.placed for event in placed.recording.events]
    return EventTable.of(found + brought)


def fuse_traces(extractions: Sequence[Extraction]) -> tuple[Signal, ...]:
    """Return one trace a channel: the leading source's, its gaps filled by the others' of the same rate unless the channel is UNMIXED."""
    order = sorted(extractions, key=lambda e: _rank(e.columns[e.leads], e))
    traces: dict[str, Signal] = {}
    for trace in (trace for extraction in order for trace in extraction.traces):
        known = traces.get(trace.channel)
        if known is None:
            traces[trace.channel] = trace
        elif trace.channel not in UNMIXED and known.fs == trace.fs and known.samples.shape == trace.samples.shape:
            samples, _ = _filled([known.samples, trace.samples])
            traces[trace.channel] = Signal(known.channel, samples, known.fs, known.unit, known.onset_s)
    return tuple(traces[channel] for channel in sorted(traces))


def fuse_quality(extractions: Sequence[Extraction]) -> tuple[StreamQuality, ...]:
    """Return how every stream of every source covers the night, sorted."""
    return tuple(sorted((q for e in extractions for q in e.quality), key=lambda q: (q.stream, q.source, -q.coverage, q.first_s, q.last_s)))


def fuse_device_stages(night: NightInput) -> tuple[Hypnogram | None, tuple[Text, ...]]:
    """Return the most detailed, then longest, of the sources' own scorings, and a note where there was a choice."""
    found = [
        hypnogram
        for placed in night.placed
        if placed.recording.stages is not None
        and (hypnogram := device_hypnogram(placed.recording.stages, placed.offset_s, n_epochs=night.n_epochs)) is not None
    ]
    if not found:
        return None, ()
    found.sort(key=lambda h: (-len(h.classes), -int((h.stages != Stage.UNSCORED).sum()), h.scorer, h.stages.tobytes()))
    if len(found) == 1:
        return found[0], ()
    others = ", ".join(sorted({h.scorer for h in found[1:]}))
    values: dict[str, str | int | float | Text] = {"chosen": found[0].scorer, "others": others}
    return found[0], (Text("Several sources scored this night. {chosen} has the most detail and is shown; also there: {others}.", values),)
