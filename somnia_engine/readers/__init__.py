"""File formats: every module here that declares a READER can be uploaded; a file is known by its content, not by its suffix."""

from functools import cache
from pathlib import Path

from somnia_engine.errors import DamagedFile, ReadError, UnknownFormat
from somnia_engine.plugins import discover
from somnia_engine.readers._clock import ZONE_SAID, night_key
from somnia_engine.text import Said, Text
from somnia_engine.types.recording import Reader, ReadOptions, Recording, Survey

__all__ = ["HEAD_BYTES", "ZONE_SAID", "accept", "night_key", "read_recording", "readers", "recognise", "survey"]

_NOTHING_SAID = ReadOptions()
HEAD_BYTES = 65536
"""What a reader sees of a file to recognize it [bytes]."""


@cache
def readers() -> tuple[Reader, ...]:
    """Return every file format that can be read."""
    return discover(__name__, "READER", kind=Reader)


@cache
def accept() -> tuple[str, ...]:
    """Return the suffixes for a file picker, each once."""
    return tuple(dict.fromkeys(suffix for reader in readers() for suffix in reader.suffixes))


def recognise(path: Path) -> Reader:
    """Return the reader of a file, found from its first 64 KiB.

    Raises
    ------
    UnknownFormat
        No reader knows the content; the text lists what can be read.
    DamagedFile
        The file is empty.
    ReadError
        The file cannot be opened.
    """
    head = _head(path)
    if not head.strip(b"\0"):
        raise DamagedFile(Text("{name} is empty. Export or copy the file again.", {"name": path.name}))
    for reader in readers():
        if reader.recognises(path, head):
            return reader
    said: Said = {
        "name": path.name,
        "kind": _kind(head),
        "formats": ", ".join(str(r.name) for r in readers()),
    }
    raise UnknownFormat(Text("{name} looks like {kind}. I can read: {formats}. Export the night in one of these formats.", said))


def survey(path: Path, options: ReadOptions = _NOTHING_SAID) -> Survey:
    """Return what a file holds, before anything is kept; errors as in `recognise` and `read_recording`."""
    return recognise(path).survey(path, options)


def read_recording(path: Path, options: ReadOptions = _NOTHING_SAID) -> Recording:
    """Read one night of a file.

    Raises
    ------
    ReadError
        The file cannot be read; the text says why and what to do.
    NightChoiceNeeded
        The file holds several nights and `options.night` names none of them.
    """
    return recognise(path).read(path, options)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        said = {"name": path.name, "reason": error.strerror or type(error).__name__}
        raise ReadError(Text("{name} cannot be opened: {reason}", said)) from error


_MAGIC: tuple[tuple[int, bytes, Text], ...] = (
    (0, b"PK\x03\x04", Text("a zip file without a known export in it")),
    (0, b"%PDF", Text("a PDF document")),
    (0, b"\x89PNG", Text("a picture")),
    (0, b"\xff\xd8\xff", Text("a picture")),
    (0, b"GIF8", Text("a picture")),
    (0, b"SQLite format 3", Text("a database")),
    (0, b"0       ", Text("an EDF recording")),
    (0, b"<?xml", Text("an XML file of another kind")),
    (0, b"{", Text("a JSON file")),
    (0, b"[", Text("a JSON file")),
)


def _kind(head: bytes) -> Text:
    """Say in words what an unknown file seems to be."""
    for at, magic, words in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return words
    try:
        line = head.splitlines()[0].decode("utf-8-sig").strip()
    except (UnicodeDecodeError, IndexError):
        return Text("a file of an unknown kind")
    return (
        Text("a text that begins with “{line}”", {"line": line[:80]}) if line.isprintable() and line else Text("a file of an unknown kind")
    )
