"""The header of an EDF file: what it claims, and what the file's length allows."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from somnia_engine.errors import DamagedFile
from somnia_engine.text import Said, Text
from somnia_engine.types.recording import Dropped

FIXED, EACH = 256, 256
"""Bytes of the fixed part, and of each signal's part. Kemp & Olivan 2003, doi 10.1016/S1388-2457(03)00123-8."""
MOST_SIGNALS = 4096
ANNOTATIONS = "EDF Annotations"
_MONTHS = {name: n for n, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_WIDTHS = (("label", 16), ("", 80), ("unit", 8), ("low", 8), ("high", 8), ("digital_low", 8), ("digital_high", 8), ("", 80), ("n", 8))


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of the file: `first` and `n` are its place in a record, in samples; value = digital * gain + offset."""

    label: str
    unit: str
    first: int
    n: int
    gain: float
    offset: float

    @property
    def is_text(self) -> bool:
        """Whether it holds annotations."""
        return self.label == ANNOTATIONS


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What is needed to read the file; `n_records` are whole records that are there, whatever the header claims.

    `start` is aware when the file names its offset, else naive; None when it cannot be read. `rest_bytes` follow the last whole record.
    """

    path: Path
    start: datetime | None
    scorer: str
    data_at: int
    n_records: int
    record_s: float
    record_samples: int
    channels: tuple[Channel, ...]
    interrupted: bool
    rest_bytes: int
    dropped: tuple[Dropped, ...]
    notes: tuple[Text, ...]


def looks_like_edf(head: bytes) -> bool:
    """Tell whether the first bytes are those of an EDF file."""
    count = _number(head[252:256])
    return head[:8] == b"0       " and len(head) > FIXED and count is not None and 0 < count <= MOST_SIGNALS


def read_header(path: Path) -> EdfHeader:
    """Read the header; raises DamagedFile when it allows no reading."""
    size = path.stat().st_size
    with path.open("rb") as file:
        fixed = file.read(FIXED)
        n = _number(fixed[252:256])
        if not looks_like_edf(fixed + b" ") or n is None:
            raise DamagedFile(Text("{name} has a damaged EDF header. Export or copy the file again.", {"name": path.name}))
        rows = file.read(int(n) * EACH)
    if len(rows) < int(n) * EACH:
        said: Said = {"name": path.name, "n": int(n)}
        raise DamagedFile(Text("{name} ends within its header of {n} channels. Copy the file again.", said))
    channels, notes = _channels(rows, int(n))
    record_samples = sum(channel.n for channel in channels)
    data_at = FIXED + int(n) * EACH
    n_records, rest, dropped = _records(fixed, size - data_at, 2 * record_samples)
    record_s = _number(fixed[244:252])
    start, scorer = _start(fixed), _technician(fixed)
    if not channels:
        raise DamagedFile(Text("{name} holds no samples. Export or copy the file again.", {"name": path.name}))
    interrupted = fixed[192:197] == b"EDF+D"
    length_s = record_s if record_s is not None and 0 <= record_s < 1e6 else 0.0
    return EdfHeader(path, start, scorer, data_at, n_records, length_s, record_samples, channels, interrupted, rest, dropped, tuple(notes))


def _number(field: bytes) -> float | None:
    """Return a number of the header; a decimal comma and padding of other kinds are borne."""
    text = field.decode("latin-1").strip(" \0\t").replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,8}(\.\d*)?|[+-]?\d?\.\d+|[+-]?\d+(\.\d*)?[eE][+-]?\d{1,2}", text):
        return None
    return float(text)


def _channels(rows: bytes, n: int) -> tuple[tuple[Channel, ...], list[Text]]:
    fields: dict[str, list[bytes]] = {}
    at = 0
    for name, width in _WIDTHS:
        if name:
            fields[name] = [rows[at + i * width : at + (i + 1) * width] for i in range(n)]
        at += n * width
    channels, notes, first = [], [], 0
    for i in range(n):
        label, unit = (fields[name][i].decode("latin-1").strip(" \0") for name in ("label", "unit"))
        samples = _number(fields["n"][i])
        if samples is None or not 0 <= samples <= 1e7:
            notes.append(Text("The channel “{label}” is damaged; what follows it cannot be read.", {"label": label[:24]}))
            break
        gain, offset = _scale(*(_number(fields[name][i]) for name in ("low", "high", "digital_low", "digital_high")))
        if samples > 0:
            channels.append(Channel(label, unit, first, int(samples), gain, offset))
        first += int(samples)
    return tuple(channels), notes


def _scale(low: float | None, high: float | None, digital_low: float | None, digital_high: float | None) -> tuple[float, float]:
    """Return gain and offset; NaN where the header does not give them."""
    if low is None or high is None or digital_low is None or digital_high is None or digital_high == digital_low or high == low:
        return float("nan"), float("nan")
    gain = (high - low) / (digital_high - digital_low)
    return gain, low - gain * digital_low


def _records(fixed: bytes, there: int, record_bytes: int) -> tuple[int, int, tuple[Dropped, ...]]:
    """Return the whole records, the bytes after them, and what the header claims beyond."""
    if record_bytes <= 0:
        return 0, 0, ()
    whole, rest = divmod(max(there, 0), record_bytes)
    claimed = _number(fixed[236:244])
    if claimed is not None and 0 <= claimed < whole:
        return int(claimed), 0, (Dropped(Text("a data record beyond those that the header counts"), whole - int(claimed)),)
    missing = int(claimed) - whole if claimed is not None and claimed > whole else int(rest > 0)
    return whole, rest, (Dropped(Text("a data record that the header counts, but the file lacks"), missing),) if missing else ()


def _start(fixed: bytes) -> datetime | None:
    """Return the start: date and time of the header, the year in full from the EDF+ field."""
    day = re.match(r"\s*(\d{1,2})\D(\d{1,2})\D(\d{2}|yy)", fixed[168:176].decode("latin-1"))
    clock = re.match(r"\s*(\d{1,2})\D(\d{1,2})\D(\d{1,2})", fixed[176:184].decode("latin-1"))
    recording = fixed[88:168].decode("latin-1")
    plus = re.search(r"Startdate (\d{2})-([A-Z]{3})-(\d{4})", recording)
    zone = re.search(r"TZ=([+-])(\d{2}):?(\d{2})", recording)
    if clock is None or (day is None and plus is None):
        return None
    hour, minute, second = (int(part) for part in clock.groups())
    try:
        if plus is not None and plus[2] in _MONTHS:
            start = datetime(int(plus[3]), _MONTHS[plus[2]], int(plus[1]), hour, minute, second)
        elif day is not None and day[3] != "yy":
            year = int(day[3])
            start = datetime(year + (1900 if year >= 85 else 2000), int(day[2]), int(day[1]), hour, minute, second)
        else:
            return None
    except ValueError:
        return None
    if zone is None:
        return start
    ahead = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (1 if zone[1] == "+" else -1)
    return start.replace(tzinfo=timezone(ahead) if ahead else UTC) if abs(ahead) < timedelta(hours=24) else start


def _technician(fixed: bytes) -> str:
    """Return the technician's code of an EDF+ file; empty where it is unknown."""
    parts = fixed[88:168].decode("latin-1").split()
    code = parts[3] if len(parts) > 3 and parts[0] == "Startdate" else "X"
    return "" if code.upper() == "X" or not code.isprintable() else code[:40]
