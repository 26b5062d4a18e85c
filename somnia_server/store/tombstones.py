"""Who has been erased: a line for each in a file outside the database and its backups, so that a restored backup cannot bring them back.

A line is the owner's id (random; it names nobody once the rows are gone), the time, and a keyed digest of both.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path
from typing import BinaryIO

from somnia_server.settings import SettingsError
from somnia_server.store.house import house, now

PURPOSE = b"somnia tombstones"
_known: dict[tuple[Path, int, int], frozenset[str]] = {}
"""What was last read, under the file's size and time of change."""


def is_erased(owner: str) -> bool:
    """Return whether an owner has been erased."""
    return owner in erased()


def erased() -> frozenset[str]:
    """Return all who have been erased; SettingsError when the file was changed."""
    path = _path()
    try:
        seen = path.stat()
    except FileNotFoundError:
        return frozenset()
    mark = (path, seen.st_size, seen.st_mtime_ns)
    if mark not in _known:
        found = frozenset(_read(path))
        _known.clear()
        _known[mark] = found
    return _known[mark]


def bury(owner: str) -> None:
    """Write an owner's tombstone and put it on disk before anything of theirs is deleted; once is enough."""
    if not owner or any(c.isspace() for c in owner):
        raise ValueError(f"{owner!r} is not an owner's id")
    if is_erased(owner):
        return
    path = _path()
    fresh = not path.exists()
    with _appending(path) as file:
        said = f"{owner} {now().isoformat()}"
        file.write(f"{said} {_mac(said)}\n".encode())
    if fresh:
        _sync(path.parent)


def _path() -> Path:
    """Return the file of this instance: a new instance beside the same key file begins its own."""
    key = house().vault.derive(PURPOSE)
    return house().settings.keep / f"tombstones-{digest(key, b'name', sha256).hex()[:16]}"


def _mac(said: str) -> str:
    return digest(house().vault.derive(PURPOSE), said.encode(), sha256).hex()


def _read(path: Path) -> Iterator[str]:
    whole = path.read_bytes().rpartition(b"\n")[0]  # a line without its end was torn by a crash: that erasure was not confirmed
    for number, line in enumerate(whole.split(b"\n") if whole else (), 1):
        said, _, mac = line.decode("utf-8", "replace").rpartition(" ")
        if not compare_digest(mac.encode(), _mac(said).encode()):
            raise SettingsError(
                f"Line {number} of {path} was changed: it names who has been erased, and without it their data could come back. "
                "Put a copy of the file back that is whole."
            )
        yield said.partition(" ")[0]


@contextmanager
def _appending(path: Path) -> Iterator[BinaryIO]:
    """Open the file for one more line, alone, after the last whole one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(file.read().rfind(b"\n") + 1)
        file.truncate()
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
