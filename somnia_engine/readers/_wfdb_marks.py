"""The annotations of a WFDB record: beats become intervals, rhythms, stages and events become marks."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._lab_marks import Mark
from somnia_engine.readers._wfdb_files import Files
from somnia_engine.text import Said, Text
from somnia_engine.types.signals import Series

_BEATS = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 30, 34, 35, 38, 41))
_RHYTHM, _NOTE = 28, 22
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
"""Codes of annotations; https://physionet.org/physiotools/wag/annot-5.htm and ecgcodes.h."""
_BEAT_FILES = ("atr", "ecg", "ari", "ann", "man", "qrs", "qrsc", "gqrs", "wqrs", "sqrs", "xqrs")
"""Audited beats before those that a program found."""
_STAGE_FILE, _MINUTES_FILE = "st", "apn"
MOST_BYTES = 40_000_000
LONGEST_RR_MS, SHORTEST_RR_MS = 10_000.0, 150.0
"""Intervals [ms] beyond these come from a gap or a beat that was marked twice."""
_RHYTHMS = {"AFIB": "Atrial fibrillation", "SBR": "Bradycardia", "N": "", "NSR": ""}
_EPOCH_MARKS = {
    "H": ("Hypopnea",), "HA": ("Hypopnea", "Arousal"), "OA": ("Obstructive apnea",), "X": ("Obstructive apnea", "Arousal"),
    "CA": ("Central apnea",), "CAA": ("Central apnea", "Arousal"), "L": ("Leg movement",), "LA": ("Leg movement", "Arousal"),
    "A": ("Arousal",),
}  # fmt: skip
"""What the notes of the MIT-BIH Polysomnographic Database mean; https://physionet.org/content/slpdb/1.0.0/."""
_STAGES = {"W": "W", "1": "1", "2": "2", "3": "3", "4": "4", "R": "R", "MT": "M", "M": "M"}
_PIECE_S = 1800.0


class Annotation(NamedTuple):
    """The frame, code and text of one annotation."""

    frame: int
    code: int
    text: str


class Annotated(NamedTuple):
    """What a record's annotation files say, times in seconds from its first sample."""

    beats_s: NDArray[np.float64]
    marks: tuple[Mark, ...]
    notes: tuple[Text, ...]


def parse_annotations(raw: bytes) -> list[Annotation]:
    """Return the annotations of a file in MIT format; of a cut file those before the cut."""
    words = np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<u2").tolist()
    found: list[Annotation] = []
    at, frame = 0, 0
    while at < len(words):
        code, step = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if code == 0 and step == 0:
            break
        if code == _SKIP:
            if at + 2 > len(words):
                break
            jump = words[at] << 16 | words[at + 1]
            frame += jump - (1 << 32 if jump >> 31 else 0)
            at += 2
        elif code == _AUX:
            text = raw[2 * at : 2 * at + step].split(b"\0")[0].decode("latin-1").strip()
            at += (step + 1) // 2
            if found:
                found[-1] = found[-1]._replace(text=text)
        elif code not in (_NUM, _SUB, _CHN):
            frame += step
            found.append(Annotation(frame, code, ""))
    return found


def read_annotations(files: Files, *, fs: float, end_s: float) -> Annotated:
    """Read every annotation file beside a header, beats from the first kind that has them."""
    stem = files.header.rsplit(".", 1)[0]
    by_kind = {name[len(stem) + 1 :].lower(): name for name in files.sizes if name.startswith(stem + ".")}
    beats = np.zeros(0)
    marks: list[Mark] = []
    for kind in (k for k in _BEAT_FILES if k in by_kind):
        rows = _rows(files, by_kind[kind])
        if not len(beats):
            beats = np.array([row.frame for row in rows if row.code in _BEATS and row.frame >= 0], dtype=np.float64) / fs
        if not marks:
            marks = list(_rhythms(rows, fs=fs, end_s=end_s))
    notes: list[Text] = []
    if _STAGE_FILE in by_kind:
        marks += _epochs(_rows(files, by_kind[_STAGE_FILE]), fs=fs)
    if _MINUTES_FILE in by_kind:
        n = sum(row.code == 8 for row in _rows(files, by_kind[_MINUTES_FILE]))
        said: Said = {"n": n, "file": by_kind[_MINUTES_FILE]}
        notes.append(Text("{file} scores {n} minutes as disturbed breathing; minutes are no single events and are not counted.", said))
    return Annotated(np.unique(beats), tuple(marks), tuple(notes))


def _rows(files: Files, name: str) -> list[Annotation]:
    return parse_annotations(files.read(name, 0, MOST_BYTES))


def _rhythms(rows: Iterable[Annotation], *, fs: float, end_s: float) -> Iterable[Mark]:
    """Yield the rhythms but the usual one; each lasts until the next, longer ones in pieces of half an hour."""
    changes = [row for row in rows if row.code == _RHYTHM and row.text.startswith("(")]
    ends = [*(row.frame / fs for row in changes[1:]), end_s][: len(changes)]
    for row, end in zip(changes, ends, strict=True):
        text = _RHYTHMS.get(row.text[1:], row.text)
        at = row.frame / fs
        while text and at < end:
            yield Mark(at, min(_PIECE_S, end - at), text)
            at += _PIECE_S


def _epochs(rows: Iterable[Annotation], *, fs: float) -> Iterable[Mark]:
    """Yield the stage and the events that the note of each 30-s epoch names; where in the epoch an event lies is not known."""
    for row in rows:
        if row.code != _NOTE:
            continue
        at = row.frame / fs
        for word in row.text.split():
            if word in _STAGES:
                yield Mark(at, 30.0, f"Sleep stage {_STAGES[word]}")
            else:
                yield from (Mark(at, 0.0, text) for text in _EPOCH_MARKS.get(word, (word,)))


def intervals(beats_s: NDArray[np.float64], *, from_s: float, to_s: float) -> tuple[Series | None, int]:
    """Return the intervals that end within [from_s, to_s), stamped at the beat that ends each from `from_s`, and how many are refused."""
    ends, rr = beats_s[1:], 1000.0 * np.diff(beats_s)
    inside = (ends >= from_s) & (ends < to_s)
    possible = (rr >= SHORTEST_RR_MS) & (rr <= LONGEST_RR_MS)
    kept = inside & possible
    if not kept.any():
        return None, int((inside & ~possible).sum())
    return Series("rr_ms", ends[kept] - from_s, rr[kept].astype(np.float32), "ms"), int((inside & ~possible).sum())
