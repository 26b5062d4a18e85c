"""The header of a WFDB record: what is sampled, how often, since when, and in which files the samples lie."""

import re
from dataclasses import dataclass
from datetime import datetime

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._wfdb_files import is_plain
from somnia_engine.text import Text

FORMATS = {"16": 2.0, "61": 2.0, "160": 2.0, "212": 1.5, "80": 1.0, "24": 3.0, "32": 4.0}
"""Bytes of a sample, by format; WFDB's signal(5). Differences (8), packed 310/311 and FLAC are not read."""
_RECORD = re.compile(
    r"(?P<name>[^\s/]{1,120})(?P<segments>/\d+)?[ \t]+(?P<n>\d{1,3})(?:[ \t]+(?P<fs>[0-9.eE+]+)(?:/\S+)?(?:[ \t]+(?P<length>\d{1,12})"
    r"(?:[ \t]+(?P<time>\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,6})?)?)(?:[ \t]+(?P<date>\d{1,2}/\d{1,2}/\d{4}))?)?)?)?[ \t]*"
)
_SIGNAL = re.compile(
    r"(?P<file>\S{1,200})[ \t]+(?P<format>\d{1,3})(?:x(?P<spf>\d{1,4}))?(?::(?P<skew>\d+))?(?:\+(?P<at>\d{1,9}))?"
    r"(?:[ \t]+(?P<gain>-?[0-9.eE+\-]+)(?:\((?P<baseline>-?\d{1,12})\))?(?:/(?P<unit>\S{1,40}))?"
    r"(?:[ \t]+\d+(?:[ \t]+(?P<zero>-?\d{1,12})(?:[ \t]+-?\d+(?:[ \t]+-?\d+(?:[ \t]+\d+(?:[ \t]+(?P<label>.*))?)?)?)?)?)?)?[ \t]*"
)
USUAL_GAIN, USUAL_HZ = 200.0, 250.0
"""What a header means that names none: units of the converter per mV, samples per s; WFDB's header(5)."""
MOST_HZ, MOST_S = 100_000.0, 14 * 86400.0


@dataclass(frozen=True, slots=True)
class Sampled:
    """A signal: its file, the format and the bytes before its samples, samples per frame, and its digital zero and gain."""

    file: str
    format: str
    skip_bytes: int
    per_frame: int
    gain: float
    baseline: float
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class WfdbHeader:
    """A record: frames per second, frames (None: not said), local start (None: not said), signals."""

    name: str
    fs: float
    n_frames: int | None
    start: datetime | None
    signals: tuple[Sampled, ...]


def header_lines(text: str) -> list[str]:
    """Return the lines of a header that are no comments."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def looks_like_header(head: bytes) -> bool:
    """Tell whether a text begins as a WFDB header does."""
    if b"\0" in head or not head.isascii():
        return False
    lines = header_lines(head.decode("ascii"))
    record = _RECORD.fullmatch(lines[0]) if lines else None
    if record is None:
        return False
    if record["segments"]:
        return record["fs"] is not None
    if int(record["n"]) == 0:
        return record["length"] is not None
    return len(lines) > 1 and _SIGNAL.fullmatch(lines[1]) is not None


def parse_header(text: str, *, name: str) -> WfdbHeader:
    """Read a header; raises DamagedFile when it is none, is cut, or names files outside its folder."""
    lines = header_lines(text)
    record = _RECORD.fullmatch(lines[0]) if lines else None
    if record is None:
        raise DamagedFile(Text("{name} does not begin as a WFDB header does. Copy the record again.", {"name": name}))
    if record["segments"]:
        raise DamagedFile(Text("{name} is a WFDB record of several segments, which I cannot read. Give me one segment.", {"name": name}))
    n, fs = int(record["n"]), _number(record["fs"], USUAL_HZ)
    if not 0 < fs <= MOST_HZ or len(lines) < 1 + n:
        raise DamagedFile(Text("{name} is a damaged WFDB header: it is cut off, or its sampling rate is impossible.", {"name": name}))
    signals = tuple(_signal(line, name=name) for line in lines[1 : 1 + n])
    length = int(record["length"] or 0)
    if length / fs > MOST_S:
        raise DamagedFile(Text("{name} says that it lasts more than 14 days. Give me the part of single nights.", {"name": name}))
    return WfdbHeader(record["name"], fs, length or None, _start(record["time"], record["date"]), signals)


def _signal(line: str, *, name: str) -> Sampled:
    found = _SIGNAL.fullmatch(line)
    if found is None:
        raise DamagedFile(Text("{name} is a damaged WFDB header: “{line}” describes no signal.", {"name": name, "line": line[:60]}))
    if found["file"] != "~" and not (is_plain(found["file"]) and found["file"].lower().endswith(".dat")):
        said = {"name": name, "file": found["file"][:60]}
        raise DamagedFile(Text("{name} names “{file}” for its samples; only .dat files beside the header are read.", said))
    gain = _number(found["gain"], USUAL_GAIN) or USUAL_GAIN
    baseline = float(found["baseline"] or found["zero"] or 0)
    per_frame = max(int(found["spf"] or 1), 1)
    unit, label = found["unit"] or "mV", found["label"] or ""
    return Sampled(found["file"], found["format"], int(found["at"] or 0), per_frame, gain, baseline, unit, label.strip())


def _number(text: str | None, otherwise: float) -> float:
    try:
        value = float(text) if text else otherwise
    except ValueError:
        return otherwise
    return value if abs(value) < 1e12 else otherwise


def _start(time: str | None, date: str | None) -> datetime | None:
    """Return the local start; a time without a date tells no night."""
    if not time or not date:
        return None
    day, month, year = (int(part) for part in date.split("/"))
    hour, minute, *rest = time.split(":")
    second = float(rest[0]) if rest else 0.0
    try:
        return datetime(year, month, day, int(hour), int(minute), int(second), round(second % 1 * 1e6) % 1_000_000)
    except ValueError:
        return None
