"""Moves every key to another master key while the pages are served: in small steps, each of which leaves every key readable.

First the marker moves, so that new keys come under the new master; then the wrapped keys follow in batches; at last the new
master takes the old one's place. Killed anywhere, the next run goes on: each row says which master wraps it.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, exists, select, text

from somnia_server.settings import SettingsError
from somnia_server.store.house import house
from somnia_server.store.keys import MARKER, StoredKeys, hold_marker, stored_keys, wrap
from somnia_server.store.masters import Master
from somnia_server.store.tables import KeyRow, db, session
from somnia_server.store.vault import TamperedError

BATCH = 4000
"""Keys rewrapped in one transaction: other writers wait for some 50 ms at most."""

WRITE = text("UPDATE keys SET master = :master, wrapped = :now WHERE owner = :of AND wrapped = :was")
"""Written out: the typed statement spends a third of the time on looking at each value."""
WRITE_AT_ONCE = text(
    "UPDATE keys SET master = :master, wrapped = moved.now "
    "FROM unnest(CAST(:of AS text[]), CAST(:was AS bytea[]), CAST(:now AS bytea[])) AS moved (owner, was, now) "
    "WHERE keys.owner = moved.owner AND keys.wrapped = moved.was"
)
"""For PostgreSQL, which else answers each change by itself."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did; `retired` is the former master's file, `unreadable` how many keys no master opens."""

    master: str
    rewrapped: int
    unreadable: int
    retired: Path | None


def rotate() -> Rotated:
    """Move every key to the next master key; SettingsError when there is none to move to."""
    keys = stored_keys()
    with _alone():
        target = _target(keys)
        rewrapped, unreadable = _move_all(keys, target)
        return Rotated(target.id, rewrapped, unreadable, keys.masters.promote())


def _target(keys: StoredKeys) -> Master:
    """Return where to go: on to where a rotation was going, or to the master that the settings name, or to a new one."""
    coming, chosen = keys.masters.coming(), keys.masters.chosen()
    if coming is not None:
        return coming
    behind = session().scalar(select(exists().where(KeyRow.master != chosen.id)))
    session().commit()
    if behind:
        return chosen
    if keys.masters.from_environment:
        raise SettingsError(
            "Every key is wrapped by SOMNIA_MASTER_KEY. To replace it, start everything with the new key in SOMNIA_MASTER_KEY and the "
            "present one in SOMNIA_MASTER_KEY_FORMER, then rotate; afterwards SOMNIA_MASTER_KEY_FORMER can go."
        )
    return keys.masters.renew()


def _move_all(keys: StoredKeys, target: Master) -> tuple[int, int]:
    """Move the marker, then everything else; return how many keys were moved and how many could not be opened."""
    key = select(KeyRow.owner, KeyRow.master, KeyRow.wrapped)
    with db.engine.connect() as connection:  # one for all: the last to close an SQLite file has its log to tidy up
        hold_marker(connection, alone=True)  # whoever makes a key under the former master ends first
        changes, unreadable = _rewrapped(keys, target, connection.execute(key.where(KeyRow.owner == MARKER)).all())
        moved, last = _write(connection, target, changes), ""
        while batch := connection.execute(key.where(KeyRow.owner > last).order_by(KeyRow.owner).limit(BATCH)).all():
            connection.rollback()  # nobody waits while the keys are wrapped
            changes, left = _rewrapped(keys, target, batch)
            moved, unreadable, last = moved + _write(connection, target, changes), unreadable + left, batch[-1].owner
        return moved, unreadable


def _rewrapped(keys: StoredKeys, target: Master, rows: Sequence[Row[str, str, bytes]]) -> tuple[list[dict[str, Any]], int]:
    """Return what is to be written for those keys that another master wraps, and how many could not be opened."""
    changes: list[dict[str, Any]] = []
    unreadable = 0
    for owner, master, wrapped in rows:
        if master == target.id:
            continue
        try:
            key = keys.unwrapped(owner, master, wrapped)
        except TamperedError:
            unreadable += 1
        else:
            changes.append({"of": owner, "was": wrapped, "now": wrap(key, owner, target)})
    return changes, unreadable


def _write(connection: Connection, target: Master, changes: list[dict[str, Any]]) -> int:
    """Write wrapped keys, and commit; one that was shredded meanwhile does not come back."""
    if changes and connection.dialect.name == "postgresql":
        columns = {name: [change[name] for change in changes] for name in ("of", "was", "now")}
        connection.execute(WRITE_AT_ONCE, {"master": target.id} | columns)
    elif changes:
        connection.execute(WRITE, [change | {"master": target.id} for change in changes])
    connection.commit()
    return len(changes)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the rotation for oneself; SettingsError while another process does."""
    descriptor = os.open(house().settings.keep / "rotation.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SettingsError("A rotation is under way already; wait until it has ended.") from None
    else:
        yield
    finally:
        os.close(descriptor)
