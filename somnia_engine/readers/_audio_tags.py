"""What stands beside the samples of a sound file: when it began, and whether its end is missing."""

import re
from datetime import datetime
from pathlib import Path

_HEAD = 1 << 20
_MOST_CHUNKS = 10_000
_MPEG_RATES = (44100, 48000, 32000)
_MPEG_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def is_mp3(head: bytes) -> bool:
    """Tell whether the bytes begin with an ID3 tag, or with two MPEG layer III frames in a row."""
    if head[:3] == b"ID3" and len(head) > 10 and head[3] in (2, 3, 4):
        return True
    length = _mpeg_frame(head, 0)
    return length > 0 and _mpeg_frame(head, length) > 0


def _mpeg_frame(head: bytes, at: int) -> int:
    """Return the length of the layer III frame that begins at a place, 0 when none does."""
    if at + 4 > len(head) or head[at] != 0xFF or head[at + 1] & 0xE6 != 0xE2:
        return 0
    version = (head[at + 1] >> 3) & 3
    rate, kbps = (head[at + 2] >> 2) & 3, head[at + 2] >> 4
    if version == 1 or rate == 3 or kbps in (0, 15):
        return 0
    newest = version == 3
    fs = _MPEG_RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    return (144000 if newest else 72000) * _MPEG_KBPS[1 if newest else 2][kbps] // fs + ((head[at + 2] >> 1) & 1)


def written_start(path: Path, tag: str) -> datetime | None:
    """Return the start that a file's tags tell as a full date and time, naive when they give no offset."""
    at = _full_datetime(tag)
    if at is not None:
        return at
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:3] == b"ID3":
        return _id3_start(head)
    return _bext_start(path) if head[8:12] == b"WAVE" else None


def _full_datetime(text: str) -> datetime | None:
    """Return a date with a time of day; a year or a date alone is not a start."""
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text.strip()):
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _id3_start(head: bytes) -> datetime | None:
    at = head.find(b"TDRC")
    if at < 0 or at + 11 > len(head):
        return None
    size = int.from_bytes(head[at + 4 : at + 8], "big")
    encoding = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}.get(head[at + 10], "latin-1")
    return _full_datetime(head[at + 11 : at + 10 + min(size, 100)].decode(encoding, errors="replace").strip("\0"))


def _chunks(path: Path) -> list[tuple[bytes, int, int]]:
    """Return the chunks of a wav file as name, place of the content, claimed length."""
    found: list[tuple[bytes, int, int]] = []
    with path.open("rb") as file:
        big = file.read(12)[:4] == b"RIFX"
        while len(header := file.read(8)) == 8 and len(found) < _MOST_CHUNKS:
            size = int.from_bytes(header[4:], "big" if big else "little")
            found.append((header[:4], file.tell(), size))
            file.seek(size + size % 2, 1)
    return found


def _bext_start(path: Path) -> datetime | None:
    """Return the origination date and time of a broadcast wav file."""
    place = next((at for name, at, size in _chunks(path) if name == b"bext" and size >= 338), None)
    if place is None:
        return None
    with path.open("rb") as file:
        file.seek(place + 320)
        raw = file.read(18).decode("ascii", errors="replace")
    day, clock = re.sub(r"[^\d]", "-", raw[:10]), re.sub(r"[^\d]", ":", raw[10:18])
    return _full_datetime(f"{day}T{clock}")


def missing_bytes(path: Path) -> int:
    """Return how many bytes of samples a wav file claims but does not have; 0 for other formats and for endless streams."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0
    size = path.stat().st_size
    data = next(((at, length) for name, at, length in _chunks(path) if name == b"data"), None)
    if data is None or data[1] >= 0xFFFFFF00:
        return 0
    return max(0, data[0] + data[1] - size)
