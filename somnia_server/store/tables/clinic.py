"""What doctors make of nights: scorings, interpretations, messages, visits; and how a doctor looks at the list."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, OWNER, Base, Moment


class ScoringRow(Base):
    """A person's stages, events, comments and lights of a night, beside the automatic ones; a kept version never changes."""

    __tablename__ = "scorings"
    __table_args__ = (Index("uq_scorings_version", "night_id", "author", "version", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    night_id: Mapped[str] = mapped_column(ForeignKey("nights.id", ondelete="CASCADE"))
    patient: Mapped[str] = mapped_column(OWNER)
    author: Mapped[str] = mapped_column(OWNER)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    sealed_marks: Mapped[bytes] = mapped_column(LargeBinary)


class InterpretationRow(Base):
    """What a doctor says of a night: what is signed stays, with the night as it was; a later version stands beside it."""

    __tablename__ = "interpretations"
    __table_args__ = (Index("uq_interpretations_version", "night_id", "version", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    night_id: Mapped[str] = mapped_column(ForeignKey("nights.id", ondelete="CASCADE"))
    patient: Mapped[str] = mapped_column(OWNER)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(OWNER)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    analyzed_at: Mapped[datetime] = mapped_column(Moment)
    signed_at: Mapped[datetime | None] = mapped_column(Moment)
    scoring_id: Mapped[str | None] = mapped_column(ID)
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_summary: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    sealed_series: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class MessageRow(Base):
    """A message between a doctor and a patient."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_patient", "patient"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    patient: Mapped[str] = mapped_column(OWNER)
    doctor: Mapped[str] = mapped_column(OWNER)
    author: Mapped[str] = mapped_column(OWNER)
    created_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)


class VisitRow(Base):
    """A visit by video: when, where to meet, which nights lie open beside it, what was noted."""

    __tablename__ = "visits"
    __table_args__ = (Index("ix_visits_patient", "patient"), Index("ix_visits_doctor", "doctor"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    patient: Mapped[str] = mapped_column(OWNER)
    doctor: Mapped[str] = mapped_column(OWNER)
    begins_at: Mapped[datetime] = mapped_column(Moment)
    minutes: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_detail: Mapped[bytes] = mapped_column(LargeBinary)


class FilterRow(Base):
    """A filter of the worklist that a doctor saved."""

    __tablename__ = "filters"
    __table_args__ = (Index("ix_filters_doctor", "doctor"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    doctor: Mapped[str] = mapped_column(OWNER)
    created_at: Mapped[datetime] = mapped_column(Moment)
    sealed_said: Mapped[bytes] = mapped_column(LargeBinary)
