"""Seals what is kept: AES-256-GCM under a key of the record's own, which follows from its owner's key and a salt in the record.

Each record is bound to its table, row and owner. An owner's key is random and kept wrapped by the master key (`keys.py`): without
it nothing of the owner can be read again. What belongs to nobody (words to look up, fingerprints, cookies) has keys of the house.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x02"
KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
RECORD_OVERHEAD = len(VERSION) + SALT_BYTES + NONCE_BYTES + TAG_BYTES


class TamperedError(Exception):
    """What was read is not what was sealed for this table, row and owner; what else is there can still be read."""


class ShreddedError(TamperedError):
    """The owner's key is gone: what they kept cannot be read again, and nothing more is kept for them."""


class Keys(Protocol):
    """Where the keys of owners and of the house come from."""

    def of(self, owner: str, *, make: bool) -> bytes:
        """Return an owner's key, made when `make` says so and the owner lives; ShreddedError where there is none."""
        ...

    def of_house(self, purpose: str) -> bytes:
        """Return the key of the house for one purpose."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """What a sealed record is bound to."""

    table: str
    row: str
    owner: str

    def bound(self) -> bytes:
        """Return an encoding that no other place shares."""
        return VERSION + b"".join(
            len(part).to_bytes(4, "big") + part for part in (self.table.encode(), self.row.encode(), self.owner.encode())
        )


class Vault:
    """Seals and opens with the keys of owners and of the house."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def derive(self, purpose: bytes, salt: bytes | None = None) -> bytes:
        """Return the house's 32-byte key for one purpose; with a salt one that follows from it."""
        key = self.keys.of_house(purpose.decode())
        return key if salt is None else follow(key, purpose, salt)

    def seal(self, plaintext: bytes, *, table: str, row: str, owner: str) -> bytes:
        """Return the sealed record; ShreddedError when nothing may be kept for this owner any more."""
        return seal_record(self.keys.of(owner, make=True), plaintext, place=Place(table, row, owner))

    def open_sealed(self, sealed: bytes, *, table: str, row: str, owner: str) -> bytes:
        """Return the plaintext; TamperedError when it was not sealed for this place or was changed."""
        return open_record(self.keys.of(owner, make=False), sealed, place=Place(table, row, owner))

    def fingerprint(self, *parts: str) -> str:
        """Return a keyed digest: equal inputs are recognised without their being readable on disk."""
        joined = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return digest(self.derive(b"somnia fingerprints"), joined, sha256).hex()

    def seal_word(self, word: str) -> bytes:
        """Return a word sealed so that equal words give equal bytes: what a row is looked up by."""
        return self._words().encrypt(word.encode(), [b"word"])

    def open_word(self, sealed: bytes) -> str:
        """Return the word that `seal_word` sealed; TamperedError when it did not."""
        try:
            return self._words().decrypt(sealed, [b"word"]).decode()
        except (InvalidTag, ValueError):
            raise TamperedError("a sealed word was changed") from None

    def stream_key(self, salt: bytes, owner: str, *, make: bool = False) -> bytes:
        """Return the key of one stream of an owner."""
        return follow(self.keys.of(owner, make=make), b"somnia stream", salt)

    def _words(self) -> AESSIV:
        return AESSIV(follow(self.derive(b"somnia words"), b"somnia words", b"", length=2 * KEY_BYTES))


def follow(key: bytes, purpose: bytes, salt: bytes, *, length: int = KEY_BYTES) -> bytes:
    """Return the key that follows from another for one purpose and salt."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(key)


def seal_record(key: bytes, plaintext: bytes, *, place: Place) -> bytes:
    """Return version, salt, nonce and ciphertext under the key that follows from an owner's key and the salt."""
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    return VERSION + salt + nonce + AESGCM(follow(key, b"somnia record", salt)).encrypt(nonce, plaintext, place.bound())


def open_record(key: bytes, sealed: bytes, *, place: Place) -> bytes:
    """Return what `seal_record` sealed for this place."""
    if sealed[:1] != VERSION or len(sealed) < RECORD_OVERHEAD:
        raise TamperedError(f"a record of {place.table} is not sealed by this version")
    salt, rest = sealed[1 : 1 + SALT_BYTES], sealed[1 + SALT_BYTES :]
    try:
        return AESGCM(follow(key, b"somnia record", salt)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.bound())
    except InvalidTag:
        raise TamperedError(f"a record of {place.table} was changed or belongs elsewhere") from None
