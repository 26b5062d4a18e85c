"""Uploads, nights and the jobs between them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, OWNER, Base, Moment


class UploadRow(Base):
    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_owner", "owner"), Index("ix_uploads_expires_at", "expires_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    state: Mapped[str] = mapped_column(String(16))
    brought_by: Mapped[str | None] = mapped_column(OWNER)
    kind: Mapped[str | None] = mapped_column(String(16))
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
    sealed_face: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class ClipRow(Base):
    """A loud moment of a night; it goes with its night, or when its time is over."""

    __tablename__ = "clips"
    __table_args__ = (
        Index("ix_clips_owner", "owner"),
        Index("ix_clips_night_id", "night_id"),
        Index("ix_clips_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    night_id: Mapped[str] = mapped_column(ForeignKey("nights.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    sealed_clip: Mapped[bytes] = mapped_column(LargeBinary)


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
    brought_by: Mapped[str | None] = mapped_column(OWNER)
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
