"""EDF and EDF+: the files of sleep laboratories and Holter recorders, with signals, scored stages, events and lights."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._clock import choose_night
from somnia_engine.readers._edf_header import EdfHeader, looks_like_edf, read_header
from somnia_engine.readers._edf_marks import Annotations, read_annotations
from somnia_engine.readers._edf_signals import Stretch, Wanted, read_signals, wanted_of
from somnia_engine.readers._lab_channels import not_used_note
from somnia_engine.readers._lab_marks import Mark, Marks, read_marks
from somnia_engine.readers._lab_nights import nights_of, started
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped, NightSpan, Reader, ReadOptions, Recording, Source, Survey

KEY = "edf"
NAME = Text("EDF and EDF+ (sleep laboratory, Holter)")
FURTHEST_S = 60 * 86400.0
"""A record that says to begin later than this is damaged."""


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A file opened: header, annotations, when each record begins [s from the header's start]."""

    header: EdfHeader
    annotations: Annotations
    onsets_s: NDArray[np.float64]
    wanted: list[Wanted]
    notes: tuple[Text, ...]
    dropped: tuple[Dropped, ...]

    @property
    def scorer(self) -> str:
        return self.header.scorer or self.header.path.name

    @property
    def first_s(self) -> float:
        """The start of the samples, a part of a second after the header's start."""
        return float(self.onsets_s[0]) if len(self.onsets_s) else 0.0

    @property
    def last_s(self) -> float:
        ends = [float(self.onsets_s[-1]) + self.header.record_s] if len(self.onsets_s) and self.wanted else []
        marks = read_marks(self.annotations.marks, scorer="")
        if marks.stages is not None:
            ends.append(float(marks.stages.onset_s[-1] + marks.stages.duration_s[-1]))
        if len(marks.events):
            ends.append(float((marks.events.onset_s + marks.events.duration_s).max()))
        return max(ends, default=float(self.onsets_s[-1]) + self.header.record_s if len(self.onsets_s) else 0.0)


def _open(path: Path) -> _File:
    header = read_header(path)
    annotations = read_annotations(header)
    onsets, lost = _onsets(header, annotations)
    wanted, rest = wanted_of(header)
    notes = [*header.notes, *not_used_note(rest)]
    if annotations.too_many:
        notes.append(Text("The file has more marks than can be read; the first {n} are used.", {"n": len(annotations.marks)}))
    if header.interrupted and len(onsets) > 1 and (gap_s := float(np.diff(onsets).sum()) - header.record_s * (len(onsets) - 1)) >= 1.0:
        notes.append(Text("The recording was interrupted; {min} min are missing in between.", {"min": round(gap_s / 60, 1)}))
    dropped = (*header.dropped, *((Dropped(Text("a data record whose time cannot be read"), lost),) if lost else ()))
    return _File(header, annotations, onsets, wanted, tuple(notes), dropped)


def _onsets(header: EdfHeader, annotations: Annotations) -> tuple[NDArray[np.float64], int]:
    """Return when each record begins [s], not decreasing, and how many times were replaced by what the record before lets expect."""
    told = annotations.record_onsets_s
    begin = float(told[0]) if len(told) and 0 <= told[0] < 1.0 else 0.0
    steady = begin + np.arange(header.n_records) * header.record_s
    if not header.interrupted:
        return steady, 0
    onsets, lost = told.copy(), 0
    for i in range(len(onsets)):
        expected = onsets[i - 1] + header.record_s if i else begin
        if not expected - 1e-3 <= onsets[i] <= FURTHEST_S:
            onsets[i], lost = expected, lost + 1
    return onsets, lost


def _nights(file: _File, start: datetime | None, zone: str | None) -> tuple[NightSpan, ...]:
    return nights_of(start, zone, length_s=max(file.last_s - file.first_s, 0.0))


def _survey(path: Path, options: ReadOptions) -> Survey:
    file = _open(path)
    start, zone, origin = started(file.header.start, options, shift_s=file.first_s)
    marks = read_marks(file.annotations.marks, scorer=file.scorer)
    channels = [w.meaning.channel for w in file.wanted] + (["stage"] if marks.stages is not None else [])
    return Survey(
        format=KEY,
        name=NAME,
        nights=_nights(file, start, zone),
        zone=zone,
        zone_origin=origin,
        channels=tuple(dict.fromkeys(channels)),
        dropped=file.dropped,
        notes=(*file.notes, *marks.notes),
        needs_start=start is None,
    )


def _read(path: Path, options: ReadOptions) -> Recording:
    file = _open(path)
    start, zone, origin = started(file.header.start, options, shift_s=file.first_s)
    spans = _nights(file, start, zone)
    night = choose_night(spans, options, name=path.name)
    span = next((s for s in spans if s.night == night), spans[0])
    from_s = (span.start - start).total_seconds() if span.start is not None and start is not None else 0.0
    stretch = _stretch(file, from_s, from_s + span.duration_s)
    signals, dropped = read_signals(file.header, file.wanted, stretch)
    marks = _marks(file, from_s, from_s + span.duration_s)
    return Recording(
        start=span.start,
        zone=zone,
        zone_origin=origin,
        duration_s=span.duration_s,
        source=Source(KEY, path.name),
        signals=signals,
        stages=marks.stages,
        lights_off_s=marks.off_s,
        lights_on_s=marks.on_s,
        events=marks.events,
        dropped=(*file.dropped, *dropped),
        notes=(*file.notes, *marks.notes),
    )


def _stretch(file: _File, from_s: float, to_s: float) -> Stretch:
    """Return the records that begin within [from_s, to_s) of the samples' start."""
    onsets = file.onsets_s - file.first_s
    first, last = np.searchsorted(onsets, (from_s - 1e-6, to_s - 1e-6))
    return Stretch(int(first), onsets[first:last] - from_s)


def _marks(file: _File, from_s: float, to_s: float) -> Marks:
    begin = file.first_s + from_s
    moved = [Mark(m.onset_s - begin, m.duration_s, m.text) for m in file.annotations.marks]
    inside = [m for m in moved if m.onset_s < to_s - from_s + 1e-6]
    return read_marks([m._replace(onset_s=0.0) if -1.0 < m.onset_s < 0 else m for m in inside], scorer=file.scorer)


def _recognises(path: Path, head: bytes) -> bool:
    return looks_like_edf(head)


READER = Reader(KEY, NAME, (".edf", ".rec"), _recognises, _survey, _read, icon="lab")
