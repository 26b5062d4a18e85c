"""The commands of the packet: `key`, `pack FILE… --key K --out PKT`, `open PKT --key K`."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from somnia_engine.errors import PacketError, ReadError
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.seal import MOST_BYTES, PacketKey, looks_like, seal, unseal
from somnia_engine.readers import read_recording
from somnia_engine.readers.packet import recording_of
from somnia_engine.text import Text
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.packet import FeaturePacket
from somnia_engine.types.recording import ReadOptions, Recording

NEEDS_KEY = Text("{name} is a sealed packet. Give the key of its device with --key.")


def add_commands(commands: Any, analysed: Callable[[argparse.Namespace], NightAnalysis], *, night_options: Callable[..., None]) -> None:
    """Give a parser the commands of the packet; `analysed` analyses the files of a command, `night_options` adds what it asks for."""
    made = commands.add_parser("key", help="make a packet key", description="Make a key for packets, for use without a server.")
    made.add_argument("--out", type=Path, required=True, metavar="KEY", help="where the key goes; nobody else may read the file")
    made.set_defaults(run=lambda arguments: write_key(PacketKey.new(), arguments.out))
    pack = commands.add_parser("pack", help="make a feature packet", description="Analyze the files of one night and seal its features.")
    night_options(pack)
    pack.add_argument("--key", type=Path, required=True, metavar="KEY", help="the device's key")
    pack.add_argument("--out", type=Path, required=True, metavar="PKT", help="where the packet goes")
    pack.add_argument("--bytes", type=int, default=2048, metavar="N", help="most bytes of the packet (2048)")
    pack.add_argument("--effort", type=int, default=300, metavar="N", help="trials of keeping the stages as they are (300)")
    pack.add_argument("--device", default="", metavar="NAME", help="what recorded the night, at most 48 letters")
    pack.set_defaults(run=lambda arguments: _pack(arguments, analysed(arguments)))
    opened = commands.add_parser("open", help="show what a packet holds", description="Open a feature packet and write what it holds.")
    opened.add_argument("packet", type=Path, metavar="PKT")
    opened.add_argument("--key", type=Path, required=True, metavar="KEY", help="the device's key")
    opened.add_argument("--out", default="-", metavar="packet.json", help="where the document goes; - is standard output")
    opened.set_defaults(run=_open)


def read_key(path: Path) -> PacketKey:
    """Return the key in a file."""
    return PacketKey.parse(_content(path).decode("ascii", "replace"))


def write_key(key: PacketKey, path: Path) -> None:
    """Write a key so that only its owner can read it; a file that is there already is left alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key.written() + "\n")
    except OSError as error:
        raise _unwritten(path, error) from error


def read_file(path: Path, options: ReadOptions, *, key: Path | None) -> Recording:
    """Read a recording; a sealed packet is opened with the key."""
    content = _content(path, 4)
    if not looks_like(content):
        return read_recording(path, options)
    if key is None:
        raise PacketError(Text(NEEDS_KEY.msgid, {"name": path.name}))
    return recording_of(_opened(path, key), path.name, options=options)


def _opened(path: Path, key: Path) -> FeaturePacket:
    return read_letter(unseal(_content(path), read_key(key)))


def _pack(arguments: argparse.Namespace, analysis: NightAnalysis) -> None:
    from somnia_engine.packing import pack_night, packet_of

    key = read_key(arguments.key)
    letter = pack_night(packet_of(analysis, device=arguments.device), budget=arguments.bytes, effort=arguments.effort)
    write_packet(seal(letter, key), arguments.out)


def write_packet(packet: bytes, path: Path) -> None:
    """Write a packet to a file."""
    try:
        path.write_bytes(packet)
    except OSError as error:
        raise _unwritten(path, error) from error


def _open(arguments: argparse.Namespace) -> None:
    from somnia_engine.cli import write_json
    from somnia_engine.document import packet_document

    write_json(packet_document(_opened(arguments.packet, arguments.key)), arguments.out)


def _content(path: Path, most: int = MOST_BYTES + 1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        said = {"name": path.name, "reason": error.strerror or type(error).__name__}
        raise ReadError(Text("{name} cannot be opened: {reason}", said)) from error


def _unwritten(path: Path, error: OSError) -> ReadError:
    return ReadError(Text("{name} cannot be written: {reason}", {"name": str(path), "reason": error.strerror or type(error).__name__}))
