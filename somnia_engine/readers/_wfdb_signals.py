"""The samples of a WFDB record: its formats, read in blocks and thinned to the rate that matters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._edf_signals import LEAST_HZ, MOST_LEADS, UNITS
from somnia_engine.readers._lab_channels import Meaning, meaning_of, plausible
from somnia_engine.readers._wfdb_files import Files
from somnia_engine.readers._wfdb_header import FORMATS, Sampled, WfdbHeader
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped
from somnia_engine.types.signals import Signal

_BLOCK_SAMPLES = 1 << 21
Digital = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Column:
    """A signal that is analyzed: where it stands in the frames of its file, what it means, by how much it is thinned."""

    sampled: Sampled
    first: int
    frame: int
    meaning: Meaning
    fs: float
    thin: int


def columns_of(header: WfdbHeader, files: Files) -> tuple[list[Column], list[str], list[str]]:
    """Return the signals that are analyzed, the labels of the rest, and the files that are missing."""
    wanted: list[Column] = []
    rest: list[str] = []
    missing: list[str] = []
    for sampled in header.signals:
        group = [s for s in header.signals if s.file == sampled.file]
        fs = header.fs * sampled.per_frame
        readable = all(s.format == sampled.format and s.skip_bytes == sampled.skip_bytes for s in group) and sampled.format in FORMATS
        meaning = meaning_of(sampled.label, sampled.unit, fs=fs) if readable and fs >= LEAST_HZ else None
        if meaning is None or not _has_room(meaning, fs, wanted):
            rest.append(sampled.label)
        elif sampled.file not in files.sizes:
            missing.append(sampled.file)
        else:
            before = group[: next(i for i, s in enumerate(group) if s is sampled)]
            frame = sum(s.per_frame for s in group)
            first = sum(s.per_frame for s in before)
            wanted.append(Column(sampled, first, frame, meaning, fs, max(int(fs / meaning.keep_hz), 1)))
    return wanted, rest, list(dict.fromkeys(missing))


def _has_room(meaning: Meaning, fs: float, wanted: Sequence[Column]) -> bool:
    same = [w for w in wanted if w.meaning.channel == meaning.channel]
    return not same or (meaning.channel == "ecg_mv" and len(same) < MOST_LEADS and same[0].fs == fs)


def frames_in(column: Column, files: Files) -> int:
    """Return how many whole frames the file of a signal holds."""
    samples = (files.sizes[column.sampled.file] - column.sampled.skip_bytes) / FORMATS[column.sampled.format]
    return max(int(samples // column.frame), 0)


def read_column(column: Column, files: Files, *, first: int, n: int) -> tuple[Signal, tuple[Dropped, ...]]:
    """Read frames first..first+n-1 of one signal; what is missing or no sensor can measure is NaN."""
    sampled, per_frame = column.sampled, column.sampled.per_frame
    step = max(_BLOCK_SAMPLES // column.frame, 1)
    step = math.ceil(step / (2 * column.thin)) * 2 * column.thin
    n = min(n, max(frames_in(column, files) - first, 0))
    parts, refused = [], 0
    for at in range(first, first + n, step):
        count = min(step, first + n - at)
        digital = _frames(column, files, first=at, n=count)[:, column.first : column.first + per_frame].reshape(-1)
        values = _physical(digital, column)
        values, wrong = plausible(column.meaning.channel, values)
        parts.append(values)
        refused += wrong
    values = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    name = column.meaning.channel
    signal = Signal(name, values, column.fs / column.thin, UNITS.get(name, "g" if name.startswith("acc_") else ""))
    said = {"column": sampled.label[:24]}
    return signal, (Dropped(Text("{column}: a value that no sensor can measure", said), refused),) if refused else ()


def _physical(digital: Digital, column: Column) -> NDArray[np.float32]:
    sampled, meaning = column.sampled, column.meaning
    values = np.where(digital == _INVALID[sampled.format], np.nan, digital).astype(np.float32)
    if column.thin > 1:
        rows = values[: len(values) // column.thin * column.thin].reshape(-1, column.thin)
        values = rows.mean(axis=1, dtype=np.float32) if meaning.drawn else rows[:, 0]
    gain = meaning.factor / sampled.gain
    return np.asarray(values * np.float32(gain) + np.float32(meaning.offset - sampled.baseline * gain))


_INVALID = {"16": -(1 << 15), "61": -(1 << 15), "160": -(1 << 15), "212": -2048, "80": -128, "24": -(1 << 23), "32": -(1 << 31)}
"""The value of each format that says "not measured"; WFDB's signal(5)."""


def _frames(column: Column, files: Files, *, first: int, n: int) -> Digital:
    """Return frames as digital values, shape (n, frame); a pair of samples in format 212 may begin one frame earlier."""
    size, odd = FORMATS[column.sampled.format], first * column.frame % 2
    begin = first * column.frame - odd
    samples = n * column.frame + odd
    raw = files.read(column.sampled.file, column.sampled.skip_bytes + int(begin * size), math.ceil(samples * size))
    digital = decode(np.frombuffer(raw, dtype=np.uint8), column.sampled.format)[odd : odd + n * column.frame]
    return digital[: len(digital) // column.frame * column.frame].reshape(-1, column.frame)


def decode(raw: NDArray[np.uint8], format_: str) -> Digital:
    """Return the digital values of packed samples.

    Parameters
    ----------
    raw : ndarray, shape (n_bytes,), uint8
    format_ : str
        One of `FORMATS`, as defined in WFDB's signal(5), https://physionet.org/physiotools/wag/signal-5.htm.

    Returns
    -------
    ndarray, shape (n,), int32
        A sample that is cut off at the end is left out.
    """
    if format_ == "212":
        return _decode_212(raw)
    width = int(FORMATS[format_])
    whole = raw[: len(raw) // width * width]
    if format_ == "80":
        return whole.astype(np.int32) - 128
    if format_ == "24":
        rows = whole.reshape(-1, 3).astype(np.int32)
        value = rows[:, 0] | rows[:, 1] << 8 | rows[:, 2] << 16
        return np.asarray(value - (value >> 23 << 24), dtype=np.int32)
    if format_ == "160":
        return whole.view("<u2").astype(np.int32) - (1 << 15)
    return whole.view({"16": "<i2", "61": ">i2", "32": "<i4"}[format_]).astype(np.int32)


def _decode_212(raw: NDArray[np.uint8]) -> Digital:
    """Two samples of 12 bits in 3 bytes; the middle one holds the high bits of both."""
    odd = len(raw) % 3 == 2
    triples = np.append(raw, np.uint8(0)) if odd else raw[: len(raw) // 3 * 3]
    rows = triples.reshape(-1, 3).astype(np.int32)
    pairs = np.stack((rows[:, 0] | (rows[:, 1] & 0x0F) << 8, rows[:, 2] | (rows[:, 1] & 0xF0) << 4), axis=1).reshape(-1)
    signed = pairs - (pairs >> 11 << 12)
    return np.asarray(signed[: len(signed) - odd], dtype=np.int32)
