"""What all tables share: the base, times in UTC, words that are looked up sealed, SQLite's manners."""

import sqlite3
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, LargeBinary, String, event, select
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from somnia_server.store.damaged import named
from somnia_server.store.house import house

ID = String(32)
OWNER = String(64)
MARK = String(64)
BUSY_MS = 15000
"""How long a connection waits for another that writes [ms]."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Lookup(TypeDecorator[str]):
    """A word by which a row is found, kept sealed: the same word gives the same bytes (AES-SIV under a key of the house)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else house().vault.seal_word(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else named(partial(house().vault.open_word, value), what="a word to look up")


class Base(DeclarativeBase):
    """The base of all tables."""


db = SQLAlchemy(model_class=Base)


def session() -> Session:
    """Return the session of this request or task."""
    found: Session = db.session()
    return found


def ping() -> None:
    """Ask the database for nothing, to see that it answers."""
    session().execute(select(1))


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: Any, _record: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_MS}", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch the file to write-ahead logging; SQLite does not wait for that lock by itself when several processes start at once."""
    until = time.monotonic() + BUSY_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
