"""The keys of owners and of the house: random, kept wrapped by the master key; those of owners are read anew in each transaction.

The house has one key, made at the first start, from which those for each of its purposes follow. Its row is also the marker that
names the master which wraps new keys: whoever makes a key holds it until the transaction ends, so that a rotation (which moves
the marker) and an erasure (which locks it) know afterwards that no key came into being behind their back.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, event, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session, SessionTransaction

from somnia_server.key_settings import KEY_BYTES
from somnia_server.settings import SettingsError
from somnia_server.store import tombstones
from somnia_server.store.house import house, now
from somnia_server.store.masters import Master, Masters
from somnia_server.store.tables import KeyRow, session
from somnia_server.store.vault import NONCE_BYTES, ShreddedError, TamperedError, follow

WRAPPED = b"\x01"
HOUSE = "house:"
ROOT = "root"
CARRIED = ("somnia cookies", "somnia fingerprints", "somnia tombstones")
"""Purposes whose keys may be rows of their own: in an instance of the first version they stay what they were."""
MARKER = HOUSE + ROOT
_CACHE = "somnia keys"
CHUNK = 1000
"""Owners in one question."""


class StoredKeys:
    """Keys as the database keeps them."""

    def __init__(self, masters: Masters) -> None:
        self.masters = masters
        self._house: dict[str, bytes] = {}

    def of(self, owner: str, *, make: bool) -> bytes:
        """Return an owner's key within the caller's transaction; the first one of a living owner is made when `make` says so."""
        cache: dict[str, bytes] = session().info.setdefault(_CACHE, {})
        if owner not in cache:
            key = self._read(owner)
            if key is None and make:
                key = self._make(owner)
            if key is None:
                raise ShreddedError(f"there is no key of {owner}: what was sealed with it cannot be read again")
            cache[owner] = key
        return cache[owner]

    def of_many(self, owners: Sequence[str]) -> None:
        """Read the keys of many owners at once within the caller's transaction, for a list; one that cannot be opened stays closed."""
        cache: dict[str, bytes] = session().info.setdefault(_CACHE, {})
        missing = [owner for owner in owners if owner not in cache]
        for at in range(0, len(missing), CHUNK):
            query = select(KeyRow.owner, KeyRow.master, KeyRow.wrapped).where(KeyRow.owner.in_(missing[at : at + CHUNK]))
            for owner, master, wrapped in session().connection().execute(query):
                with suppress(TamperedError):
                    cache[owner] = self.unwrapped(owner, master, wrapped)

    def of_house(self, purpose: str) -> bytes:
        """Return the key of the house for one purpose: its own row's, or what follows from the key of the house. It never changes."""
        if purpose not in self._house:
            self._house[purpose] = follow(self._house[ROOT], purpose.encode(), b"")
        return self._house[purpose]

    def start(self) -> None:
        """Make the key of the house on the first start; SettingsError when the master that wraps it is not here."""
        master = self.masters.chosen()
        connection = session().connection()
        connection.execute(insert_new(connection, key_row(MARKER, secrets.token_bytes(KEY_BYTES), master)))
        try:
            self.open_house(connection)
        except TamperedError as error:
            raise SettingsError(
                f"The master key of these data is not the one that the settings lead to ({master.id}): {error}. "
                "Give the key that was used before (docs/settings.md says where)."
            ) from error
        session().commit()

    def open_house(self, connection: Connection) -> None:
        """Read the keys of the house: at the start, or before it in a migration that needs them."""
        found = {purpose: self._read(HOUSE + purpose, connection) for purpose in (ROOT, *CARRIED)}
        self._house = {purpose: key for purpose, key in found.items() if key is not None}

    def unwrapped(self, owner: str, master_id: str, wrapped: bytes) -> bytes:
        """Return a key from its row."""
        master = self.masters.find(master_id)
        if master is None:
            raise TamperedError(f"a key is wrapped by the master {master_id}, which is not here")
        return unwrap(wrapped, owner, master)

    def _read(self, owner: str, connection: Connection | None = None) -> bytes | None:
        query = select(KeyRow.master, KeyRow.wrapped).where(KeyRow.owner == owner)
        found = (connection or session().connection()).execute(query).one_or_none()
        return None if found is None else self.unwrapped(owner, found.master, found.wrapped)

    def _make(self, owner: str) -> bytes | None:
        connection = session().connection()
        wrapping = hold_marker(connection)
        if tombstones.is_erased(owner):
            raise ShreddedError(f"{owner} has been erased: nothing more is kept for them")
        master = self.masters.find(wrapping)
        if master is None:
            raise TamperedError(f"new keys are to be wrapped by the master {wrapping}, which is not here")
        connection.execute(insert_new(connection, key_row(owner, secrets.token_bytes(KEY_BYTES), master)))
        return self._read(owner)  # another process may have been first


def forget(owner: str) -> None:
    """Forget a key that this session has read."""
    session().info.get(_CACHE, {}).pop(owner, None)


@event.listens_for(Session, "after_transaction_end")
def _forget_all(ended: Session, _transaction: SessionTransaction) -> None:
    """Forget the keys that were read: one that was made may have been rolled back, one that was there may be shredded since."""
    ended.info.pop(_CACHE, None)


def hold_marker(connection: Connection, *, alone: bool = False) -> str:
    """Hold the marker until the transaction ends, as one of many or alone; return the id of the master that it names."""
    query = select(KeyRow.master).where(KeyRow.owner == MARKER)
    if connection.dialect.name == "sqlite":  # one writer at a time: a change that changes nothing makes this one the writer
        connection.execute(update(KeyRow).where(KeyRow.owner == MARKER).values(master=KeyRow.master))
    else:
        query = query.with_for_update(read=not alone)
    return connection.execute(query).scalar_one()


def key_row(owner: str, key: bytes, master: Master) -> dict[str, Any]:
    """Return the row of a key."""
    return {"owner": owner, "master": master.id, "wrapped": wrap(key, owner, master), "created_at": now()}


def insert_new(connection: Connection, row: dict[str, Any]) -> Any:
    """Return the statement that adds a key's row unless its owner has one."""
    insert: Any = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    return insert(KeyRow.__table__).values(row).on_conflict_do_nothing(index_elements=["owner"])


def wrap(key: bytes, owner: str, master: Master) -> bytes:
    """Return a key wrapped by a master for one owner."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return WRAPPED + nonce + AESGCM(master.key).encrypt(nonce, key, _bound(owner, master.id))


def unwrap(wrapped: bytes, owner: str, master: Master) -> bytes:
    """Return the key that `wrap` wrapped for this owner; TamperedError when it did not."""
    nonce, body = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
    if wrapped[:1] != WRAPPED or len(nonce) < NONCE_BYTES:
        raise TamperedError("a key is not wrapped by this version")
    try:
        return AESGCM(master.key).decrypt(nonce, body, _bound(owner, master.id))
    except InvalidTag:
        raise TamperedError("a wrapped key was changed or belongs to another owner") from None


def _bound(owner: str, master_id: str) -> bytes:
    return b"somnia key\x00" + master_id.encode() + b"\x00" + owner.encode()


def stored_keys() -> StoredKeys:
    """Return the keys of the current application."""
    found = house().vault.keys
    if not isinstance(found, StoredKeys):
        raise TypeError(f"the vault's keys are {type(found).__name__}, not those of the database")
    return found
