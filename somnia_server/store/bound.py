"""Rows that let somebody in carry a mark, so that whoever can write to the database lets nobody in by it.

A mark is an HMAC, under a key of the house, of what the row says. It is made wherever such a row is written through its object, taken
away where the row ends, and compared where the row is read to decide something. A row without its mark is refused, named in the log
and noted. An older row can be put back together with its mark: ending takes the mark along, but who kept a copy has it.
"""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any

from flask import Flask, g, has_request_context
from sqlalchemy import ColumnElement, event, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session, SessionTransaction

from somnia_server.store.house import house
from somnia_server.store.tables import (
    Base,
    CodeRow,
    ConsentRow,
    GrantRow,
    GuardianRow,
    InvitationRow,
    KioskRow,
    PasskeyRow,
    RefreshRow,
    SessionRow,
    UserRow,
    session,
)
from somnia_server.store.vault import TamperedError

log = logging.getLogger(__name__)
_TERMS = ("scope", "first_night", "last_night", "may_upload")
FIELDS: dict[type[Base], tuple[str, ...]] = {
    UserRow: (
        "id",
        "email",
        "password",
        "active",
        "confirmed",
        "role_names",
        "tf_primary_method",
        "tf_totp_secret",
        "oidc_subject",
        "recovery_codes",
    ),
    PasskeyRow: ("credential_id", "public_key", "whose", "usage"),
    SessionRow: ("id", "user_id", "created_at"),
    RefreshRow: ("digest", "family", "user_id", "client", "scope", "expires_at"),
    CodeRow: ("digest", "client", "user_id", "redirect_uri", "scope", "challenge", "expires_at"),
    GrantRow: ("id", "patient", "doctor", "kind", *_TERMS, "expires_at"),
    InvitationRow: ("id", "patient", "code", "email", *_TERMS, "grant_days", "expires_at"),
    GuardianRow: ("id", "guardian", "minor", "verified_at", "verified_by"),
    KioskRow: ("id", "doctor", "token"),
    ConsentRow: ("id", "owner", "kind", "version", "given_by", "given_at"),
}
"""What each mark covers. What only ever narrows (ended, used, last seen) is not among it: ending a row takes its mark away."""
_VOUCHED = "somnia vouched"
_told: set[str] = set()
"""Rows that this process has named already."""


def mark_of(row: Base, **changed: Any) -> str:
    """Return the mark of a row as it stands, or with some values changed."""
    names = FIELDS[type(row)]
    return _mark(type(row), [changed[name] if name in changed else getattr(row, name) for name in names])


def mark_without(row: Base, field: str) -> str:
    """Return the mark that a row had before its mark covered one more field, for an upgrade."""
    return _mark(type(row), [getattr(row, name) for name in FIELDS[type(row)] if name != field])


def vouched(row: Base) -> bool:
    """Return whether a row carries its mark."""
    kept: str | None = row.mark  # type: ignore[attr-defined]
    if kept is not None and compare_digest(kept.encode(), mark_of(row).encode()):
        return True
    _name(type(row), str(getattr(row, FIELDS[type(row)][0])))
    return False


def only_vouched(table: type[GrantRow] | type[GuardianRow], column: InstrumentedAttribute[str], value: str) -> ColumnElement[bool]:
    """Return the predicate of those rows of somebody that have not ended and carry their marks; asked once a transaction."""
    known: dict[Any, list[str]] = session().info.setdefault(_VOUCHED, {})
    key = (column.key, value, table)
    if key not in known:
        names = FIELDS[table]
        alive = column == value, (table.revoked_at if table is GrantRow else table.ended_at).is_(None)  # type: ignore[union-attr]
        rows = session().execute(select(table.mark, *(getattr(table, name) for name in names)).where(*alive)).all()
        known[key] = [said[0] for kept, *said in rows if _carries(table, kept, said)]
    return table.id.in_(known[key])


def _carries(table: type[Base], kept: str | None, said: Sequence[Any]) -> bool:
    if kept is not None and compare_digest(kept.encode(), _mark(table, said).encode()):
        return True
    _name(table, str(said[0]))
    return False


def _mark(table: type[Base], values: Sequence[Any]) -> str:
    said = json.dumps([table.__tablename__, *map(_plain, values)], separators=(",", ":")).encode()
    return digest(house().vault.derive(b"somnia marks"), said, sha256).hex()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, (bytes, bytearray, memoryview)) else value


def _name(table: type[Base], row: str) -> None:
    """Say once in a process that a row is forged; what is noted of it is written when the request has ended."""
    what = f"{table.__tablename__} {row}"
    if what in _told:
        return
    _told.add(what)
    log.error("%s does not carry its mark and counts for nothing: it was changed in the database", what)
    if has_request_context():
        g.setdefault("forged", []).append(what)


def init_bound(app: Flask) -> None:
    """Let an application note which forged rows a request has met."""
    from somnia_server.store.accounts import HOUSE
    from somnia_server.store.audit import note

    @app.after_request
    def _note_forged(response: Any) -> Any:
        if found := g.pop("forged", []):
            session().rollback()
            for what in found:
                note(HOUSE, "forged", subject="house:records", thing=what[:128])
            session().commit()
        return response


@event.listens_for(Session, "before_flush")
def _mark_rows(ending: Session, _context: object, _instances: object) -> None:
    """Mark what is new and what has changed; TamperedError when what is to change does not carry its mark."""
    ending.info.pop(_VOUCHED, None)
    for row in ending.new:
        if type(row) in FIELDS:
            row.mark = mark_of(row)
    for row in ending.dirty:
        if type(row) in FIELDS and ending.is_modified(row):
            _mark_again(ending, row)


def _mark_again(ending: Session, row: Any) -> None:
    with Session(ending.connection(), join_transaction_mode="rollback_only") as aside:
        stored = aside.get(type(row), inspect(row).identity)
        if stored is not None and stored.mark is None and not isinstance(row, UserRow):
            return  # it has ended, and does not come back by being written
        if stored is not None and not vouched(stored):
            raise TamperedError(f"a row of {type(row).__tablename__} does not carry its mark and is not written again")
    row.mark = mark_of(row)


@event.listens_for(Session, "after_transaction_end")
def _ask_again(ended: Session, _transaction: SessionTransaction) -> None:
    ended.info.pop(_VOUCHED, None)
