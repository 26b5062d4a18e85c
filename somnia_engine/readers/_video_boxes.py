"""Whether a container holds moving pictures, told from its boxes alone."""

import re
from pathlib import Path
from typing import BinaryIO

_MATROSKA_VIDEO = re.compile(rb"\x86[\x81-\xbf]V_[A-Z]")
"""The codec of a track (element 0x86) whose name begins with V_."""
_INTO = (b"moov", b"trak", b"mdia")
_MOST_BOXES = 2000


def holds_video(path: Path, head: bytes) -> bool:
    """Tell whether an MP4, MOV, Matroska or WebM file has a track of pictures; `head` is its first 64 KiB."""
    if head[:4] == b"\x1aE\xdf\xa3":
        return _MATROSKA_VIDEO.search(head) is not None
    if head[4:8] not in (b"ftyp", b"moov", b"wide", b"mdat"):
        return False
    try:
        with path.open("rb") as file:
            return _has_pictures(file, path.stat().st_size)
    except OSError:
        return False


def _has_pictures(file: BinaryIO, size: int) -> bool:
    at, ends = 0, [size]
    for _ in range(_MOST_BOXES):
        while len(ends) > 1 and at >= ends[-1]:
            ends.pop()
        if at + 8 > ends[-1]:
            return False
        file.seek(at)
        head = file.read(24)
        length, kind, skip = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        length = length or ends[-1] - at
        if length < skip:
            return False
        if kind == b"hdlr" and head[16:20] == b"vide":
            return True
        if kind in _INTO:
            ends.append(min(at + length, ends[-1]))
            at += skip
        else:
            at += length
    return False
