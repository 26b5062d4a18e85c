"""Sealed streams: a header and frames of length, nonce and ciphertext.

A frame's place and whether it is the last are part of what is authenticated, so frames cannot be re-ordered, swapped between
files or cut off, and memory stays at one frame.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from somnia_server.store.vault import NONCE_BYTES, SALT_BYTES, TAG_BYTES, Place, TamperedError, Vault

MAGIC = b"SOMNIA\x00\x02"
LENGTH_BYTES = 4
FRAME_BYTES = 256 * 1024
"""Plain bytes of a frame at most."""
HEADER_BYTES = len(MAGIC) + SALT_BYTES
OVERHEAD = NONCE_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class _Frames:
    cipher: AESGCM
    bound: bytes

    @classmethod
    def of(cls, key: bytes, place: Place) -> "_Frames":
        return cls(AESGCM(key), place.bound())

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
        try:
            self._frames = _Frames.of(vault.stream_key(self._salt(), place.owner, make=True), place)
        except TamperedError:
            self._file.close()
            raise
        self.index, self.offset, end = _walk(self._file)
        self._file.seek(end)
        self._whole = True

    def _salt(self) -> bytes:
        self._file.seek(0)
        header = self._file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            header = MAGIC + secrets.token_bytes(SALT_BYTES)
            self._file.seek(0)
            self._file.truncate()
            self._file.write(header)
        if header[: len(MAGIC)] != MAGIC:
            raise TamperedError("this is not a sealed stream")
        return header[len(MAGIC) :]

    def write(self, piece: bytes) -> None:
        """Seal and append one piece of at most FRAME_BYTES."""
        if not 0 < len(piece) <= FRAME_BYTES:
            raise ValueError(f"a piece has {len(piece)} bytes; 1 to {FRAME_BYTES} are allowed")
        self._cut()
        self._file.write(self._frames.seal(piece, self.index))
        self.index += 1
        self.offset += len(piece)

    def _cut(self) -> None:
        """Cut off what follows the last whole frame before anything is written; who writes nothing leaves the end of a finished stream."""
        if self._whole:
            self._file.truncate()
            self._whole = False

    def mark(self) -> tuple[int, int, int]:
        """Return the place that has been reached, for `cut_back`."""
        return self.index, self.offset, self._file.tell()

    def cut_back(self, mark: tuple[int, int, int]) -> None:
        """Take back what was written since a mark."""
        self.index, self.offset, end = mark
        self._file.seek(end)
        self._file.truncate()

    def finish(self) -> None:
        """Close the stream for good: what is cut off from now on is noticed."""
        self._cut()
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
        frames = _Frames.of(vault.stream_key(header[len(MAGIC) :], place.owner), place)
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
