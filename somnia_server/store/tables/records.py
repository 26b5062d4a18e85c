"""What is on record: the audit log, the breach register; and the tokens of the API's clients."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, MARK, OWNER, Base, Moment

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


class AuditRow(Base):
    """One entry of the audit log; `mac` chains it to the one before."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject"), Index("ix_audit_at", "at"))

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(OWNER)
    role: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(OWNER)
    object: Mapped[str] = mapped_column(String(128))
    sealed_detail: Mapped[bytes | None] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class BreachRow(Base):
    """An incident: the window of time that it concerns, what is known, sealed under a key of the house, and what was sent when."""

    __tablename__ = "breaches"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    opened_by: Mapped[str] = mapped_column(OWNER)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    begins_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    authority_told_at: Mapped[datetime | None] = mapped_column(Moment)
    people_told_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_notes: Mapped[bytes] = mapped_column(LargeBinary)


class ClinicNoteRow(Base):
    """Words for the displays of the house, with their last day."""

    __tablename__ = "clinic_notes"
    __table_args__ = (Index("ix_clinic_notes_last_day", "last_day"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    written_by: Mapped[str] = mapped_column(OWNER)
    written_at: Mapped[datetime] = mapped_column(Moment)
    last_day: Mapped[date]
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)


class ClientRow(Base):
    """A program of others that may ask for access (OAuth 2.0, public client with PKCE)."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    redirect_uris: Mapped[str] = mapped_column(String(2048))
    scope: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(OWNER)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class CodeRow(Base):
    """An authorization code that was given out once; kept as a digest."""

    __tablename__ = "codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    client: Mapped[str] = mapped_column(String(48))
    user_id: Mapped[str] = mapped_column(OWNER)
    redirect_uri: Mapped[str] = mapped_column(String(2048))
    scope: Mapped[str] = mapped_column(String(255))
    challenge: Mapped[str] = mapped_column(String(128))
    family: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used: Mapped[bool] = mapped_column(Boolean)
    mark: Mapped[str | None] = mapped_column(MARK)


class RefreshRow(Base):
    """A refresh token, kept as a digest; its family ends when one of it is used twice."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_family", "family"), Index("ix_refresh_tokens_user_id", "user_id"))

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    family: Mapped[str] = mapped_column(ID)
    user_id: Mapped[str] = mapped_column(OWNER)
    client: Mapped[str] = mapped_column(String(48))
    scope: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Moment)
    began_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    mark: Mapped[str | None] = mapped_column(MARK)
