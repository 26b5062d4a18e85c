"""What was heard of a night, second by second, in a file that only grows: the edge keeps it instead of the sound."""

import json
import os
import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.snore_tone import TONES
from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.hearing.classifier import load_sound_classifier
from somnia_engine.hearing.listener import BAND_EDGES, ENVELOPE_HZ, LEAST_MAGNITUDE, SILENCE, Heard
from somnia_engine.text import Text

MAGIC = b"SOMNIA reel 2\n"
HEAD = struct.Struct("<cII")
"""Kind, first second of the night, count: seconds of a unit, bytes of a note."""
UNIT, NOTE = b"U", b"N"
BANDS = len(BAND_EDGES) - 1
LONGEST_S = 24 * 3600
LONGEST_HEAD = 4096
TORN = Text("{name} cannot be continued: it is no reel of this version. Move it away and begin a new night.")
FULL = Text("{name} cannot be written: {reason}")


@dataclass(frozen=True, slots=True)
class ReelHead:
    """When the night began, in which zone, and by which classifier it was heard."""

    start: datetime | None
    zone: str | None
    classifier: str


class Reel:
    """A reel being written; each unit is on the disk when `add` returns. A record that a crash tore is cut off at the next start."""

    def __init__(self, path: Path, *, start: datetime | None, zone: str | None) -> None:
        self._path = path
        self.notes: set[str] = set()
        self.seconds = 0
        version = load_sound_classifier().version
        if path.exists() and path.stat().st_size:
            head, whole = _head_of(path)
            if head.classifier != version:
                raise DamagedFile(Text(TORN.msgid, {"name": path.name}))
            for kind, first, content in _records(path):
                whole += HEAD.size + len(content)
                if kind == NOTE:
                    self.notes.add(content.decode())
                else:
                    self.seconds = max(self.seconds, first + len(content) // _second_bytes())
            self.head = head
            os.truncate(path, whole)
        else:
            self.head = ReelHead(start, zone, version)
            said = {"start": start.isoformat() if start else None, "zone": zone, "classifier": version}
            self._append(MAGIC + json.dumps(said).encode() + b"\n")

    def add(self, unit: Heard, first: int) -> None:
        """Keep a unit that begins at a second of the night."""
        count = len(unit.power)
        if not 0 <= first <= LONGEST_S - count:
            raise DamagedFile(Text("The sound is longer than 24 h. Begin a new night."))
        self._append(HEAD.pack(UNIT, first, count) + b"".join(np.ascontiguousarray(part).tobytes() for part in _parts(unit)))
        self.seconds = max(self.seconds, first + count)

    def note(self, said: str) -> None:
        """Keep a word, such as which file was heard to its end."""
        content = said.encode()
        self._append(HEAD.pack(NOTE, 0, len(content)) + content)
        self.notes.add(said)

    def _append(self, content: bytes) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ReadError(Text(FULL.msgid, {"name": self._path.name, "reason": error.strerror or type(error).__name__})) from error


def is_reel(path: Path) -> bool:
    """Tell whether a file is a reel."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def reel_head(path: Path) -> ReelHead:
    """Return when a reel's night began."""
    return _head_of(path)[0]


def reel_seconds(path: Path) -> int:
    """Return the second after the last that was heard."""
    return max((first + len(content) // _second_bytes() for kind, first, content in _records(path) if kind == UNIT), default=0)


def read_reel(path: Path) -> Heard:
    """Return what was heard; seconds between two starts were not heard, their power is 0."""
    seconds, classifier = reel_seconds(path), load_sound_classifier()
    classes = (*classifier.classes, SILENCE)
    p = np.zeros((seconds, len(classes)), dtype=np.float32)
    p[:, -1] = 1.0
    noisy, clipped = np.zeros(seconds, dtype=np.float32), np.zeros(seconds, dtype=np.float32)
    power = np.zeros(seconds, dtype=np.float64)
    tones = np.full((seconds, len(TONES)), np.nan, dtype=np.float32)
    envelopes = np.full((seconds * ENVELOPE_HZ, BANDS), np.log(LEAST_MAGNITUDE), dtype=np.float16)
    for kind, first, content in _records(path):
        if kind != UNIT:
            continue
        count = len(content) // _second_bytes()
        read = _arrays(content, count)
        here = slice(first, first + count)
        p[here], noisy[here], power[here], clipped[here], tones[here] = read[:5]
        envelopes[first * ENVELOPE_HZ : (first + count) * ENVELOPE_HZ] = read[5]
    return Heard(classes, p, noisy, power, np.full(seconds, np.nan), clipped, tones, envelopes)


def _parts(unit: Heard) -> tuple[NDArray[np.generic], ...]:
    return unit.p, unit.p_noisy, unit.power, unit.clipped_frac, unit.tones, unit.envelopes


def _shapes() -> tuple[tuple[int, str], ...]:
    """Return how many values a second has of each array, and their type."""
    classes = len(load_sound_classifier().classes) + 1
    return (classes, "<f4"), (1, "<f4"), (1, "<f8"), (1, "<f4"), (len(TONES), "<f4"), (ENVELOPE_HZ * BANDS, "<f2")


def _second_bytes() -> int:
    return sum(each * np.dtype(kind).itemsize for each, kind in _shapes())


def _arrays(content: bytes, count: int) -> list[NDArray[Any]]:
    found, at = [], 0
    for each, kind in _shapes():
        size = count * each * np.dtype(kind).itemsize
        values = np.frombuffer(content[at : at + size], dtype=kind)
        found.append(values if each == 1 else values.reshape(-1, BANDS) if kind == "<f2" else values.reshape(count, each))
        at += size
    return found


def _head_of(path: Path) -> tuple[ReelHead, int]:
    """Return the head and how many bytes it has."""
    with path.open("rb") as file:
        content = file.read(LONGEST_HEAD)
    line, end, _ = content[len(MAGIC) :].partition(b"\n")
    try:
        said: dict[str, str | None] = json.loads(line) if content.startswith(MAGIC) and end else {}
        written = said["start"]
        start = datetime.fromisoformat(written) if written else None
        return ReelHead(start, said["zone"], str(said["classifier"])), len(MAGIC) + len(line) + 1
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedFile(Text(TORN.msgid, {"name": path.name})) from error


def _records(path: Path) -> list[tuple[bytes, int, bytes]]:
    """Return the whole records; one that is torn or makes no sense ends them."""
    _, at = _head_of(path)
    found = []
    with path.open("rb") as file:
        file.seek(at)
        while len(head := file.read(HEAD.size)) == HEAD.size:
            kind, first, count = HEAD.unpack(head)
            size = count * _second_bytes() if kind == UNIT else count
            if kind not in (UNIT, NOTE) or first + count > LONGEST_S or len(content := file.read(size)) < size:
                break
            found.append((kind, first, content))
    return found
