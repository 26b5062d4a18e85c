"""How often something was tried: one row a key, counted in one statement, so that no two requests can both be the last allowed one."""

from datetime import datetime, timedelta
from typing import Any

from limits.storage import MovingWindowSupport, Storage
from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from somnia_server.store.house import house, now
from somnia_server.store.tables import TryRow, db


def acquire(key: str, limit: int, *, seconds: float, amount: int = 1) -> bool:
    """Count something and return True while it is within the limit.

    What is refused is not counted, and the count begins anew once nothing was allowed for the whole time: in any span of that
    length there are never more than `limit`.
    """
    at = now()
    statement: Any = _insert()(TryRow).values(key=_digest(key), count=amount, expires_at=at + timedelta(seconds=seconds))
    over = TryRow.expires_at <= at
    counted = statement.on_conflict_do_update(
        index_elements=[TryRow.key],
        set_={"count": case((over, amount), else_=TryRow.count + amount), "expires_at": statement.excluded.expires_at},
        where=or_(over, TryRow.count + amount <= limit),
    ).returning(TryRow.count)
    if amount > limit:
        return False
    with db.engine.begin() as connection:
        return connection.execute(counted).first() is not None


def counted(key: str) -> tuple[int, datetime]:
    """Return how often something was tried, and when that is forgotten."""
    at = now()
    with db.engine.connect() as connection:
        row = connection.execute(select(TryRow.count, TryRow.expires_at).where(TryRow.key == _digest(key))).first()
    return (row.count, row.expires_at) if row is not None and row.expires_at > at else (0, at)


def give_back(key: str) -> None:
    """Take back one try."""
    with db.engine.begin() as connection:
        connection.execute(update(TryRow).where(TryRow.key == _digest(key), TryRow.count > 0).values(count=TryRow.count - 1))


def forget(key: str) -> None:
    """Forget what was tried under a key."""
    with db.engine.begin() as connection:
        connection.execute(delete(TryRow).where(TryRow.key == _digest(key)))


def purge_tries(before: datetime) -> int:
    """Delete what was to be forgotten before a time; return how many."""
    with db.engine.begin() as connection:
        return int(connection.execute(delete(TryRow).where(TryRow.expires_at < before)).rowcount)


class Tries(Storage, MovingWindowSupport):
    """The database as a place where a rate limiter counts."""

    STORAGE_SCHEME = ["somnia+db"]  # noqa: RUF012 - as the base class declares it

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what goes wrong when the database does not answer."""
        return SQLAlchemyError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count something and return True while it is within the limit."""
        return acquire(key, limit, seconds=expiry, amount=amount)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the count began at the latest, and how far it is."""
        count, until = counted(key)
        return until.timestamp() - expiry, count

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count something without a limit."""
        acquire(key, 2**31 - 1, seconds=expiry, amount=amount)
        return counted(key)[0]

    def get(self, key: str) -> int:
        """Return how often something was tried."""
        return counted(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return when that is forgotten."""
        return counted(key)[1].timestamp()

    def check(self) -> bool:
        """Return whether the database answers."""
        counted("check")
        return True

    def reset(self) -> int | None:
        """Forget everything that was tried."""
        with db.engine.begin() as connection:
            return int(connection.execute(delete(TryRow)).rowcount)

    def clear(self, key: str) -> None:
        """Forget what was tried under a key."""
        forget(key)


def _insert() -> Any:
    return postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert


def _digest(key: str) -> str:
    return house().vault.fingerprint("try", key)
