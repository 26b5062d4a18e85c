"""The files of one WFDB record: those beside its header, or those in one zip, and never any other."""

import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from somnia_engine.errors import DamagedFile
from somnia_engine.text import Said, Text

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,120}")
MOST_BYTES = 1 << 30
"""A file of a record that unpacks to more [bytes] is refused: 24 h of 12 leads at 500 Hz have about that much."""
_MOST_RATIO, _RATIO_FROM = 200, 50_000_000
"""Signals pack about 3:1; far more is a bomb."""
_MOST_HEADER = 1 << 18
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Files:
    """What lies beside a header: `sizes` by plain name; `read(name, first, count)` returns up to `count` bytes from `first`."""

    header: str
    sizes: dict[str, int]
    read: Callable[[str, int, int], bytes]

    def header_text(self) -> str:
        """Return the header as text; what is not ASCII is shown as it is in Latin-1."""
        return self.read(self.header, 0, _MOST_HEADER).decode("latin-1")


def is_plain(name: str) -> bool:
    """Tell whether a name is that of a file in the same folder, on every system: no separators, no dots alone, no drive."""
    return _PLAIN.fullmatch(name) is not None and ".." not in name


def headers_in(path: Path) -> list[str]:
    """Return the members of a zip that are WFDB headers; none of a file that is no zip or a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [m.filename for m in archive.infolist() if not m.is_dir()]
    except _BROKEN:
        return []
    plain = [n for n in names if n.lower().endswith(".hea") and is_plain(n.rsplit("/", 1)[-1]) and not n.startswith("__MACOSX")]
    return sorted(plain)


def files_of(path: Path) -> Files:
    """Return the files of a record, given its header or a zip; raises DamagedFile."""
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
    return _zipped(path) if packed else _beside(path)


def _beside(path: Path) -> Files:
    """Return the files beside a header whose names begin as its own does or end in .dat; links are not followed."""
    stem = path.name.rsplit(".", 1)[0]

    def read(name: str, first: int, count: int) -> bytes:
        place = path if name == path.name else path.parent / name
        if name != path.name and (not is_plain(name) or place.is_symlink()):
            return b""
        with place.open("rb") as file:
            file.seek(first)
            return file.read(count)

    sizes = {path.name: path.stat().st_size}
    try:
        for other in path.parent.iterdir():
            mine = other.name.startswith(stem + ".") or other.suffix.lower() == ".dat"
            if mine and is_plain(other.name) and not other.is_symlink() and other.is_file():
                sizes[other.name] = other.stat().st_size
    except OSError:
        pass  # a locked room shows the header alone
    return Files(path.name, sizes, read)


def _zipped(path: Path) -> Files:
    found = headers_in(path)
    said: Said = {"name": path.name, "n": len(found)}
    if len(found) != 1:
        raise DamagedFile(Text("{name} holds {n} WFDB headers (.hea). Put the files of one record into one zip.", said))
    folder = found[0].rpartition("/")[0]
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.rpartition("/")[2]: m for m in archive.infolist() if m.filename.rpartition("/")[0] == folder}
    except _BROKEN as error:
        raise DamagedFile(Text("{name} is a damaged zip file. Copy it again.", {"name": path.name})) from error
    members = {name: m for name, m in members.items() if is_plain(name)}
    for member in members.values():
        bomb = member.file_size > _RATIO_FROM and member.file_size > _MOST_RATIO * max(member.compress_size, 1)
        if bomb or member.file_size > MOST_BYTES:
            raise DamagedFile(Text("{name} unpacks to far more than an export can hold. It is refused.", {"name": path.name}))

    def read(name: str, first: int, count: int) -> bytes:
        if name not in members:
            return b""
        try:
            with zipfile.ZipFile(path) as archive, archive.open(members[name]) as file:
                file.seek(first)
                return file.read(count)
        except _BROKEN as error:
            raise DamagedFile(Text("{name} is a damaged zip file. Copy it again.", {"name": path.name})) from error

    return Files(found[0].rpartition("/")[2], {name: m.file_size for name, m in members.items()}, read)
