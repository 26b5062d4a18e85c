"""Opens an exported zip that anybody may have made: believed only after every size, name and digest has been checked, in bounded memory."""

import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from somnia_engine.text import Said, Text
from somnia_server.store.export import FORMAT, MANIFEST, PIECE, VERSION
from somnia_server.store.house import house
from somnia_server.store.refusals import RefusalError

MIB = 1 << 20
MOST_DIRECTORY_BYTES = 16 * MIB
MOST_MEMBERS = 100_000
MOST_MEMBER_BYTES = 64 * MIB
"""A member that is no raw file; a night's largest table has 3 MB."""
MOST_JSON_BYTES = 16 * MIB
MOST_RATIO, MOST_RATIO_OF_ALL = 200, 30
SMALL = 4 * MIB
"""Up to here a ratio is not looked at."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,2}")
END, END_BYTES = b"PK\x05\x06", 22
LOCATOR, LOCATOR_BYTES, END64_BYTES = b"PK\x06\x07", 20, 56
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What the zip library raises on a file that is none."""


class ArchiveError(RefusalError):
    """An archive that is not taken in; `text` says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose members are all what its manifest says; `owner` is whose it was."""

    zip: zipfile.ZipFile
    owner: str
    sizes: dict[str, int]
    digests: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def read(self, name: str) -> bytes:
        """Return a member that is no raw file."""
        if self.sizes.get(name, MOST_MEMBER_BYTES + 1) > MOST_MEMBER_BYTES:
            raise ArchiveError(wrong(name))
        return b"".join(self.pieces(name))

    def json(self, name: str) -> Any:
        """Return what a JSON member says; None when there is none of that name."""
        if self.sizes.get(name, 0) > MOST_JSON_BYTES:
            raise ArchiveError(wrong(name))
        return None if name not in self else _json(b"".join(self.pieces(name)), name)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member's content."""
        try:
            with self.zip.open(name) as file:
                while piece := file.read(PIECE):
                    yield piece
        except (*BROKEN, KeyError, zlib.error):
            raise ArchiveError(wrong(name)) from None


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive that has passed every check.

    Raises
    ------
    ArchiveError
        It is no export of SOMNIA, of a later version, damaged, or made to do harm.
    """
    _check_directory(path)
    try:
        file = zipfile.ZipFile(path)
    except BROKEN:
        raise ArchiveError(NO_ZIP) from None
    with file:
        _check_members(file, path.stat().st_size)
        archive = Archive(file, "", {info.filename: info.file_size for info in file.infolist()}, {})
        owner, listed = _manifest(archive)
        for name, (size, digest) in listed.items():
            _check_content(archive, name, size=size, digest=digest)
        yield Archive(file, owner, archive.sizes, {name: digest for name, (_, digest) in listed.items()})


NO_ZIP = Text("This file is not an archive that SOMNIA exported, or it is cut off. Export it again and bring it unchanged.")
TOO_MUCH = Text("This archive claims more content than can be right. Export it again and bring it unchanged.")


def _check_directory(path: Path) -> None:
    """Refuse a directory too large to be read, before the zip library reads it as a whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_BYTES - LOCATOR_BYTES - END64_BYTES))
        tail = file.read()
    end = tail[-END_BYTES:]
    if len(end) < END_BYTES or not end.startswith(END):  # our exports have no comment behind the end
        raise ArchiveError(NO_ZIP)
    size = int.from_bytes(end[12:16], "little")
    before = tail[:-END_BYTES]
    if before[-LOCATOR_BYTES:].startswith(LOCATOR):
        size = max(size % 0xFFFFFFFF, int.from_bytes(before[-LOCATOR_BYTES - END64_BYTES :][40:48], "little"))
    if size > MOST_DIRECTORY_BYTES:
        raise ArchiveError(TOO_MUCH)


def _check_members(file: zipfile.ZipFile, archive_bytes: int) -> None:
    members = file.infolist()
    if len(members) > MOST_MEMBERS or sum(info.file_size for info in members) > MOST_RATIO_OF_ALL * archive_bytes + SMALL:
        raise ArchiveError(TOO_MUCH)
    if len({info.filename for info in members}) < len(members):
        raise ArchiveError(NO_ZIP)
    for info in members:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not NAME.fullmatch(info.filename) or kind not in (0, stat.S_IFREG) or info.flag_bits & 1 or info.compress_type not in METHODS:
            raise ArchiveError(wrong(info.filename))
        most = house().settings.max_upload_bytes if info.filename.startswith("uploads/") else MOST_MEMBER_BYTES
        if info.file_size > most or info.file_size > MOST_RATIO * info.compress_size + SMALL:
            raise ArchiveError(TOO_MUCH)


def _manifest(archive: Archive) -> tuple[str, dict[str, tuple[int, str]]]:
    """Return whose the archive was, and the size and digest of each member."""
    said = archive.json(MANIFEST)
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ArchiveError(NO_ZIP)
    if said.get("version") != VERSION:
        version: Said = {"version": str(said.get("version"))[:20], "known": VERSION}
        raise ArchiveError(Text("This archive has version {version}; this server reads version {known}. Update it first.", version))
    try:
        listed = {str(m["name"]): (int(m["size"]), str(m["sha256"])) for m in said["members"]}
        owner = str(said["owner"])
    except (KeyError, TypeError, ValueError):
        raise ArchiveError(wrong(MANIFEST)) from None
    if listed.keys() != archive.sizes.keys() - {MANIFEST}:
        raise ArchiveError(wrong(MANIFEST))
    return owner, listed


def _check_content(archive: Archive, name: str, *, size: int, digest: str) -> None:
    found, seen = sha256(), 0
    for piece in archive.pieces(name):
        found.update(piece)
        seen += len(piece)
    if (seen, found.hexdigest()) != (size, digest):
        raise ArchiveError(wrong(name))


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ArchiveError(wrong(name)) from None


def wrong(name: str) -> Text:
    """Return what is said of a member that is not as it was."""
    return Text("“{name}” in this archive is not as it was exported. Export it again and bring it unchanged.", {"name": name[:80]})
