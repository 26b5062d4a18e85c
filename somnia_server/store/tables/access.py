"""Who may see whom: grants, invitations, requests, guardians, kiosks; and what has been tried at the doors."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, MARK, OWNER, Base, Lookup, Moment


class GrantRow(Base):
    """That a patient (or an emergency) opens nights to a doctor: alive until it expires or is revoked."""

    __tablename__ = "grants"
    __table_args__ = (Index("ix_grants_patient", "patient"), Index("ix_grants_doctor", "doctor"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    patient: Mapped[str] = mapped_column(OWNER)
    doctor: Mapped[str] = mapped_column(OWNER)
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(16))
    first_night: Mapped[date | None]
    last_night: Mapped[date | None]
    may_upload: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    mark: Mapped[str | None] = mapped_column(MARK)


class InvitationRow(Base):
    """A grant that waits for its doctor: for whoever brings the code, or for the account of one address."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_patient", "patient"), Index("ix_invitations_email", "email"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    patient: Mapped[str] = mapped_column(OWNER)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(Lookup)
    scope: Mapped[str] = mapped_column(String(16))
    first_night: Mapped[date | None]
    last_night: Mapped[date | None]
    may_upload: Mapped[bool]
    grant_days: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    mark: Mapped[str | None] = mapped_column(MARK)


class SharingRequestRow(Base):
    """That a doctor asks a patient to share."""

    __tablename__ = "sharing_requests"
    __table_args__ = (Index("ix_sharing_requests_patient", "patient"), Index("ix_sharing_requests_doctor", "doctor"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    doctor: Mapped[str] = mapped_column(OWNER)
    patient: Mapped[str] = mapped_column(OWNER)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_message: Mapped[bytes] = mapped_column(LargeBinary)


class GuardianRow(Base):
    """That an adult acts for a person under 18; of effect once an administrator or a doctor has verified it."""

    __tablename__ = "guardians"
    __table_args__ = (Index("ix_guardians_guardian", "guardian"), Index("ix_guardians_minor", "minor"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    guardian: Mapped[str] = mapped_column(OWNER)
    minor: Mapped[str] = mapped_column(OWNER)
    stated_at: Mapped[datetime] = mapped_column(Moment)
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_by: Mapped[str | None] = mapped_column(OWNER)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    mark: Mapped[str | None] = mapped_column(MARK)


class KioskRow(Base):
    """A display that a doctor paired: read-only, by a token of its own."""

    __tablename__ = "kiosks"
    __table_args__ = (Index("ix_kiosks_doctor", "doctor"),)

    id: Mapped[str] = mapped_column(OWNER, primary_key=True)
    doctor: Mapped[str] = mapped_column(OWNER)
    code: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_expires_at: Mapped[datetime] = mapped_column(Moment)
    token: Mapped[str | None] = mapped_column(String(64), unique=True)
    fields: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Moment)
    paired_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    mark: Mapped[str | None] = mapped_column(MARK)


class BedRow(Base):
    """A place on a kiosk: whose night it shows, under which alias."""

    __tablename__ = "beds"

    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id", ondelete="CASCADE"), primary_key=True)
    patient: Mapped[str] = mapped_column(OWNER, primary_key=True)
    position: Mapped[int]
    sealed_alias: Mapped[bytes] = mapped_column(LargeBinary)


class TryRow(Base):
    """How often something was tried in one window of time; the key is a keyed digest."""

    __tablename__ = "tries"
    __table_args__ = (Index("ix_tries_expires_at", "expires_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(Moment)
