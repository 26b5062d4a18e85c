"""The seal: 21 bytes that say which key, the sealed letter, 16 bytes that prove it (AES-256-GCM)."""

import secrets
from typing import NamedTuple

from somnia_engine.errors import PacketError
from somnia_engine.text import Text

VERSION = 1
MAGIC = b"SP"
KEY_BYTES, ID_BYTES, NONCE_BYTES, TAG_BYTES = 32, 6, 12, 16
HEAD_BYTES = len(MAGIC) + 1 + ID_BYTES + NONCE_BYTES
OVERHEAD = HEAD_BYTES + TAG_BYTES
MOST_BYTES = 65_536
"""A larger file is no packet; a night of 12 h has 2,048 bytes."""

OPENED = b"SOMNIA letter 1\n"
"""A letter whose seal was opened begins with this line; it never leaves the machine that opened it."""

NO_PACKET = Text("This is not a feature packet. A packet begins with the letters SP.")
OTHER_VERSION = Text("This packet has version {given}; this program reads version {known}. Update the program, or the device.")
NOT_GENUINE = Text("This packet cannot be opened: it was changed on its way, or it belongs to another key.")
BAD_KEY = Text("A packet key has 6 bytes of name and 32 bytes of key, written as 76 hexadecimal digits.")


class PacketKey(NamedTuple):
    """A device's key: its name, which stands openly in each packet, and 32 secret bytes."""

    id: bytes
    secret: bytes

    @classmethod
    def parse(cls, written: str) -> "PacketKey":
        """Read a key as it is kept in a file: 76 hexadecimal digits."""
        try:
            content = bytes.fromhex(written.strip())
        except ValueError as error:
            raise PacketError(BAD_KEY) from error
        if len(content) != ID_BYTES + KEY_BYTES:
            raise PacketError(BAD_KEY)
        return cls(content[:ID_BYTES], content[ID_BYTES:])

    @classmethod
    def new(cls) -> "PacketKey":
        """Make a key at random."""
        return cls(secrets.token_bytes(ID_BYTES), secrets.token_bytes(KEY_BYTES))

    def written(self) -> str:
        """Return the key as it is kept in a file."""
        return (self.id + self.secret).hex()


class Head(NamedTuple):
    """What stands openly before the letter."""

    version: int
    key_id: bytes
    nonce: bytes


def looks_like(content: bytes) -> bool:
    """Tell whether bytes begin like a packet."""
    return content[: len(MAGIC)] == MAGIC and len(content) > len(MAGIC) and content[len(MAGIC)] < 0x20


def head_of(packet: bytes) -> Head:
    """Return what a packet says openly; nothing of it is proven. Raises PacketError when it is no packet of this version."""
    if not looks_like(packet) or not OVERHEAD < len(packet) <= MOST_BYTES:
        raise PacketError(NO_PACKET)
    version = packet[len(MAGIC)]
    if version != VERSION:
        raise PacketError(Text(OTHER_VERSION.msgid, {"given": version, "known": VERSION}))
    name = len(MAGIC) + 1
    return Head(version, packet[name : name + ID_BYTES], packet[name + ID_BYTES : HEAD_BYTES])


def seal(letter: bytes, key: PacketKey, *, nonce: bytes | None = None) -> bytes:
    """Return a letter sealed under a device's key; the nonce is drawn at random unless a test gives one."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    drawn = secrets.token_bytes(NONCE_BYTES) if nonce is None else nonce
    head = MAGIC + bytes([VERSION]) + key.id + drawn
    return head + AESGCM(key.secret).encrypt(drawn, letter, head)


def unseal(packet: bytes, key: PacketKey) -> bytes:
    """Return the letter in a packet. Raises PacketError when it is not genuine."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = head_of(packet)
    if head.key_id != key.id:
        raise PacketError(NOT_GENUINE)
    try:
        return AESGCM(key.secret).decrypt(head.nonce, packet[HEAD_BYTES:], packet[:HEAD_BYTES])
    except InvalidTag as error:
        raise PacketError(NOT_GENUINE) from error
