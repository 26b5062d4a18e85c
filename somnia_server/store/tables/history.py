"""What makes a history of nights: each night's numbers in small, what a person noted of a day, and what they answered."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, OWNER, Base, Moment


class TrendRow(Base):
    """A night's numbers, apart from the night: years of them are read at once, and a night's own row is large."""

    __tablename__ = "trends"
    __table_args__ = (Index("ix_trends_owner", "owner"),)

    night_id: Mapped[str] = mapped_column(ForeignKey("nights.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    sealed_trend: Mapped[bytes] = mapped_column(LargeBinary)


class RemarkRow(Base):
    """What a person noted of a night: of its day, so that it outlives a new analysis."""

    __tablename__ = "remarks"
    __table_args__ = (Index("uq_remarks_owner_night", "owner", "night", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    night: Mapped[date]
    changed_at: Mapped[datetime] = mapped_column(Moment)
    sealed_remark: Mapped[bytes] = mapped_column(LargeBinary)


class AnswerRow(Base):
    """What a person answered to a questionnaire on a day; which one is sealed with the answers."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_owner", "owner"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    day: Mapped[date]
    changed_at: Mapped[datetime] = mapped_column(Moment)
    sealed_answers: Mapped[bytes] = mapped_column(LargeBinary)
