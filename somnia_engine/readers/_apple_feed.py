"""Streams an Apple Health export through expat, whatever its prolog, its control bytes or its end look like."""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from somnia_engine.errors import DamagedFile
from somnia_engine.text import Text

CHUNK_BYTES = 1 << 16
_MOST_PROLOG = 1 << 24
_MOST_TOKEN = 1 << 22
"""A single element longer than this [bytes] is not a health record; it is skipped so that it cannot fill the memory."""
_MOST_BREAKS = 20_000
_MOST_RATIO = 250
"""An honest export packs about 30:1; a zip that unpacks beyond this is a bomb."""
_RATIO_FROM = 50_000_000
_ROOT = b"<HealthData"
_RECORD = re.compile(rb"<Record[ \n\r\t]")
_CONTROL = bytes(b if b > 31 or b in (9, 10, 13) else 32 for b in range(256))
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")

OnStart = Callable[[str, list[str]], None]


@dataclass(slots=True)
class FeedReport:
    """What could not be read: broken records, and whether the file breaks off before its end."""

    broken: int = 0
    breaks_off: bool = False


def feed(path: Path, on_start: OnStart, *, chunk_bytes: int = CHUNK_BYTES) -> FeedReport:
    """Call `on_start(name, [key, value, …])` for each element after the prolog; elements after a broken place are still read.

    Raises
    ------
    DamagedFile
        There is no health data in the file, or it unpacks to something that no export is.
    """
    feeder = _Feeder(on_start, path.name)
    carry, tail = b"", b""
    for chunk in _from_root(path, chunk_bytes):
        data = carry + chunk.translate(_CONTROL)
        cut = data.rfind(b">") + 1
        feeder.parse(data[:cut])
        carry = data[cut:]
        tail = data[max(0, cut - 64) : cut] if cut else tail
        if len(carry) > _MOST_TOKEN:
            feeder.skip(carry)
            carry = b""
    report = feeder.report
    report.breaks_off = not tail.rstrip().endswith(b"</HealthData>")
    report.broken += bool(_RECORD.search(carry))
    return report


class _Feeder:
    """An expat parser that begins anew at the next record after a broken place."""

    def __init__(self, on_start: OnStart, name: str) -> None:
        self.on_start, self.name = on_start, name
        self.report = FeedReport()
        self.breaks = 0
        self.seeking = False
        self.parser, self.before = self._fresh(b"")

    def _fresh(self, root: bytes) -> tuple[expat.XMLParserType, int]:
        parser = expat.ParserCreate("utf-8")
        parser.ordered_attributes = True
        parser.buffer_text = True
        if root:
            parser.Parse(root, False)
        parser.StartElementHandler = self.on_start
        return parser, len(root)

    def parse(self, data: bytes) -> None:
        """Parse a piece that ends with a whole tag."""
        data, start = _clean(data), 0
        while True:
            if self.seeking:
                found = _RECORD.search(data, start)
                if found is None:
                    return
                self.seeking, start = False, found.start()
            try:
                self.parser.Parse(data[start:], False)
            except expat.ExpatError:
                start = self._recover(data, start)
            else:
                self.before += len(data) - start
                return

    def _recover(self, data: bytes, start: int) -> int:
        """Count what broke, open a new parser and return from where to look for the next record."""
        at = max(start, start + self.parser.ErrorByteIndex - self.before)
        opened = data.rfind(b"<Record ", 0, at)
        within = opened >= 0 and b">" not in data[opened:at]
        # Expat points at the beginning of a record with an unknown entity: it is tried once more, and then it is the broken one.
        self.report.broken += within or (at == start and _RECORD.match(data, at) is not None)
        self.breaks += 1
        if self.breaks > _MOST_BREAKS:
            raise DamagedFile(Text("{name} is broken in too many places. Export it from the phone again.", {"name": self.name}))
        self.parser, self.before = self._fresh(b"<HealthData>")
        self.seeking = True
        return at if at > start else start + 1

    def skip(self, data: bytes) -> None:
        """Leave out an element that is too long."""
        self.report.broken += 1
        self.parser, self.before = self._fresh(b"<HealthData>")
        self.seeking = True


def _clean(data: bytes) -> bytes:
    """Return valid UTF-8: a broken character must not cost the record that holds it."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _from_root(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the file from `<HealthData` on: the prolog is never parsed, so a broken DTD and entities do no harm."""
    before = b""
    chunks = _chunks(path, chunk_bytes)
    for chunk in chunks:
        before += chunk
        at = before.find(_ROOT)
        if at >= 0:
            yield before[at:]
            yield from chunks
            return
        if len(before) > _MOST_PROLOG:
            break
    raise DamagedFile(Text("{name} holds no Apple Health data. Export it from the phone again.", {"name": path.name}))


def _chunks(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            file.seek(0)
            while chunk := file.read(chunk_bytes):
                yield chunk
            return
    yield from _unzipped(path, chunk_bytes)


def export_member(path: Path) -> zipfile.ZipInfo | None:
    """Return the health data inside a zip; its name is translated on phones in other languages. None when there is none."""
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.filename.lower().endswith(".xml") and not m.filename.lower().endswith("_cda.xml")]
    for member in members:
        if member.filename.lower().rsplit("/", 1)[-1] == "export.xml":
            return member
    inside = [m for m in members if m.filename.startswith("apple_health_export/") and m.filename.count("/") == 1]
    return max(inside, key=lambda m: m.file_size, default=None)


def _unzipped(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the export inside a zip without writing it to disk; a cut zip gives what was packed before the cut."""
    said = {"name": path.name}
    try:
        member = export_member(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield from _cut_zip(path, chunk_bytes)
        return
    if member is None:
        raise DamagedFile(Text("{name} is a zip file without export.xml. Export it from the phone again.", said))
    if member.flag_bits & 1:
        raise DamagedFile(Text("{name} is locked with a password. Unpack it and give me export.xml.", said))
    packed = max(1, path.stat().st_size)
    count = 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            while chunk := file.read(chunk_bytes):
                count += len(chunk)
                _guard(count, packed, path)
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        return
    except (NotImplementedError, RuntimeError) as error:
        raise DamagedFile(Text("{name} is packed in a way that I cannot read. Unpack it and give me export.xml.", said)) from error


def _guard(count: int, packed: int, path: Path) -> None:
    if count > _RATIO_FROM and count > _MOST_RATIO * packed:
        raise DamagedFile(Text("{name} unpacks to far more than an export can hold. It is refused.", {"name": path.name}))


def _cut_zip(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the first packed export.xml of a zip that has lost its end."""
    packed = max(1, path.stat().st_size)
    with path.open("rb") as file:
        method = _seek_member(file)
        if method is None:
            raise DamagedFile(Text("{name} is a damaged zip file. Copy it again.", {"name": path.name}))
        inflate = zlib.decompressobj(-15)
        count = 0
        while raw := file.read(chunk_bytes):
            try:
                pieces = [raw] if method == 0 else _inflated(inflate, raw)
                for piece in pieces:
                    count += len(piece)
                    _guard(count, packed, path)
                    yield piece
            except zlib.error:
                return
            if inflate.eof:
                return


def _inflated(inflate: "zlib._Decompress", raw: bytes) -> Iterator[bytes]:
    while raw and not inflate.eof:
        yield inflate.decompress(raw, 1 << 20)
        raw = inflate.unconsumed_tail


def _seek_member(file: IO[bytes]) -> int | None:
    """Stand at the packed bytes of the first export.xml; return how it is packed."""
    head = file.read(CHUNK_BYTES)
    at = head.find(b"PK\x03\x04")
    while 0 <= at <= len(head) - _LOCAL_HEADER.size:
        fields = _LOCAL_HEADER.unpack_from(head, at)
        flags, method, packed, name_length, extra_length = fields[2], fields[3], fields[7], fields[9], fields[10]
        begin = at + _LOCAL_HEADER.size
        if head[begin : begin + name_length].lower().rsplit(b"/", 1)[-1] == b"export.xml" and method in (0, 8) and not flags & 1:
            file.seek(begin + name_length + extra_length)
            return int(method)
        at = head.find(b"PK\x03\x04", begin + name_length + extra_length + packed)
    return None
