"""What programs need: answers that come again to the same request; whom to tell of what happened, and what was told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, OWNER, Base, Moment


class RepeatRow(Base):
    """A request that must count once: its key's digest, a digest of what was asked, the answer; no answer: it is under way."""

    __tablename__ = "repeats"
    __table_args__ = (Index("ix_repeats_owner", "owner"), Index("ix_repeats_created_at", "created_at"))

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    asked: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)


class WebhookRow(Base):
    """Where somebody wants to be told: address, secret and events are sealed; `failures` in a row, `disabled_at` after too many."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_owner", "owner"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    created_at: Mapped[datetime] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_said: Mapped[bytes] = mapped_column(LargeBinary)


class DeliveryRow(Base):
    """Something to tell a webhook: ids only; `next_at` None when nothing is to be tried any more."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_webhook", "webhook"), Index("ix_deliveries_next_at", "next_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    webhook: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(OWNER)
    event: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(OWNER)
    thing: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    status: Mapped[int | None]
