"""What persons are to be told: sealed, shown at their next visit until they have read it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from somnia_engine.text import Text
from somnia_server.store import codec
from somnia_server.store.actors import Actor
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.reach import alive_guardian
from somnia_server.store.tables import GuardianRow, NoticeRow, session

SHARING, EMERGENCY, GUARDIAN, ACCESS, NIGHT = "sharing", "emergency", "guardian", "access", "night"
"""Kinds: somebody shares, asks or answers; an emergency access; guardianship; somebody looked; a night was signed."""
READY, VISIT = "ready", "visit"
"""Kinds: a night was analyzed; a visit is near."""
SHOWN = 200
"""Notices that a list holds at most."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person is told; `read_at` is None until they have read it."""

    id: str
    kind: str
    text: Text
    created_at: datetime
    read_at: datetime | None


def tell(owner: str, kind: str, text: Text) -> str:
    """Keep a notice for a person within the caller's transaction; return its id."""
    row = NoticeRow(id=secrets.token_hex(16), owner=owner, kind=kind, created_at=now())
    row.sealed_text = house().vault.seal(codec.dumps(text), table="notices.text", row=row.id, owner=owner)
    session().add(row)
    return row.id


def tell_with_guardians(owner: str, kind: str, text: Text) -> None:
    """Keep a notice for a person and for each guardian who acts for them, within the caller's transaction."""
    guardians = session().scalars(select(GuardianRow.guardian).where(alive_guardian(GuardianRow.minor, owner))).all()
    for told in dict.fromkeys((owner, *guardians)):
        tell(told, kind, text)


def list_notices(actor: Actor, *, unread_only: bool = False) -> tuple[Notice, ...]:
    """Return the actor's own notices, newest first."""
    query = select(NoticeRow).where(NoticeRow.owner == actor.id)
    if unread_only:
        query = query.where(NoticeRow.read_at.is_(None))
    return tuple(_notice(row) for row in session().scalars(query.order_by(NoticeRow.created_at.desc(), NoticeRow.id).limit(SHOWN)))


def unread(actor: Actor) -> int:
    """Return how many notices the actor has not read."""
    query = select(func.count()).select_from(NoticeRow).where(NoticeRow.owner == actor.id, NoticeRow.read_at.is_(None))
    return session().scalar(query) or 0


def mark_read(actor: Actor, notice_id: str | None = None) -> int:
    """Note that the actor has read one notice, or all of them; return how many were unread."""
    mine = update(NoticeRow).where(NoticeRow.owner == actor.id, NoticeRow.read_at.is_(None))
    if notice_id is not None:
        mine = mine.where(NoticeRow.id == notice_id)
    done: Any = session().execute(mine.values(read_at=now()).execution_options(synchronize_session=False))
    session().commit()
    return int(done.rowcount)


def _notice(row: NoticeRow) -> Notice:
    return Notice(row.id, row.kind, said_in(row), row.created_at, row.read_at)


def said_in(row: NoticeRow) -> Text:
    """Return what a notice says, or that it is damaged."""

    def read() -> Text:
        return codec.loads(Text, house().vault.open_sealed(row.sealed_text, table="notices.text", row=row.id, owner=row.owner))

    return read_or(read, SENTENCE, what=f"notice {row.id}")
