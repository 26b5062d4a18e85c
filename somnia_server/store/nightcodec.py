"""A night as two blobs: the summary (what lists, cards and detectors read) and the series (what charts read)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import zstandard
from numpy.typing import NDArray

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.features import FEATURES, NightFeatures, StreamQuality
from somnia_engine.types.findings import Finding
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights, NightAnalysis, NightRecord, SleepStatistics, Worded
from somnia_engine.types.recording import Dropped
from somnia_engine.types.score import SleepScore
from somnia_engine.types.signals import Signal
from somnia_server.store import codec, series
from somnia_server.store.series import Column

P_STEP = 1 / 500
EVENT_STEP_S = 0.01
VALUE_STEP = 0.01
TRACE_LEVELS = 4096
"""A trace without a step of its own is kept in this many levels of its range."""
MAX_SUMMARY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Staging:
    """A hypnogram without its probabilities."""

    stages: str
    classes: tuple[Stage, ...]
    scorer: str
    epoch_s: float


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace without its samples."""

    channel: str
    fs: float
    unit: str
    onset_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """All of a night but its long columns."""

    start: datetime | None
    zone: str | None
    zone_origin: Text
    lights: Lights
    n_epochs: int
    statistics: SleepStatistics
    device_statistics: SleepStatistics | None
    measures: Mapping[str, float]
    findings: tuple[Finding, ...]
    quality: tuple[StreamQuality, ...]
    hypnogram: Staging | None = None
    device_hypnogram: Staging | None = None
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Text, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    column_sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    event_sources: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    score: SleepScore | None = None
    worded: Worded | None = None

    @property
    def ribbon(self) -> Staging | None:
        """The stages to draw: the engine's, else the device's."""
        return self.hypnogram or self.device_hypnogram


def pack_night(analysis: NightAnalysis) -> tuple[bytes, bytes]:
    """Return the summary and the series of a night, unsealed."""
    events = analysis.events
    names = tuple(dict.fromkeys(events.source))
    features = analysis.features
    summary = Summary(
        start=analysis.start,
        zone=analysis.zone,
        zone_origin=analysis.zone_origin,
        lights=analysis.lights,
        n_epochs=features.n_epochs,
        statistics=analysis.statistics,
        device_statistics=analysis.device_statistics,
        measures=analysis.measures,
        findings=analysis.findings,
        quality=analysis.quality,
        hypnogram=_staging(analysis.hypnogram),
        device_hypnogram=_staging(analysis.device_hypnogram),
        dropped=analysis.dropped,
        notes=analysis.notes,
        versions=analysis.versions,
        intervals=analysis.intervals,
        column_sources=features.sources,
        event_sources=names,
        traces=tuple(Trace(s.channel, s.fs, s.unit, s.onset_s) for s in analysis.traces),
        score=analysis.score,
        worded=analysis.worded,
    )
    return _packed(summary), series.pack(_columns(analysis, names))


def _packed(summary: Summary) -> bytes:
    return zstandard.ZstdCompressor(level=9).compress(codec.dumps(summary))


def with_words(blob: bytes, worded: Worded) -> bytes:
    """Return a summary with a model's words for the night."""
    return _packed(replace(unpack_summary(blob), worded=worded))


def unpack_summary(blob: bytes) -> Summary:
    """Return the summary; its times are in the night's zone."""
    plain = zstandard.ZstdDecompressor().decompress(blob, max_output_size=MAX_SUMMARY_BYTES)
    summary = codec.loads(Summary, plain)
    if summary.start is not None and summary.zone is not None:
        summary = replace(summary, start=summary.start.astimezone(ZoneInfo(summary.zone)))
    return summary


def unpack_night(summary_blob: bytes, series_blob: bytes) -> NightAnalysis:
    """Return the whole night; series equal within half their step."""
    summary = unpack_summary(summary_blob)
    columns = series.unpack(series_blob)
    return NightAnalysis(
        start=summary.start,
        zone=summary.zone,
        zone_origin=summary.zone_origin,
        lights=summary.lights,
        features=_features(summary, columns),
        hypnogram=_hypnogram(summary.hypnogram, columns.get("p")),
        device_hypnogram=_hypnogram(summary.device_hypnogram, columns.get("dp")),
        statistics=summary.statistics,
        device_statistics=summary.device_statistics,
        events=_events(summary, columns),
        measures=summary.measures,
        traces=tuple(Signal(t.channel, columns[f"t{i}"].astype(np.float32), t.fs, t.unit, t.onset_s) for i, t in enumerate(summary.traces)),
        findings=summary.findings,
        quality=summary.quality,
        dropped=summary.dropped,
        notes=summary.notes,
        versions=summary.versions,
        intervals=summary.intervals,
        score=summary.score,
        worded=summary.worded,
    )


def unpack_record(summary_blob: bytes, series_blob: bytes) -> NightRecord:
    """Return the night as a history holds it: features and events, no traces."""
    summary = unpack_summary(summary_blob)
    columns = series.unpack(series_blob)
    return NightRecord(
        start=summary.start,
        zone=summary.zone,
        features=_features(summary, columns),
        statistics=summary.statistics,
        measures=summary.measures,
        events=_events(summary, columns),
        hypnogram=_hypnogram(summary.ribbon, None),
        lights=summary.lights,
    )


def stages_of(digits: str) -> NDArray[np.int8]:
    """Return the stages of the digits that `Staging` holds."""
    return (np.frombuffer(digits.encode("ascii"), np.uint8).astype(np.int16) - ord("1")).astype(np.int8)


def _staging(hypnogram: Hypnogram | None) -> Staging | None:
    if hypnogram is None:
        return None
    digits = (hypnogram.stages.astype(np.int16) + ord("1")).astype(np.uint8).tobytes().decode("ascii")  # "0" is unscored
    return Staging(digits, hypnogram.classes, hypnogram.scorer, hypnogram.epoch_s)


def _hypnogram(staging: Staging | None, p: NDArray[np.float64] | None) -> Hypnogram | None:
    if staging is None:
        return None
    shaped = None if p is None else p.astype(np.float32).reshape(len(staging.stages), len(staging.classes))
    return Hypnogram(stages_of(staging.stages), staging.classes, staging.scorer, shaped, staging.epoch_s or EPOCH_S)


def _columns(analysis: NightAnalysis, names: tuple[str, ...]) -> dict[str, Column]:
    found = {f"f.{name}": Column(column, FEATURES[name].step) for name, column in analysis.features.columns.items()}
    for key, hypnogram in (("p", analysis.hypnogram), ("dp", analysis.device_hypnogram)):
        if hypnogram is not None and hypnogram.probabilities is not None:
            found[key] = Column(hypnogram.probabilities, P_STEP)
    for i, trace in enumerate(analysis.traces):
        found[f"t{i}"] = Column(trace.samples, trace_step(trace))
    events, kinds = analysis.events, list(EventKind)
    found["e.kind"] = Column(np.array([kinds.index(k) for k in events.kind]), 1)
    found["e.source"] = Column(np.array([names.index(s) for s in events.source]), 1)
    found["e.onset"] = Column(events.onset_s, EVENT_STEP_S)
    found["e.duration"] = Column(events.duration_s, EVENT_STEP_S)
    found["e.confidence"] = Column(events.confidence, P_STEP)
    found["e.value"] = Column(events.value, VALUE_STEP)
    return found


def trace_step(trace: Signal) -> float:
    """Return the resolution in which a trace is kept."""
    if trace.channel in FEATURES:
        return FEATURES[trace.channel].step
    seen = trace.samples[np.isfinite(trace.samples)]
    span = float(seen.max() - seen.min()) if len(seen) else 0.0
    return span / TRACE_LEVELS if span > 0 else 1.0


def _features(summary: Summary, columns: Mapping[str, NDArray[np.float64]]) -> NightFeatures:
    found = {name[2:]: column.astype(np.float32) for name, column in columns.items() if name.startswith("f.")}
    return NightFeatures(summary.start, summary.n_epochs, found, summary.column_sources)


def _events(summary: Summary, columns: Mapping[str, NDArray[np.float64]]) -> EventTable:
    kinds = list(EventKind)
    return EventTable(
        kind=tuple(kinds[int(k)] for k in columns["e.kind"]),
        onset_s=columns["e.onset"],
        duration_s=columns["e.duration"],
        confidence=columns["e.confidence"].astype(np.float32),
        source=tuple(summary.event_sources[int(s)] for s in columns["e.source"]),
        value=columns["e.value"].astype(np.float32),
    )
