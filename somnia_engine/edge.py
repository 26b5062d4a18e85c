"""The edge: sound becomes what was heard in it at once, a night becomes a packet; `python -m somnia_engine edge`. No network."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import SomniaError
from somnia_engine.hearing.reels import Reel, reel_head, reel_seconds
from somnia_engine.text import Text
from somnia_engine.types.recording import Media, ReadOptions, Recording, Source

FS_HZ = 16000
BLOCK_S = 4.0
"""Sound held at a time [s]; what was heard goes to the disk every 64 s, so a crash loses about a minute."""
HEARD = "heard "
NO_ZONE = Text("--start {given} has no time zone. Add an offset such as +01:00, or give --zone.")
NO_TIME = Text("--start {given} is not a time. Write it as 2025-03-08T23:10+01:00.")
NO_FOLDER = Text("--in {given} is not a folder. Give a folder of recordings, or - for sound on standard input.")
EMPTY = Text("Nothing was recorded yet: there is no sound and no file to make a night of.")
BEFORE = Text("--start lies before the night that {name} holds. Move that file away to begin a new night.")


@dataclass(frozen=True, slots=True)
class Night:
    """Where the edge keeps what it heard, and what was said of the night."""

    state: Path
    start: datetime | None
    zone: str | None


def add_command(commands: Any) -> None:
    """Give a parser the command."""
    edge = commands.add_parser(
        "edge",
        help="turn sound into a packet as it comes",
        description="Hear sound from a folder or from standard input (16-bit mono PCM at 16 kHz), keep only what was heard, "
        "and seal the night when the input ends. After a crash the same command goes on.",
    )
    edge.add_argument("--in", dest="given", required=True, metavar="DIR|-", help="a folder of recordings, or - for PCM on standard input")
    edge.add_argument("--key", type=Path, required=True, metavar="KEY", help="the device's key")
    edge.add_argument("--out", type=Path, required=True, metavar="PKT", help="where the packet goes")
    edge.add_argument(
        "--state", type=Path, metavar="FILE", help="what was heard so far (default: PKT.reel); deleted when the packet is there"
    )
    edge.add_argument("--start", metavar="ISO", help="when the sound on standard input begins")
    edge.add_argument("--zone", metavar="ZONE", help="time zone of the night, for example Europe/Berlin")
    edge.add_argument("--device", default="", metavar="NAME", help="what recorded the night, at most 48 letters")
    edge.add_argument("--bytes", type=int, default=2048, metavar="N", help="most bytes of the packet (2048)")
    edge.add_argument("--effort", type=int, default=60, metavar="N", help="trials of keeping the stages as they are (60)")
    edge.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Hear everything, then seal the night."""
    from somnia_engine.cli_packet import read_key, write_packet
    from somnia_engine.packet.seal import seal

    key = read_key(arguments.key)
    state = arguments.state or arguments.out.with_name(arguments.out.name + ".reel")
    night = Night(state, _moment(arguments.start, arguments.zone), arguments.zone)
    if arguments.given == "-":
        others: list[Recording] = []
        hear_stream(sys.stdin.buffer, night)
    else:
        others = hear_folder(_folder(arguments.given), night)
    letter = letter_of(night, others, device=arguments.device, budget=arguments.bytes, effort=arguments.effort)
    write_packet(seal(letter, key), arguments.out)
    state.unlink(missing_ok=True)


def hear_stream(stream: BinaryIO, night: Night) -> int:
    """Hear PCM until it ends and return the seconds of the night; a stream that goes on after a crash is placed by its start."""
    reel = Reel(night.state, start=night.start, zone=night.zone)
    at = reel.seconds
    if reel.seconds and night.start is not None and reel.head.start is not None:
        at = max(at, _seconds_between(reel.head.start, night.start, night.state))
    return _heard(_pcm(stream), reel, at)


def hear_folder(folder: Path, night: Night) -> list[Recording]:
    """Hear the sounds of a folder that were not heard yet; return its other recordings."""
    from somnia_engine.readers import read_recording
    from somnia_engine.readers.audio import read_blocks

    options = ReadOptions(zone=night.zone, start=night.start)
    found = [(path, read_recording(path, options)) for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    sounds = [(path, recording) for path, recording in found if recording.media]
    if not sounds:
        return [recording for _, recording in found]
    begins = min((recording.start for _, recording in sounds if recording.start is not None), default=night.start)
    reel = Reel(night.state, start=begins, zone=night.zone)
    for path, recording in sounds:
        word = f"{HEARD}{path.name} {path.stat().st_size}"
        if word in reel.notes:
            continue
        start, zero = recording.start, reel.head.start
        at = reel.seconds if start is None or zero is None else _seconds_between(zero, start, night.state)
        _heard(read_blocks(path, BLOCK_S, fs=FS_HZ), reel, at)
        reel.note(word)
    return [recording for _, recording in found if not recording.media]


def letter_of(night: Night, others: list[Recording], *, device: str, budget: int, effort: int) -> bytes:
    """Return the letter of the night from what was heard and the other recordings."""
    from somnia_engine.analyse import AnalysisOptions, analyse
    from somnia_engine.packing import pack_night, packet_of

    recordings = list(others)
    if night.state.exists() and (seconds := reel_seconds(night.state)):
        head = reel_head(night.state)
        media = Media("audio", night.state, float(seconds), float(FS_HZ), 1)
        source = Source("edge", device or "microphone")
        recordings.append(Recording(head.start, head.zone, Text("You said this zone."), float(seconds), source, media=(media,)))
    if not recordings:
        raise SomniaError(EMPTY)
    analysis = analyse(recordings, options=AnalysisOptions(zone=night.zone))
    return pack_night(packet_of(analysis, device=device), budget=budget, effort=effort)


def _heard(blocks: Iterator[NDArray[np.float32]], reel: Reel, at: int) -> int:
    from somnia_engine.hearing.listener import hear_units

    for unit in hear_units(blocks):
        reel.add(unit, at)
        at += len(unit.power)
    return at


def _pcm(stream: BinaryIO) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of 16-bit little-endian mono PCM, full scale 1; an odd last byte is left out."""
    held = b""
    while piece := stream.read(int(BLOCK_S * FS_HZ) * 2):
        held += piece
        whole = len(held) // 2 * 2
        yield np.frombuffer(held[:whole], dtype="<i2").astype(np.float32) / np.float32(32768.0)
        held = held[whole:]


def _seconds_between(zero: datetime, start: datetime, state: Path) -> int:
    seconds = round((start - zero) / timedelta(seconds=1))
    if seconds < 0:
        raise SomniaError(Text(BEFORE.msgid, {"name": state.name}))
    return seconds


def _folder(given: str) -> Path:
    folder = Path(given)
    if not folder.is_dir():
        raise SomniaError(Text(NO_FOLDER.msgid, {"given": given[:200]}))
    return folder


def _moment(given: str | None, zone: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
        at = at.replace(tzinfo=ZoneInfo(zone)) if at.tzinfo is None and zone is not None else at
    except (ValueError, OSError, KeyError) as error:
        raise SomniaError(Text(NO_TIME.msgid, {"given": given[:60]})) from error
    if at.tzinfo is None:
        raise SomniaError(Text(NO_ZONE.msgid, {"given": given[:60]}))
    return at
