"""Refresh tokens: kept as digests, each used once; a family ends for good when one of it comes back a second time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update

from somnia_server.store.actors import Actor
from somnia_server.store.audit import note
from somnia_server.store.bound import vouched
from somnia_server.store.house import house, now
from somnia_server.store.sessions import role_of
from somnia_server.store.tables import RefreshRow, UserRow, session

LASTS = timedelta(days=30)
FAMILY_LASTS = timedelta(days=180)
"""After which a program asks its person again, however often it came back."""
TOKEN_BYTES = 32
ENDED = "client.ended"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that acts for a person: which client, with which scope, since when, last seen; `id` ends it."""

    id: str
    client: str
    scope: str
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is given out: the only time that it is readable."""

    token: str
    family: str
    user_id: str
    client: str
    scope: str
    lasts_s: int


def begin_family(user_id: str, *, client: str, scope: str, family: str = "") -> Refresh:
    """Give out the first refresh token of a family."""
    found = _give(user_id, family=family or secrets.token_hex(16), client=client, scope=scope)
    session().commit()
    return found


def rotate(token: str, *, client: str) -> Refresh | None:
    """Turn a refresh token into the next; None when it is unknown, old, another client's or used: a used one ends its family."""
    row = session().get(RefreshRow, _digest(token))
    if row is None or row.client != client or (row.revoked_at is None and not vouched(row)):
        return None
    taken = _write(RefreshRow.digest == row.digest, RefreshRow.used_at.is_(None), _alive(), values={"used_at": now()})
    if not taken:
        session().rollback()
        if session().scalar(select(RefreshRow.used_at).where(RefreshRow.digest == _digest(token))) is not None:
            end_family(row.family)
        return None
    found = _give(row.user_id, family=row.family, client=client, scope=row.scope, began_at=row.began_at or row.created_at)
    session().commit()
    return found


def end_token(token: str) -> None:
    """End the family of a refresh token, whoever brings it; an unknown one changes nothing."""
    row = session().get(RefreshRow, _digest(token))
    if row is not None:
        end_family(row.family)


def end_family(family: str) -> None:
    """End a family of tokens: its access tokens die with it."""
    _write(RefreshRow.family == family, RefreshRow.revoked_at.is_(None), values={"revoked_at": now(), "mark": None})
    session().commit()


def programs_of(actor: Actor) -> tuple[Program, ...]:
    """Return the programs that act for the actor now, the latest first."""
    unused = RefreshRow.user_id == actor.id, RefreshRow.used_at.is_(None), _alive()
    rows = session().scalars(select(RefreshRow).where(*unused).order_by(RefreshRow.created_at.desc())).all()
    return tuple(Program(r.family, r.client, r.scope, r.began_at or r.created_at, r.created_at) for r in rows if vouched(r))


def end_program(actor: Actor, family: str) -> bool:
    """End one program's access to the actor, note and commit; False when there is none of theirs."""
    own = RefreshRow.family == family, RefreshRow.user_id == actor.id, RefreshRow.revoked_at.is_(None)
    client = session().scalars(select(RefreshRow.client).where(*own).limit(1)).one_or_none()
    if client is None:
        return False
    note(actor, ENDED, subject=actor.id, thing=client)
    end_family(family)
    return True


def end_client(client: str) -> None:
    """End what a program was given by anybody; the caller commits."""
    _write(RefreshRow.client == client, RefreshRow.revoked_at.is_(None), values={"revoked_at": now(), "mark": None})


def actor_of_family(user_id: str, *, family: str, scopes: frozenset[str]) -> Actor | None:
    """Return who an access token stands for while its family and its account are alive."""
    alive = exists().where(RefreshRow.family == family, RefreshRow.user_id == UserRow.id, _alive())
    user = session().scalars(select(UserRow).where(UserRow.id == user_id, UserRow.active, alive)).one_or_none()
    return None if user is None or not user.is_active else Actor(user.id, role_of(user.roles), scopes)


def _give(user_id: str, *, family: str, client: str, scope: str, began_at: datetime | None = None) -> Refresh:
    token, at = secrets.token_urlsafe(TOKEN_BYTES), now()
    row = RefreshRow(digest=_digest(token), family=family, user_id=user_id, client=client, scope=scope, created_at=at)
    row.began_at = began_at or at
    row.expires_at = min(at + LASTS, row.began_at + FAMILY_LASTS)
    session().add(row)
    return Refresh(token, family, user_id, client, scope, int((row.expires_at - at).total_seconds()))


def _alive() -> ColumnElement[bool]:
    return and_(RefreshRow.revoked_at.is_(None), RefreshRow.expires_at > now())


def _write(*which: ColumnElement[bool], values: dict[str, Any]) -> int:
    done: Any = session().execute(update(RefreshRow).where(*which).values(**values).execution_options(synchronize_session=False))
    return int(done.rowcount)


def _digest(token: str) -> str:
    return house().vault.fingerprint("refresh", token)
