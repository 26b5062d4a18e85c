"""How a process is connected to its database: by which pool, what a fork may not share, how long one that is away is waited for."""

import os
import select
import sqlite3
import time
from typing import Any
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError, TimeoutError
from sqlalchemy.pool import QueuePool

AWAY = (OperationalError, InterfaceError, TimeoutError)
"""What is raised when the database does not answer, or not in time."""
BUSY_FILES = frozenset({5, 6, 10, 13, 14})
"""SQLite's codes for a file that is locked, full, or cannot be read or opened just now."""
CONNECT_S = 2
"""How long a server is waited for; less is not kept by the driver [s]."""
PING_MS = 400
"""How long a connection that lay idle may take to answer [ms]."""
REST_S = 1.0
"""How long nobody asks again after a server did not answer: else every thread of the web server would soon be waiting [s]."""
KEPT, MORE = 5, 15
"""Connections that stay open in a process, and those that come on top of them when many ask at once."""
RECYCLE_S = 300
"""Age at which a connection is made anew: what stands between may forget it [s]."""

_engines: WeakSet[Engine] = WeakSet()
_left: list[object] = []


def engine_options(url: str) -> dict[str, Any]:
    """Return how an engine for a database is to be made.

    A pool: PostgreSQL starts a process for each connection (18 ms), and SQLite's last one to close writes its log back (30 ms); out of
    the pool each takes under 1 ms.
    """
    pool = {"pool_size": KEPT, "max_overflow": MORE, "pool_timeout": CONNECT_S, "pool_use_lifo": True}
    pool["hide_parameters"] = True  # an error quotes no values
    if make_url(url).get_backend_name() == "sqlite":
        return {**pool, "poolclass": QueuePool}
    said = {"connect_timeout": CONNECT_S, "tcp_user_timeout": 1000, "keepalives_idle": 30, "application_name": "somnia"}
    return {**pool, "pool_recycle": RECYCLE_S, "connect_args": said}


def watch(engine: Engine) -> None:
    """Let an engine's connections be tried before their use, and left alone by the children of a fork."""
    if not _engines and not _left:
        os.register_at_fork(after_in_child=_leave_to_the_parent)
        _left.append("registered")
    _engines.add(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", _Patience().connect)
        event.listen(engine, "connect", _take_any_text)
        event.listen(engine, "checkout", _ping)


def is_away(error: BaseException) -> bool:
    """Return whether an error says that the database does not answer; SQLite calls mistakes in a statement by the same name."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlite_errorcode", None)
    return isinstance(error, AWAY) and (not isinstance(cause, sqlite3.Error) or (code or 0) & 0xFF in BUSY_FILES)


def forget_failed() -> None:
    """End what a statement began that the database did not answer, so that the session can be used again."""
    from somnia_server.store.tables import session

    session().rollback()


def close_all() -> None:
    """Close the connections of this process that nobody is using."""
    for engine in list(_engines):
        engine.dispose()


class _Patience:
    """Connects, unless the server was away a moment ago."""

    def __init__(self) -> None:
        self._until = 0.0

    def connect(self, dialect: Dialect, _record: object, args: list[Any], kwargs: dict[str, Any]) -> Any:
        driver: Any = dialect.loaded_dbapi
        if time.monotonic() < self._until:
            raise driver.OperationalError("the database was away a moment ago")
        try:
            return dialect.connect(*args, **kwargs)
        except driver.OperationalError:
            self._until = time.monotonic() + REST_S
            raise


def _take_any_text(connection: Any, _record: object) -> None:
    """Let words with a NUL in them find nothing, and be kept with a sign instead: PostgreSQL's text cannot hold one. The one guard."""
    from psycopg.types.string import StrDumperUnknown

    class Tidy(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, Tidy)


def _ping(connection: Any, _record: object, _proxy: object) -> None:
    """Ask a connection that lay in the pool whether its server is there; the pool makes new ones when it does not answer in time."""
    from psycopg import OperationalError as LostError
    from psycopg.pq import ExecStatus

    wire, until = connection.pgconn, time.monotonic() + PING_MS / 1000
    waiting = select.poll()
    waiting.register(wire.socket, select.POLLIN)
    try:
        wire.send_query(b"")
        while wire.is_busy():
            if not waiting.poll(max(0.0, until - time.monotonic()) * 1000):
                raise InvalidatePoolError("the database does not answer")
            wire.consume_input()
        while (answer := wire.get_result()) is not None:
            if answer.status != ExecStatus.EMPTY_QUERY:
                raise InvalidatePoolError("the database has ended this connection")
    except LostError as error:
        raise InvalidatePoolError("this connection is lost") from error


def _leave_to_the_parent() -> None:
    """Begin anew in the child of a fork.

    Sessions and connections of the parent are put aside and never cleared away: clearing away would speak through the parent's wires.
    """
    from somnia_server.store.tables import db

    sessions = db.session.registry.registry
    _left.append((dict(sessions), [engine.pool for engine in list(_engines)]))
    sessions.clear()
    for engine in list(_engines):
        engine.dispose(close=False)
