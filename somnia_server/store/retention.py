"""How long things stay: nights and uploads by whose they are, raw files as their person wants, spent keys to doors a month."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_

from somnia_server.store import persons
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.tables import (
    Base,
    CodeRow,
    InvitationRow,
    KioskRow,
    NoticeRow,
    RefreshRow,
    SessionRow,
    SharingRequestRow,
    TryRow,
    session,
)

UPLOADS_WAIT = timedelta(days=30)
"""How long the file of an account waits for its analysis."""
SPENT_STAY = timedelta(days=30)
READ_NOTICES_STAY = timedelta(days=365)
REQUESTS_STAY = timedelta(days=60)
"""A request is over after 30 days; it holds an address, so it goes."""


def night_stays_until(owner: str, at: datetime) -> datetime | None:
    """Return until when a night stays that is kept at a moment; None for a person with an account: until they delete it."""
    return None if has_account(owner) else at + timedelta(hours=house().settings.visitor_hours)


def upload_stays_until(owner: str, at: datetime) -> datetime:
    """Return until when a file waits for its analysis."""
    return at + (UPLOADS_WAIT if has_account(owner) else timedelta(hours=house().settings.visitor_hours))


def raw_stays_until(owner: str, at: datetime) -> datetime | None:
    """Return until when a raw file stays whose analysis ended at a moment, as its person wants; None when it goes at once."""
    wanted = persons.load_settings(Actor.owner(owner)).raw_retention_h
    hours = house().settings.raw_hours if wanted is None else wanted
    return at + timedelta(hours=hours) if hours else None


def purge_spent(at: datetime) -> int:
    """Delete what opens no door any more: spent invitations, codes, tokens, sessions, counters; and notices read long ago."""
    gone = sum(_delete(table, spent) for table, spent in _spent(at))
    session().commit()
    return gone


def _spent(at: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    old = at - SPENT_STAY
    unpaired = and_(KioskRow.paired_at.is_(None), KioskRow.code_expires_at < old)
    return [
        (TryRow, TryRow.expires_at < at),
        (CodeRow, CodeRow.expires_at < old),
        (RefreshRow, RefreshRow.expires_at < old),
        (SessionRow, or_(SessionRow.ended_at < old, SessionRow.seen_at < old)),
        (InvitationRow, or_(InvitationRow.expires_at < old, InvitationRow.used_at < old, InvitationRow.withdrawn_at < old)),
        (KioskRow, or_(unpaired, KioskRow.revoked_at < old)),
        (SharingRequestRow, SharingRequestRow.created_at < at - REQUESTS_STAY),
        (NoticeRow, NoticeRow.read_at < at - READ_NOTICES_STAY),
    ]


def _delete(table: type[Base], spent: ColumnElement[bool]) -> int:
    gone: Any = session().execute(delete(table).where(spent).execution_options(synchronize_session=False))
    return int(gone.rowcount)


def has_account(owner: str) -> bool:
    """Return whether an owner is a person with an account, not a visitor."""
    return owner.startswith("u-")
