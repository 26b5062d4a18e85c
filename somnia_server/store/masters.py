"""Where the master key comes from: the environment, a file, or a file that a key service opens; and where the next one comes from.

A master is known by its id, which follows from the key itself. All that were ever used are found again for as long as their file
stays: a restored backup may need one that has been retired.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from pathlib import Path

from somnia_server.key_settings import KEY_BYTES
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.kms import AwsKms, Kms

NEXT, RETIRED = ".next", ".retired-"


@dataclass(frozen=True, slots=True)
class Master:
    """A master key and the id that follows from it, from which nothing of the key can be learnt."""

    key: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", digest(self.key, b"somnia master", sha256).hex()[:32])


class PlainFile:
    """No key service: the file holds the key itself, and its mode keeps others away."""

    def new_key(self) -> tuple[bytes, bytes]:
        """Return a random key, kept as it is."""
        key = secrets.token_bytes(KEY_BYTES)
        return key, key

    def open_key(self, kept: bytes) -> bytes:
        """Return the key as it was kept."""
        return kept


class Masters:
    """The master keys that these settings lead to."""

    def __init__(self, settings: Settings, kms: Kms | None = None) -> None:
        self._given = [Master(key) for key in (settings.keys.master, settings.keys.former) if key is not None]
        self._plain_path = settings.key_file
        key_id = settings.keys.kms_key_id
        self._path = settings.key_file if key_id is None else settings.kms_file
        self._kms = PlainFile() if key_id is None else kms or AwsKms(settings)
        self._opened: dict[tuple[type, bytes], Master] = {}
        self._known: dict[str, Master] = {}

    @property
    def from_environment(self) -> bool:
        """Whether the environment gives the master key, so that no new one can be made here."""
        return bool(self._given)

    @property
    def place(self) -> str:
        """Where the master key comes from, to be shown to an administrator."""
        return "SOMNIA_MASTER_KEY" if self._given else str(self._path)

    def chosen(self) -> Master:
        """Return the master that the settings name; on the first start it is made."""
        if self._given:
            return self._given[0]
        if not self._path.exists():
            _create(self._path, self._kms.new_key()[1])
        return self._open(self._path, self._kms)

    def find(self, master_id: str) -> Master | None:
        """Return a master by its id, also one that has come or gone since the start; None when no source has it."""
        if master_id not in self._known:
            for master in self._candidates(master_id):
                self._known[master.id] = master
                if master.id == master_id:
                    break
        return self._known.get(master_id)

    def coming(self) -> Master | None:
        """Return the master that a rotation under way leads to."""
        path = _beside(self._path, NEXT)
        return self._open(path, self._kms) if not self._given and path.exists() else None

    def renew(self) -> Master:
        """Make the next master in a file beside the present one, or return the one that waits there."""
        path = _beside(self._path, NEXT)
        if not path.exists():
            _create(path, self._kms.new_key()[1])
        return self._open(path, self._kms)

    def promote(self) -> Path | None:
        """Put the next master in the present one's place; return where the present one stays for the sake of older backups."""
        path, coming = self._path, _beside(self._path, NEXT)
        if self._given or not coming.exists():
            return None
        retired = _beside(path, RETIRED + self._open(path, self._kms).id)
        if not retired.exists():
            os.link(path, retired)
        coming.replace(path)
        _sync(path.parent)
        return retired

    def _candidates(self, master_id: str) -> Iterator[Master]:
        yield from self._given
        files = [(self._path, self._kms)]
        if self._path != self._plain_path or self._given:
            files.append((self._plain_path, PlainFile()))  # it was the source before the present one
        for path, kms in files:
            for file in (path, _beside(path, NEXT), _beside(path, RETIRED + master_id)):
                if file.exists():
                    yield self._open(file, kms)

    def _open(self, path: Path, kms: Kms) -> Master:
        kept = path.read_bytes()
        known = (type(kms), kept)
        if known not in self._opened:
            key = kms.open_key(kept)
            if len(key) != KEY_BYTES:
                raise SettingsError(f"{path} gives a key of {len(key)} bytes; {KEY_BYTES} are needed")
            self._opened[known] = Master(key)
        return self._opened[known]


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _create(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _beside(path, f".{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was first: its key stays
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
