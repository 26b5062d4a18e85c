"""Rows of an SQLite database that somebody gave us: read only, nothing of it is run, and a damaged page ends its table there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._members import BROKEN_ZIP, Member
from somnia_engine.text import Text

MAGIC = b"SQLite format 3\0"
_MOST_IN_ZIP = 1 << 29
_MOST_CELL = 1 << 22


class Rows:
    """A database's tables by name; views and triggers are not looked at."""

    def __init__(self, connection: sqlite3.Connection, on_broken: Callable[[], None]) -> None:
        self._connection, self._on_broken = connection, on_broken
        self.columns: dict[str, list[str]] = {}
        try:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'").fetchall()
            for (name,) in found:
                self.columns[str(name)] = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({_quoted(str(name))})")]
        except sqlite3.Error:
            on_broken()

    def of(self, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table by column name; a column that is not there is None, a damaged spot ends the walk."""
        held = self.columns.get(table, [])
        if not held:
            return
        wanted = tuple(name if name in held else None for name in names)
        try:
            yield from self._connection.execute(f"SELECT {_quoted(*wanted)} FROM {_quoted(table)}")
        except (sqlite3.Error, OverflowError):
            self._on_broken()


def _quoted(*names: str | None) -> str:
    """Return names as SQLite takes them, whatever stands in them; NULL for none: names cannot be bound as values are."""
    return ", ".join("NULL" if name is None else '"' + name.replace("\0", "").replace('"', '""') + '"' for name in names)


@contextmanager
def opened(path: Path, member: Member | None, on_broken: Callable[[], None]) -> Iterator[Rows]:
    """Open a database file, or a member of a zip in memory; raises DamagedFile when it is none."""
    try:
        connection = _connected(path, member)
    except (sqlite3.Error, *BROKEN_ZIP) as error:
        raise DamagedFile(Text("{name} is not a database that I can read. Export it again.", {"name": path.name})) from error
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_CELL)
        yield Rows(connection, on_broken)
    except sqlite3.Error as error:
        raise DamagedFile(Text("{name} is not a database that I can read. Export it again.", {"name": path.name})) from error
    finally:
        connection.close()


def _connected(path: Path, member: Member | None) -> sqlite3.Connection:
    if member is None:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    if member.size > _MOST_IN_ZIP:
        said = {"name": path.name}
        raise DamagedFile(Text("The database inside {name} is too large to be read there. Unpack it and give me the database.", said))
    with member.open() as stream:
        raw = stream.read(_MOST_IN_ZIP)
    connection = sqlite3.connect(":memory:")
    connection.deserialize(raw)
    return connection
