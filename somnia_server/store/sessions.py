"""Browsers that are logged in: a row each, asked at every request, so that ending it ends it in every process."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.engine import CursorResult

from somnia_server.store.actors import Actor, Role
from somnia_server.store.bound import vouched
from somnia_server.store.house import house, now
from somnia_server.store.tables import RefreshRow, RoleRow, SessionRow, UserRow, session
from somnia_server.store.vault import TamperedError

IDLE = {Role.USER: timedelta(minutes=60), Role.DOCTOR: timedelta(minutes=15), Role.ADMIN: timedelta(minutes=15)}
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""How often a session notes that it was used; less often would end idle ones late, more often would write at each request."""
RANKS = (Role.ADMIN, Role.DOCTOR, Role.USER)
TOKEN_BYTES = 32
AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is logged in: its name for ending it, since when, last seen, what it calls itself, whether it asks now."""

    id: str
    created_at: datetime
    seen_at: datetime
    agent: str
    asks: bool


def begin_session(user_id: str, agent: str) -> str:
    """Note and commit that a browser has logged in; return what its cookie carries."""
    token = token_urlsafe(TOKEN_BYTES)
    row, at = _digest(token), now()
    sealed = house().vault.seal(agent[:AGENT_LENGTH].encode(), table="sessions.agent", row=row, owner=user_id)
    session().add(SessionRow(id=row, user_id=user_id, created_at=at, seen_at=at, ended_at=None, sealed_agent=sealed))
    session().commit()
    return token


def actor_of_session(token: str, *, used: bool = True) -> Actor | None:
    """Return who a session stands for while it is alive, and note at most once a minute that it was `used`."""
    row = session().get(SessionRow, _digest(token))
    if row is None or row.ended_at is not None or not vouched(row):
        return None
    user = session().get(UserRow, row.user_id)
    if user is None or not user.is_active:
        return None
    role, at = role_of(user.roles), now()
    if at - row.seen_at > IDLE[role] or at - row.created_at > ABSOLUTE:
        return None
    if used and at - row.seen_at > SEEN_EVERY:
        session().execute(update(SessionRow).where(SessionRow.id == row.id).values(seen_at=at))
        session().commit()
    return Actor(user.id, role)


def role_of(roles: list[RoleRow]) -> Role:
    """Return the highest of a person's roles."""
    names = {role.name for role in roles}
    return next((role for role in RANKS if role in names), Role.USER)


def sessions_of(actor: Actor, token: str) -> tuple[Browser, ...]:
    """Return the browsers in which an account is logged in, the newest first; `token` is the one that asks."""
    at = now()
    alive = (SessionRow.ended_at.is_(None), SessionRow.seen_at > at - IDLE[actor.role], SessionRow.created_at > at - ABSOLUTE)
    rows = session().scalars(select(SessionRow).where(SessionRow.user_id == actor.id, *alive).order_by(SessionRow.created_at.desc()))
    asks = _digest(token)
    return tuple(Browser(row.id, row.created_at, row.seen_at, _agent(row), row.id == asks) for row in rows)


def end_session(token: str) -> None:
    """End one session and commit."""
    _end(SessionRow.id == _digest(token))


def end_sessions(user_id: str, *, keep: str = "") -> int:
    """End all sessions of an account but the kept one, and all its programs' refresh tokens; commit; return how many sessions."""
    others = SessionRow.user_id == user_id, SessionRow.id != _digest(keep)
    alive = RefreshRow.user_id == user_id, RefreshRow.revoked_at.is_(None)
    session().execute(update(RefreshRow).where(*alive).values(revoked_at=now(), mark=None))
    return _end(*others)


def purge_sessions(before: datetime) -> int:
    """Delete the sessions that ended, or were last used, before a time; return how many."""
    gone = session().execute(delete(SessionRow).where(or_(SessionRow.ended_at < before, SessionRow.seen_at < before)))
    session().commit()
    return _count(gone)


def _end(*which: ColumnElement[bool]) -> int:
    ended = session().execute(update(SessionRow).where(*which, SessionRow.ended_at.is_(None)).values(ended_at=now(), mark=None))
    session().commit()
    return _count(ended)


def _count(done: object) -> int:
    return done.rowcount if isinstance(done, CursorResult) else 0


def _digest(token: str) -> str:
    return house().vault.fingerprint("session", token)


def _agent(row: SessionRow) -> str:
    if row.sealed_agent is None:
        return ""
    try:
        return house().vault.open_sealed(row.sealed_agent, table="sessions.agent", row=row.id, owner=row.user_id).decode()
    except TamperedError:
        return ""
