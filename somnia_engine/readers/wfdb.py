"""WFDB: the records of PhysioNet and of research Holters, a header with its samples, beats, rhythms and stages."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._clock import choose_night
from somnia_engine.readers._lab_channels import not_used_note
from somnia_engine.readers._lab_marks import Mark, Marks, read_marks
from somnia_engine.readers._lab_nights import nights_of, started
from somnia_engine.readers._wfdb_files import Files, files_of, headers_in
from somnia_engine.readers._wfdb_header import MOST_S, WfdbHeader, looks_like_header, parse_header
from somnia_engine.readers._wfdb_marks import Annotated, intervals, read_annotations
from somnia_engine.readers._wfdb_signals import Column, columns_of, frames_in, read_column
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped, Reader, ReadOptions, Recording, Source, Survey

KEY = "wfdb"
NAME = Text("WFDB records (PhysioNet, Holter), a zip of .hea, .dat and annotations")


@dataclass(frozen=True, slots=True, eq=False)
class _Record:
    """A record opened: its files, header, wanted signals, annotations, length [s] and what a person should know."""

    files: Files
    header: WfdbHeader
    columns: list[Column]
    annotated: Annotated
    length_s: float
    notes: tuple[Text, ...]


def _open(path: Path) -> _Record:
    files = files_of(path)
    header = parse_header(files.header_text(), name=path.name)
    columns, rest, missing = columns_of(header, files)
    notes = [*not_used_note(rest)]
    if missing:
        said = {"files": ", ".join(missing)}
        notes.append(Text("{files} is not there, so its signals are missing. Put all files of the record into one zip.", said))
    length_s = max((frames_in(c, files) / header.fs for c in columns), default=(header.n_frames or 0) / header.fs)
    if columns and header.n_frames and length_s < header.n_frames / header.fs - 1.0:
        notes.append(
            Text("The samples end {min} min before the header says.", {"min": round(header.n_frames / header.fs / 60 - length_s / 60, 1)})
        )
    annotated = read_annotations(files, fs=header.fs, end_s=length_s)
    last = [float(annotated.beats_s[-1])] if len(annotated.beats_s) else []
    length_s = length_s or max([*last, *(m.onset_s + m.duration_s for m in annotated.marks)], default=0.0)
    if not columns and len(annotated.beats_s) < 2 and not annotated.marks:
        said = {"name": path.name}
        raise DamagedFile(
            Text(
                "{name} is a WFDB header without samples or annotations that I can use. Put .hea, .dat and annotations into one zip.", said
            )
        )
    if length_s > MOST_S:
        raise DamagedFile(Text("{name} says that it lasts more than 14 days. Give me the part of single nights.", {"name": path.name}))
    return _Record(files, header, columns, annotated, length_s, (*notes, *annotated.notes))


def _survey(path: Path, options: ReadOptions) -> Survey:
    record = _open(path)
    start, zone, origin = started(record.header.start, options)
    marks = _marks(record, 0.0, record.length_s)
    beats, _ = intervals(record.annotated.beats_s, from_s=0.0, to_s=record.length_s + 1.0)
    channels = [c.meaning.channel for c in record.columns] + (["rr_ms"] if beats else []) + (["stage"] if marks.stages else [])
    return Survey(
        format=KEY,
        name=NAME,
        nights=nights_of(start, zone, length_s=record.length_s),
        zone=zone,
        zone_origin=origin,
        channels=tuple(dict.fromkeys(channels)),
        notes=(*record.notes, *marks.notes),
        needs_start=start is None,
    )


def _read(path: Path, options: ReadOptions) -> Recording:
    record = _open(path)
    start, zone, origin = started(record.header.start, options)
    spans = nights_of(start, zone, length_s=record.length_s)
    night = choose_night(spans, options, name=path.name)
    span = next((s for s in spans if s.night == night), spans[0])
    from_s = _from_s(span.start, start)
    first, n = round(from_s * record.header.fs), round(span.duration_s * record.header.fs)
    read = [read_column(column, record.files, first=first, n=n) for column in record.columns]
    beats, refused = intervals(record.annotated.beats_s, from_s=from_s, to_s=from_s + span.duration_s + 1.0)
    marks = _marks(record, from_s, from_s + span.duration_s)
    dropped = [lost for _, some in read for lost in some]
    if refused:
        dropped.append(Dropped(Text("an interval between beats that is shorter than 150 ms or longer than 10 s"), refused))
    return Recording(
        start=span.start,
        zone=zone,
        zone_origin=origin,
        duration_s=span.duration_s,
        source=Source(KEY, path.name),
        signals=tuple(signal for signal, _ in read),
        series=(beats,) if beats else (),
        stages=marks.stages,
        lights_off_s=marks.off_s,
        lights_on_s=marks.on_s,
        events=marks.events,
        dropped=tuple(dropped),
        notes=(*record.notes, *marks.notes),
    )


def _from_s(night: datetime | None, start: datetime | None) -> float:
    return (night - start).total_seconds() if night is not None and start is not None else 0.0


def _marks(record: _Record, from_s: float, to_s: float) -> Marks:
    inside = [m._replace(onset_s=m.onset_s - from_s) for m in record.annotated.marks if from_s <= m.onset_s < to_s]
    return read_marks([Mark(*m) for m in inside], scorer=record.files.header)


def _recognises(path: Path, head: bytes) -> bool:
    return len(headers_in(path)) > 0 if head[:4] == b"PK\x03\x04" else looks_like_header(head)


READER = Reader(KEY, NAME, (".hea", ".zip"), _recognises, _survey, _read, icon="lab")
