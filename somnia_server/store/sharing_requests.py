"""Requests: a doctor asks the person of an address to share; whether the address has an account here is never said."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from somnia_engine.text import Text, t
from somnia_server.store import codec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import account_at, called, spellings
from somnia_server.store.attempts import count_try
from somnia_server.store.audit import note, note_read
from somnia_server.store.damaged import NAME, SENTENCE, read_or
from somnia_server.store.grants import SHARERS, SharingError, Terms, checked_terms, put_grant, tell_doctor
from somnia_server.store.house import house, now
from somnia_server.store.notices import SHARING, tell_with_guardians
from somnia_server.store.reach import acts_for, changes, works_here
from somnia_server.store.tables import SharingRequestRow, session

OPEN, ACCEPTED, DECLINED, OVER = "open", "accepted", "declined", "over"
LASTS = timedelta(days=30)
MESSAGE_CHARS = 500


@dataclass(frozen=True, slots=True)
class SharingRequest:
    """A request as the person who is asked sees it; `name` is what the doctor is called."""

    id: str
    doctor: str
    name: str
    message: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its doctor sees it: open, accepted, or over; that somebody declined is not said."""

    id: str
    email: str
    message: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Said:
    email: str
    message: str


def ask_to_share(actor: Actor, email: str, *, message: str = "") -> None:
    """Ask the person of an address to share; the answer is the same whether or not there is an account, and of whom.

    Raises
    ------
    RefusalError
        This is no doctor, the message is too long, or too many were asked in a short time.
    """
    if actor.role is not Role.DOCTOR:
        raise SharingError(Text("Only a doctor asks others to share."))
    said = " ".join(message.split())
    if len(said) > MESSAGE_CHARS:
        raise SharingError(Text("The message has {given} characters. Write at most {most}.", {"given": len(said), "most": MESSAGE_CHARS}))
    count_try("ask", actor)
    found = account_at(email)
    owner = (
        found if found is not None and found != actor.id else f"n-{house().vault.fingerprint('nobody', spellings(email)[0].lower())[:32]}"
    )
    earlier = SharingRequestRow.doctor == actor.id, SharingRequestRow.patient == owner, SharingRequestRow.state == OPEN
    session().execute(update(SharingRequestRow).where(*earlier).values(state=OVER).execution_options(synchronize_session=False))
    row = SharingRequestRow(id=secrets.token_hex(16), doctor=actor.id, patient=owner, state=OPEN, created_at=now(), answered_at=None)
    row.sealed_message = _seal(row, _Said(spellings(email)[0], said))
    session().add(row)
    note(actor, "ask_to_share", subject=owner, thing=row.id)
    if owner == found:
        asks = Text("{doctor} asks you to share your nights. Answer under Sharing.", {"doctor": called(actor.id)})
        tell_with_guardians(owner, SHARING, asks)
    session().commit()


def requests_to(actor: Actor, subject: str | None = None) -> tuple[SharingRequest, ...]:
    """Return which doctors ask a person (the actor by default, or a ward) to share and wait for an answer, newest first."""
    owner = actor.id if subject is None else subject
    waiting = SharingRequestRow.patient == owner, SharingRequestRow.state == OPEN, SharingRequestRow.created_at > now() - LASTS
    query = select(SharingRequestRow).where(*waiting, changes(actor, SharingRequestRow.patient), works_here(SharingRequestRow.doctor))
    rows = session().scalars(query.order_by(SharingRequestRow.created_at.desc())).all()
    if rows:
        note_read(actor, "list_requests", subject=owner)
    return tuple(SharingRequest(row.id, row.doctor, called(row.doctor), _open(row).message, row.state, row.created_at) for row in rows)


def requests_by(actor: Actor) -> tuple[Asked, ...]:
    """Return whom a doctor asked, newest first."""
    query = select(SharingRequestRow).where(SharingRequestRow.doctor == actor.id).order_by(SharingRequestRow.created_at.desc())
    rows = session().scalars(query) if actor.role is Role.DOCTOR else ()
    return tuple(_asked(row) for row in rows)


def accept_request(actor: Actor, request_id: str, *, terms: Terms | None = None) -> bool:
    """Share as a doctor asked; False when there is no such request to the actor or a ward.

    Raises
    ------
    SharingError
        The terms cannot be granted; its `text` says why.
    """
    checked = checked_terms(terms or Terms())
    row = _answer(actor, request_id, ACCEPTED)
    if row is None:
        return False
    tell_doctor(put_grant(actor, row.patient, doctor=row.doctor, terms=checked))
    session().commit()
    return True


def decline_request(actor: Actor, request_id: str) -> bool:
    """Decline a request; the doctor is not told. False when there is no such request to the actor or a ward."""
    row = _answer(actor, request_id, DECLINED)
    if row is None:
        return False
    note(actor, "decline_request", subject=row.patient, thing=row.id)
    session().commit()
    return True


def _answer(actor: Actor, request_id: str, state: str) -> SharingRequestRow | None:
    row = session().get(SharingRequestRow, request_id)
    if row is None or actor.role not in SHARERS or not acts_for(actor, row.patient):
        return None
    waiting = SharingRequestRow.id == request_id, SharingRequestRow.state == OPEN, SharingRequestRow.created_at > now() - LASTS
    answering = update(SharingRequestRow).where(*waiting).values(state=state, answered_at=now())
    done: Any = session().execute(answering.execution_options(synchronize_session="fetch"))
    if not done.rowcount:
        session().rollback()
        return None
    return row


def _asked(row: SharingRequestRow) -> Asked:
    said, open_still = _open(row), row.created_at > now() - LASTS
    state = row.state if row.state in (ACCEPTED, OVER) else OPEN if open_still else OVER
    return Asked(row.id, said.email, said.message, state, row.created_at)


def _seal(row: SharingRequestRow, said: _Said) -> bytes:
    return house().vault.seal(codec.dumps(said), table="sharing_requests.message", row=row.id, owner=row.doctor)


def _open(row: SharingRequestRow) -> _Said:
    def read() -> _Said:
        sealed = house().vault.open_sealed(row.sealed_message, table="sharing_requests.message", row=row.id, owner=row.doctor)
        return codec.loads(_Said, sealed)

    return read_or(read, _Said(t(NAME), t(SENTENCE)), what=f"request {row.id}")
