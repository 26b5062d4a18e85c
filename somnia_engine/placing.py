"""Lays the recordings of one night on one clock and finds the grid of 30-s epochs and the time in bed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from somnia_engine.errors import SomniaError
from somnia_engine.text import Text
from somnia_engine.types.features import NightFeatures, NightInput, Placed
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights
from somnia_engine.types.recording import Recording, Subject

LONGEST_NIGHT_S = 24 * 3600.0
ZONE_SAID = Text("You said this zone.")
ZONE_UNKNOWN = Text("No file names a time zone.")
BODY = ("hr_bpm", "activity_count", "spo2_pct", "sound_level_db", "resp_rate_bpm", "motion_index", "sdnn_ms")
"""Columns of a person, not of a room: they bound the time in bed where nobody marked it."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What the person said about the night.

    Parameters
    ----------
    start : aware datetime or None
        Start of the grid, and of files that count from an unknown moment.
    lights_off, lights_on : aware datetime or None
        Going to bed to sleep, and getting up; they go before what a recording marks.
    zone : str or None
        IANA zone of the night.
    subject : Subject
    """

    start: datetime | None = None
    lights_off: datetime | None = None
    lights_on: datetime | None = None
    zone: str | None = None
    subject: Subject = field(default_factory=Subject)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedNight:
    """The recordings on the grid, and what is known of the time in bed (night seconds, None = unmarked)."""

    input: NightInput
    zone_origin: Text
    off_s: float | None
    on_s: float | None


def place(recordings: Sequence[Recording], options: AnalysisOptions) -> PlacedNight:
    """Lay recordings on one clock; time 0 is `options.start`, else lights off, else the earliest sample.

    Differences are taken in UTC, so that a night over a clock change has its true length.

    Raises
    ------
    SomniaError
        There is no recording or no sample, a start is missing, lights on is not after lights off, or the night is longer than 24 h.
    """
    if not recordings:
        raise SomniaError(Text("There is no recording to analyze. Give at least one file."))
    anchor = _anchor(recordings, options)
    offsets = [_offset_s(r, anchor) for r in recordings]
    off_s, on_s = _lights_marks(recordings, options, offsets=offsets, anchor=anchor)
    spans = [(a + at, b + at) for r, at in zip(recordings, offsets, strict=True) for a, b in _spans(r)]
    zero_s, end_s = _bounds(spans, options, anchor=anchor, off_s=off_s, on_s=on_s)
    n_epochs = _n_epochs(end_s - zero_s)
    zone, origin = _zone(recordings, options)
    start = None if anchor is None else _local(anchor + timedelta(seconds=zero_s), zone, like=_named_start(recordings, options))
    placed = tuple(Placed(r, at - zero_s) for r, at in zip(recordings, offsets, strict=True))
    shifted = [None if s is None else s - zero_s for s in (off_s, on_s)]
    return PlacedNight(NightInput(start, zone, n_epochs, placed), origin, shifted[0], shifted[1])


def lights_of(placed: PlacedNight, features: NightFeatures, *, device: Hypnogram | None) -> Lights:
    """Return the time in bed: what was marked, else the first and last epoch in which a person was measured."""
    n = features.n_epochs
    seen = np.zeros(n, dtype=np.bool_)
    for name in BODY:
        seen |= np.isfinite(features[name])
    if device is not None:
        seen |= device.stages != Stage.UNSCORED
    at = np.flatnonzero(seen)
    first, last = (at[0], at[-1] + 1) if len(at) else (0, n)
    lights = Lights(float(first * EPOCH_S), float(last * EPOCH_S))
    if placed.off_s is not None:
        lights = replace(lights, off_s=placed.off_s, off_marked=True)
    if placed.on_s is not None:
        lights = replace(lights, on_s=placed.on_s, on_marked=True)
    if lights.on_s <= lights.off_s:
        raise SomniaError(Text("Lights on is not after lights off, or nothing was measured between them. Check the times that you gave."))
    return lights


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise SomniaError(Text("{time} has no time zone. Write it as 2025-03-08T23:10+01:00.", {"time": at.isoformat()}))
    return at.astimezone(UTC)


def _anchor(recordings: Sequence[Recording], options: AnalysisOptions) -> datetime | None:
    """Return the moment that offsets count from; None for a night without absolute time."""
    starts = [_utc(r.start) for r in recordings if r.start is not None]
    if options.start is not None:
        return _utc(options.start)
    if len(starts) == len(recordings):
        return min(starts)
    floating = sorted(r.source.name for r in recordings if r.start is None)
    values: dict[str, str | int | float | Text] = {"names": ", ".join(floating)}
    if starts:
        raise SomniaError(Text("{names} counts from an unknown moment, but other files have a clock. Say when it began (--start).", values))
    if options.lights_off is not None or options.lights_on is not None:
        raise SomniaError(Text("{names} counts from an unknown moment. With lights off or on, say when it began (--start).", values))
    return None


def _offset_s(recording: Recording, anchor: datetime | None) -> float:
    if recording.start is None or anchor is None:
        return 0.0
    return (_utc(recording.start) - anchor).total_seconds()


def _lights_marks(
    recordings: Sequence[Recording], options: AnalysisOptions, *, offsets: Sequence[float], anchor: datetime | None
) -> tuple[float | None, float | None]:
    """Return lights off and on in anchor seconds: what the person said, else the earliest and latest mark."""
    off_marks = [r.lights_off_s + at for r, at in zip(recordings, offsets, strict=True) if r.lights_off_s is not None]
    on_marks = [r.lights_on_s + at for r, at in zip(recordings, offsets, strict=True) if r.lights_on_s is not None]
    off_s, on_s = min(off_marks, default=None), max(on_marks, default=None)
    if anchor is not None and options.lights_off is not None:
        off_s = (_utc(options.lights_off) - anchor).total_seconds()
    if anchor is not None and options.lights_on is not None:
        on_s = (_utc(options.lights_on) - anchor).total_seconds()
    return off_s, on_s


def _spans(recording: Recording) -> Iterable[tuple[float, float]]:
    """Return first and last moment [s] of each stream; a sample stands for the epoch that it opens."""
    tick = 1e-3
    for series in recording.series:
        if len(series.times_s):
            yield float(series.times_s[0]), float(series.times_s[-1]) + tick
    for signal in recording.signals:
        if len(signal.samples):
            yield signal.onset_s, signal.onset_s + len(signal.samples) / signal.fs
    for media in recording.media:
        yield media.onset_s, media.onset_s + media.duration_s
    stages = recording.stages
    if stages is not None and len(stages.onset_s):
        yield float(stages.onset_s[0]), float((stages.onset_s + stages.duration_s).max())
    if len(recording.events):
        yield float(recording.events.onset_s.min()), float((recording.events.onset_s + recording.events.duration_s).max())


def _bounds(
    spans: Sequence[tuple[float, float]], options: AnalysisOptions, *, anchor: datetime | None, off_s: float | None, on_s: float | None
) -> tuple[float, float]:
    if not spans:
        raise SomniaError(Text("The files hold no measurement of this night."))
    if options.start is not None and anchor is not None:
        zero_s = 0.0
    else:
        zero_s = off_s if off_s is not None else min(first for first, _ in spans)
    end_s = on_s if on_s is not None else max(last for _, last in spans)
    if end_s <= zero_s:
        raise SomniaError(Text("Nothing was measured after the start of the night. Check the start and the lights-on time that you gave."))
    return zero_s, end_s


def _n_epochs(length_s: float) -> int:
    if length_s > LONGEST_NIGHT_S:
        values: dict[str, str | int | float | Text] = {"h": round(length_s / 3600.0, 1)}
        raise SomniaError(
            Text(
                "The files span {h} h; a night has at most 24 h. Choose a night (--night), or give its ends (--lights-off, --lights-on).",
                values,
            )
        )
    return max(math.ceil(round(length_s / EPOCH_S, 6)), 1)


def _zone(recordings: Sequence[Recording], options: AnalysisOptions) -> tuple[str | None, Text]:
    """Return the night's zone and where it came from: said, else the one most recordings name."""
    if options.zone is not None:
        return options.zone, ZONE_SAID
    named = sorted(((r.zone, r.zone_origin.msgid, r.zone_origin) for r in recordings if r.zone), key=lambda n: n[:2])
    if not named:
        return None, ZONE_UNKNOWN
    zones = [zone for zone, _, _ in named]
    zone = max(sorted(set(zones)), key=zones.count)
    return zone, next(origin for z, _, origin in named if z == zone)


def _named_start(recordings: Sequence[Recording], options: AnalysisOptions) -> datetime | None:
    """Return a start whose offset a night without a zone is told in: the person's, else the earliest file's."""
    starts = [r.start for r in recordings if r.start is not None]
    return options.start or min(starts, key=lambda at: (at, str(at)), default=None)


def _local(at: datetime, zone: str | None, *, like: datetime | None) -> datetime:
    if zone is None:
        return at if like is None else at.astimezone(like.tzinfo)
    try:
        return at.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError) as error:
        raise SomniaError(
            Text("“{zone}” is not a time zone. Give a name such as Europe/Berlin or Asia/Kolkata.", {"zone": zone[:60]})
        ) from error
