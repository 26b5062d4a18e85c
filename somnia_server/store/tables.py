"""The tables: ids, owners, states and times in the clear; whatever says something about a person is sealed."""

import sqlite3
import time
from datetime import UTC, date, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, event, text
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

ID = String(32)
OWNER = String(64)


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


class Base(DeclarativeBase):
    """The base of all tables."""


db = SQLAlchemy(model_class=Base)


class VisitorRow(Base):
    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(OWNER, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class UploadRow(Base):
    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_owner", "owner"), Index("ix_uploads_expires_at", "expires_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    state: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    demo: Mapped[str | None] = mapped_column(String(128))
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_survey: Mapped[bytes | None] = mapped_column(LargeBinary)


class NightRow(Base):
    __tablename__ = "nights"
    __table_args__ = (
        Index("ix_nights_owner_night", "owner", "night"),
        Index("ix_nights_expires_at", "expires_at"),
        Index("uq_nights_owner_fingerprint", "owner", "fingerprint", unique=True),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    night: Mapped[date]
    state: Mapped[str] = mapped_column(String(16))
    demo: Mapped[bool]
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_summary: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_series: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_owner", "owner"),
        Index("ix_jobs_state", "state"),
        Index(
            "uq_jobs_active",
            "owner",
            "fingerprint",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    night: Mapped[date | None]
    stage: Mapped[str] = mapped_column(String(16), default="")
    fraction: Mapped[float] = mapped_column(default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    night_id: Mapped[str | None] = mapped_column(ID)
    error_id: Mapped[str | None] = mapped_column(String(16))
    sealed_error: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_options: Mapped[bytes] = mapped_column(LargeBinary)


class JobUploadRow(Base):
    """Which uploads a job reads: an upload goes when the last of its jobs is done."""

    __tablename__ = "job_uploads"
    __table_args__ = (Index("ix_job_uploads_upload_id", "upload_id"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]


def session() -> Session:
    """Return the session of this request or task."""
    found: Session = db.session()
    return found


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
