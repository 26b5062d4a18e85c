"""The annotations of an EDF+ file, and the times of its records."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._edf_header import Channel, EdfHeader
from somnia_engine.readers._lab_marks import Mark

_LIST = re.compile(rb"([+-]\d{1,9}(?:\.\d{0,9})?)(?:\x15(\d{0,9}(?:\.\d{0,9})?))?\x14([^\x00]*?)\x14(?=\x00|[+-]\d|$)", re.DOTALL)
"""A time-stamped annotation list: onset, duration, texts."""
_KEEPS_TIME = re.compile(rb"([+-]\d{1,9}(?:\.\d{0,9})?)\x14\x14")
MOST_MARKS = 200_000
CHUNK_BYTES = 4 << 20


class Annotations(NamedTuple):
    """Marks in seconds from the header's start; onset [s] of each record, shape (n_records,), NaN where a record does not tell it."""

    marks: list[Mark]
    record_onsets_s: NDArray[np.float64]
    too_many: bool


def read_annotations(header: EdfHeader) -> Annotations:
    """Read all annotations in bounded memory; texts that are not UTF-8 are read as Latin-1."""
    texts = [channel for channel in header.channels if channel.is_text]
    onsets = np.full(header.n_records, np.nan)
    marks: list[Mark] = []
    if not texts:
        return Annotations(marks, onsets, False)
    for number, record in _records(header, texts):
        found = _KEEPS_TIME.match(record)
        if found and number < len(onsets):
            onsets[number] = float(found[1])
        for entry in _LIST.finditer(record):
            if len(marks) >= MOST_MARKS:
                return Annotations(marks, onsets, True)
            marks += _marks_of(entry)
    return Annotations(marks, onsets, False)


def _marks_of(entry: re.Match[bytes]) -> Iterator[Mark]:
    duration = float(entry[2]) if entry[2] and entry[2] != b"." else float("nan")
    for text in entry[3].split(b"\x14"):
        if text.strip():
            yield Mark(float(entry[1]), duration, _decoded(text))


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _records(header: EdfHeader, texts: list[Channel]) -> Iterator[tuple[int, bytes]]:
    """Yield the annotation bytes of each record, those of a last broken record too."""
    record_bytes = 2 * header.record_samples
    rows = max(CHUNK_BYTES // record_bytes, 1)
    with header.path.open("rb") as file:
        file.seek(header.data_at)
        for first in range(0, header.n_records, rows):
            chunk = file.read(min(rows, header.n_records - first) * record_bytes)
            for i in range(len(chunk) // record_bytes):
                at = i * record_bytes
                yield first + i, b"".join(chunk[at + 2 * c.first : at + 2 * (c.first + c.n)] for c in texts)
        if header.rest_bytes:
            rest = file.read(header.rest_bytes)
            yield header.n_records, b"".join(rest[2 * c.first : 2 * (c.first + c.n)] for c in texts)
