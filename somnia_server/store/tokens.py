"""Refresh tokens: kept as digests, each used once; a family ends for good when one of it comes back a second time."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update

from somnia_server.store.actors import Actor
from somnia_server.store.bound import vouched
from somnia_server.store.house import house, now
from somnia_server.store.sessions import role_of
from somnia_server.store.tables import RefreshRow, UserRow, session

LASTS = timedelta(days=30)
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is given out: the only time that it is readable."""

    token: str
    family: str
    user_id: str
    client: str
    scope: str


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
    found = _give(row.user_id, family=row.family, client=client, scope=row.scope)
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


def actor_of_family(user_id: str, *, family: str, scopes: frozenset[str]) -> Actor | None:
    """Return who an access token stands for while its family and its account are alive."""
    alive = exists().where(RefreshRow.family == family, RefreshRow.user_id == UserRow.id, _alive())
    user = session().scalars(select(UserRow).where(UserRow.id == user_id, UserRow.active, alive)).one_or_none()
    return None if user is None or not user.is_active else Actor(user.id, role_of(user.roles), scopes)


def _give(user_id: str, *, family: str, client: str, scope: str) -> Refresh:
    token, at = secrets.token_urlsafe(TOKEN_BYTES), now()
    row = RefreshRow(digest=_digest(token), family=family, user_id=user_id, client=client, scope=scope, created_at=at)
    row.expires_at = at + LASTS
    session().add(row)
    return Refresh(token, family, user_id, client, scope)


def _alive() -> ColumnElement[bool]:
    return and_(RefreshRow.revoked_at.is_(None), RefreshRow.expires_at > now())


def _write(*which: ColumnElement[bool], values: dict[str, Any]) -> int:
    done: Any = session().execute(update(RefreshRow).where(*which).values(**values).execution_options(synchronize_session=False))
    return int(done.rowcount)


def _digest(token: str) -> str:
    return house().vault.fingerprint("refresh", token)
