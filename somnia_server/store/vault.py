"""Seals what is kept: AES-256-GCM under keys derived from the key file; each record is bound to its table, row and owner.

A stream (an upload) is a header and frames: length, nonce, ciphertext. A frame's place and whether it is the last are part of
what is authenticated, so frames cannot be re-ordered, swapped between files or cut off, and memory stays at one frame.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
MAGIC = b"SOMNIA\x00\x01"
SALT_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
LENGTH_BYTES = 4
FRAME_BYTES = 256 * 1024
"""Plain bytes of a frame at most."""
HEADER_BYTES = len(MAGIC) + SALT_BYTES
OVERHEAD = NONCE_BYTES + TAG_BYTES


class TamperedError(Exception):
    """What was read is not what was sealed for this table, row and owner."""


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
    """Seals and opens with the keys that follow from one master key."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._records = AESGCM(self.derive(b"somnia records"))
        self._prints = self.derive(b"somnia fingerprints")
        self._words = AESSIV(self.derive(b"somnia words") + self.derive(b"somnia words, second half"))

    def derive(self, purpose: bytes, salt: bytes | None = None) -> bytes:
        """Return the 32-byte key for one purpose."""
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(self._master)

    def seal(self, plaintext: bytes, *, table: str, row: str, owner: str) -> bytes:
        """Return the sealed record: version, nonce, ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._records.encrypt(nonce, plaintext, Place(table, row, owner).bound())

    def open_sealed(self, sealed: bytes, *, table: str, row: str, owner: str) -> bytes:
        """Return the plaintext; TamperedError when it was not sealed for this place or was changed."""
        if sealed[:1] != VERSION or len(sealed) < 1 + OVERHEAD:
            raise TamperedError(f"a record of {table} is not sealed by this version")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._records.decrypt(nonce, body, Place(table, row, owner).bound())
        except InvalidTag:
            raise TamperedError(f"a record of {table} was changed or belongs elsewhere") from None

    def fingerprint(self, *parts: str) -> str:
        """Return a keyed digest: equal inputs are recognised without their being readable on disk."""
        joined = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return digest(self._prints, joined, sha256).hex()

    def seal_word(self, word: str) -> bytes:
        """Return a word sealed so that equal words give equal bytes: what a row is looked up by."""
        return self._words.encrypt(word.encode(), [b"word"])

    def open_word(self, sealed: bytes) -> str:
        """Return the word that `seal_word` sealed; TamperedError when it did not."""
        try:
            return self._words.decrypt(sealed, [b"word"]).decode()
        except InvalidTag:
            raise TamperedError("a sealed word was changed") from None

    def stream(self, salt: bytes, place: Place) -> "_Frames":
        """Return the cipher of one stream."""
        return _Frames(AESGCM(self.derive(b"somnia stream", salt)), place.bound())


@dataclass(frozen=True, slots=True)
class _Frames:
    cipher: AESGCM
    bound: bytes

    def _aad(self, index: int, last: bool) -> bytes:
        return self.bound + index.to_bytes(8, "big") + (b"\x01" if last else b"\x00")

    def seal(self, piece: bytes, index: int, *, last: bool = False) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)  # random: a frame torn by a crash is written again with other bytes
        body = self.cipher.encrypt(nonce, piece, self._aad(index, last))
        return (NONCE_BYTES + len(body)).to_bytes(LENGTH_BYTES, "big") + nonce + body

    def open(self, frame: bytes, index: int, *, last: bool = False) -> bytes:
        try:
            return self.cipher.decrypt(frame[:NONCE_BYTES], frame[NONCE_BYTES:], self._aad(index, last))
        except InvalidTag:
            raise TamperedError(f"frame {index} was changed, moved or belongs elsewhere") from None


class SealedWriter:
    """Appends to a sealed stream; opens again after a crash at the last whole frame. BlockingIOError while another writer has it open."""

    def __init__(self, path: Path, *, vault: Vault, place: Place) -> None:
        self._file = _open_for_append(path)
        self._file.seek(0)
        header = self._file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            header = MAGIC + secrets.token_bytes(SALT_BYTES)
            self._file.seek(0)
            self._file.truncate()
            self._file.write(header)
        if header[: len(MAGIC)] != MAGIC:
            raise TamperedError("this is not a sealed stream")
        self._frames = vault.stream(header[len(MAGIC) :], place)
        self.index, self.offset, end = _walk(self._file)
        self._file.seek(end)
        self._file.truncate()

    def write(self, piece: bytes) -> None:
        """Seal and append one piece of at most FRAME_BYTES."""
        if not 0 < len(piece) <= FRAME_BYTES:
            raise ValueError(f"a piece has {len(piece)} bytes; 1 to {FRAME_BYTES} are allowed")
        self._file.write(self._frames.seal(piece, self.index))
        self.index += 1
        self.offset += len(piece)

    def finish(self) -> None:
        """Close the stream for good: what is cut off from now on is noticed."""
        self._file.write(self._frames.seal(b"", self.index, last=True))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Put what was written on disk and close the file."""
        self._file.close()

    def __enter__(self) -> "SealedWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_sealed(path: Path, *, vault: Vault, place: Place) -> Iterator[bytes]:
    """Yield the plain pieces of a finished stream; TamperedError where it was changed, re-ordered or cut."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or header[: len(MAGIC)] != MAGIC:
            raise TamperedError("this is not a sealed stream")
        frames = vault.stream(header[len(MAGIC) :], place)
        index = 0
        while True:
            frame = _next_frame(file)
            if frame is None:
                raise TamperedError("the stream ends early")
            if len(frame) == OVERHEAD:
                frames.open(frame, index, last=True)
                if file.read(1):
                    raise TamperedError("the stream goes on after its end")
                return
            yield frames.open(frame, index)
            index += 1


def sealed_size(path: Path) -> int:
    """Return the plain bytes in whole frames, 0 when there is no file yet."""
    try:
        with path.open("rb") as file:
            return _walk(file)[1]
    except FileNotFoundError:
        return 0


def _open_for_append(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(
            descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB
        )  # before anything is read: a second writer must not cut the first one's frame
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "r+b", buffering=2 * FRAME_BYTES)


def _walk(file: BinaryIO) -> tuple[int, int, int]:
    """Return frames, plain bytes and the file position after the last whole frame, by the lengths alone."""
    total = file.seek(0, os.SEEK_END)
    at, count, plain = HEADER_BYTES, 0, 0
    while at + LENGTH_BYTES <= total:
        file.seek(at)
        size = int.from_bytes(file.read(LENGTH_BYTES), "big")
        after = at + LENGTH_BYTES + size
        if after > total or size <= OVERHEAD:
            break
        at, count, plain = after, count + 1, plain + size - OVERHEAD
    return count, plain, at


def _next_frame(file: BinaryIO) -> bytes | None:
    length = file.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    size = int.from_bytes(length, "big")
    if not OVERHEAD <= size <= FRAME_BYTES + OVERHEAD:
        raise TamperedError("a frame claims an impossible length")
    frame = file.read(size)
    return frame if len(frame) == size else None
