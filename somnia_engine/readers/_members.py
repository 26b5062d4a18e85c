"""The files of an export: the one given, or those inside its zip, as guarded streams that are never written to disk."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from somnia_engine.errors import DamagedFile
from somnia_engine.text import Text

_ZIP = b"PK\x03\x04"
_MOST_RATIO, _RATIO_FROM = 200, 50_000_000
"""Exports pack 10 to 40 times; far more is a bomb."""
_MOST_MEMBERS = 200_000
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, OverflowError)


class Member(NamedTuple):
    """One file of an export: its name with folders, its size, its bytes."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def is_zip(head: bytes) -> bool:
    """Tell whether a file begins as a zip does."""
    return head[:4] == _ZIP


def names_in(path: Path) -> list[str]:
    """Return the names inside a zip; none of a file that is no zip or a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [m.filename for m in archive.infolist() if not m.is_dir()]
    except BROKEN_ZIP:
        return []


def members(path: Path) -> Iterator[Member]:
    """Yield the file itself, or each file of a zip; raises DamagedFile for a bomb or a zip without its end."""
    with path.open("rb") as file:
        packed = is_zip(file.read(4))
    if not packed:
        yield Member(path.name, path.stat().st_size, lambda: path.open("rb"))
        return
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN_ZIP as error:
        raise DamagedFile(Text("{name} is a damaged zip file. Copy it again.", {"name": path.name})) from error
    with archive:
        inside = [m for m in archive.infolist() if not m.is_dir() and not m.flag_bits & 1 and not m.filename.startswith("__MACOSX")]
        _guard(path, inside)
        for info in inside:
            yield Member(info.filename, info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def _guard(path: Path, inside: list[zipfile.ZipInfo]) -> None:
    size = max(path.stat().st_size, 1)
    total = sum(m.file_size for m in inside)
    if len(inside) > _MOST_MEMBERS or (total > _RATIO_FROM and total > _MOST_RATIO * size):
        raise DamagedFile(Text("{name} unpacks to far more than an export can hold. It is refused.", {"name": path.name}))


def head_of(member: Member, n: int = 65536) -> bytes:
    """Return the first bytes of a member; none when it cannot be unpacked."""
    try:
        with member.open() as file:
            return file.read(n)
    except BROKEN_ZIP:
        return b""


def text_of(stream: IO[bytes], head: bytes = b"") -> io.TextIOWrapper:
    """Return a stream as text, whatever stands in it."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline=None)
