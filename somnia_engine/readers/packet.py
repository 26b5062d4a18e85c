"""Feature packets: a sealed one is recognised and says whose it is; an opened one is a whole night."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from somnia_engine.errors import DamagedFile, PacketError, ReadError
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.seal import MOST_BYTES, OPENED, looks_like
from somnia_engine.readers._clock import ZONE_SAID, is_zone, night_key, zone_info
from somnia_engine.text import Text
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.packet import FeaturePacket
from somnia_engine.types.recording import NightSpan, Reader, ReadOptions, Recording, Source, Survey

KEY = "packet"
NAME = Text("SOMNIA feature packet")
SEALED = Text("{name} is sealed. Enroll the device that made it under Settings, then upload it again.")
ZONE_PACKET = Text("The device that made the packet says this zone.")
NO_ZONE = Text("The packet says the time zone “{zone}”, which does not exist. Set the zone on the device and send it again.")
ZONE_MISSING = Text("The packet names no time zone.")


def _recognises(path: Path, head: bytes) -> bool:
    return head.startswith(OPENED) or looks_like(head)


def _packet(path: Path) -> FeaturePacket:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + len(OPENED))
    except OSError as error:
        raise ReadError(
            Text("{name} cannot be opened: {reason}", {"name": path.name, "reason": error.strerror or type(error).__name__})
        ) from error
    if not content.startswith(OPENED):
        raise DamagedFile(Text(SEALED.msgid, {"name": path.name}))
    try:
        packet = read_letter(content[len(OPENED) :])
    except PacketError as error:
        raise DamagedFile(error.text) from error
    if packet.zone is not None and not is_zone(packet.zone):
        raise DamagedFile(Text(NO_ZONE.msgid, {"zone": packet.zone}))
    return packet


def _zone(packet: FeaturePacket, options: ReadOptions) -> tuple[str | None, Text]:
    if options.zone is not None:
        return options.zone, ZONE_SAID
    return (packet.zone, ZONE_PACKET) if packet.zone else (None, ZONE_MISSING)


def _survey(path: Path, options: ReadOptions) -> Survey:
    packet = _packet(path)
    zone, origin = _zone(packet, options)
    length_s = packet.features.n_epochs * EPOCH_S
    start = packet.start
    end = None if start is None else start + timedelta(seconds=length_s)
    key = None if start is None else night_key(start, zone, options.split_hour)
    channels = tuple(sorted(packet.features.columns))
    return Survey(KEY, NAME, (NightSpan(key, start, end, length_s),), zone, origin, channels)


def _read(path: Path, options: ReadOptions) -> Recording:
    return recording_of(_packet(path), path.name, options=options)


def recording_of(packet: FeaturePacket, name: str, *, options: ReadOptions) -> Recording:
    """Return an opened packet as a recording."""
    zone, origin = _zone(packet, options)
    start = packet.start if packet.start is None or zone is None else packet.start.astimezone(zone_info(zone))
    packet = replace(packet, start=start, zone=zone)
    length_s = packet.features.n_epochs * EPOCH_S
    return Recording(packet.start, packet.zone, origin, length_s, Source(KEY, packet.device or name), packet=packet)


READER = Reader(key=KEY, name=NAME, suffixes=(".pkt",), recognises=_recognises, survey=_survey, read=_read, icon="watch")
