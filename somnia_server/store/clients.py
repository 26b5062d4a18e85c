"""Programs of others that may ask a person for access, and the codes that carry the person's yes to them."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note
from somnia_server.store.bound import vouched
from somnia_server.store.house import house, now
from somnia_server.store.tables import ClientRow, CodeRow, session
from somnia_server.store.tokens import Refresh, begin_family, end_client, end_family

LASTS = timedelta(minutes=1)
"""How long a code counts: a program brings it at once."""
MADE, ALLOWED, REMOVED = "client.made", "client.allowed", "client.removed"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that was registered: where it may be answered, and what it may ask for."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code that counts now: which address it was sent to, and what its bearer must prove."""

    digest: str
    redirect_uri: str
    challenge: str


def add_client(actor: Actor, *, name: str, redirect_uris: tuple[str, ...], scope: str) -> str | None:
    """Register a program, note and commit; return its id, None unless an administrator asks."""
    if actor.role is not Role.ADMIN:
        return None
    client_id = secrets.token_hex(16)
    uris = " ".join(redirect_uris)
    session().add(ClientRow(id=client_id, name=name, redirect_uris=uris, scope=scope, created_at=now(), created_by=actor.id))
    note(actor, MADE, subject=actor.id, thing=client_id)
    session().commit()
    return client_id


def find_client(client_id: str) -> Client | None:
    """Return a registered program; None when it is unknown or no longer wanted."""
    row = session().scalars(select(ClientRow).where(ClientRow.id == client_id, ClientRow.revoked_at.is_(None))).one_or_none()
    return None if row is None else Client(row.id, row.name, tuple(row.redirect_uris.split()), row.scope)


def remove_client(actor: Actor, client_id: str) -> bool:
    """Withdraw a program and everything that it was given, note and commit; False unless an administrator names one that is there."""
    if actor.role is not Role.ADMIN or find_client(client_id) is None:
        return False
    session().get_one(ClientRow, client_id).revoked_at = now()
    end_client(client_id)
    note(actor, REMOVED, subject=actor.id, thing=client_id)
    session().commit()
    return True


def names_of(clients: set[str]) -> dict[str, str]:
    """Return what programs are called, withdrawn ones too."""
    found = session().execute(select(ClientRow.id, ClientRow.name).where(ClientRow.id.in_(clients)))
    return {row.id: row.name for row in found}


def give_code(actor: Actor, client: Client, *, code: str, redirect_uri: str, scope: str, challenge: str) -> None:
    """Keep a code that the actor's yes was answered with, note and commit."""
    row = CodeRow(digest=_digest(code), client=client.id, user_id=actor.id, redirect_uri=redirect_uri, scope=scope, challenge=challenge)
    row.created_at, row.used = now(), False
    row.expires_at = row.created_at + LASTS
    session().add(row)
    note(actor, ALLOWED, subject=actor.id, thing=client.id, detail=scope)
    session().commit()


def find_code(code: str, client_id: str) -> Code | None:
    """Return a program's code that counts now; one that comes a second time ends what the first time began."""
    row = session().get(CodeRow, _digest(code))
    if row is None or row.client != client_id or not vouched(row):
        return None
    if row.used:
        _end(row)
        return None
    return Code(row.digest, row.redirect_uri, row.challenge) if row.expires_at > now() else None


def redeem(digest: str) -> Refresh | None:
    """Turn a code into the first tokens of a family; None for all but one of those who bring it at once."""
    family = secrets.token_hex(16)
    unused = CodeRow.digest == digest, CodeRow.used.is_(False), CodeRow.expires_at > now()
    taken: Any = session().execute(
        update(CodeRow).where(*unused).values(used=True, family=family).execution_options(synchronize_session=False)
    )
    row = session().get_one(CodeRow, digest, populate_existing=True)
    if not taken.rowcount:
        session().rollback()
        _end(session().get_one(CodeRow, digest, populate_existing=True))
        return None
    return begin_family(row.user_id, client=row.client, scope=row.scope, family=family)


def _end(row: CodeRow) -> None:
    if row.family:
        end_family(row.family)


def _digest(code: str) -> str:
    return house().vault.fingerprint("code", code)
