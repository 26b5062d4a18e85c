"""Messages between a doctor and a patient who shares: sealed as the patient's, readable by both while the sharing lasts."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import exists, or_, select, update

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import called
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.grants import SHARERS
from somnia_server.store.house import house, now
from somnia_server.store.notices import SHARING, tell, tell_with_guardians
from somnia_server.store.reach import alive_grant, shared_with
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import GrantRow, MessageRow, session

CHARS, SHOWN = 2000, 200


@dataclass(frozen=True, slots=True)
class Message:
    """A message as either side sees it; `mine` says that the actor wrote it, `name` is the doctor's."""

    id: str
    patient: str
    doctor: str
    name: str
    mine: bool
    text: str
    created_at: datetime


def send(actor: Actor, patient: str, doctor: str, *, text: str) -> bool:
    """Send a message as the patient or as the doctor; False when the two do not share now.

    Raises
    ------
    RefusalError
        The message is empty or too long.
    """
    said = text.strip()
    if not said or len(said) > CHARS:
        raise RefusalError(Text("A message has 1 to {most} characters; this one has {given}.", {"most": CHARS, "given": len(said)}))
    if actor.role not in SHARERS or actor.id not in (patient, doctor) or not shared_with(Actor(doctor, Role.DOCTOR), patient):
        return False
    row = MessageRow(id=secrets.token_hex(16), patient=patient, doctor=doctor, author=actor.id, created_at=now(), read_at=None)
    row.sealed_text = house().vault.seal(said.encode(), table="messages.text", row=row.id, owner=patient)
    session().add(row)
    if actor.id == doctor:
        tell_with_guardians(patient, SHARING, Text("{doctor} has written to you. See Messages and visits.", {"doctor": called(doctor)}))
    else:
        tell(doctor, SHARING, Text("A patient has written to you. See Messages and visits."))
    session().commit()
    return True


def list_messages(actor: Actor) -> tuple[Message, ...]:
    """Return the messages of an actor, newest first: as a patient all of theirs, as a doctor those of patients who share now."""
    sharing = exists().where(GrantRow.patient == MessageRow.patient, alive_grant(actor.id))
    mine = MessageRow.patient == actor.id
    which = or_(mine, (MessageRow.doctor == actor.id) & sharing) if actor.role is Role.DOCTOR else mine
    rows = session().scalars(select(MessageRow).where(which).order_by(MessageRow.created_at.desc(), MessageRow.id).limit(SHOWN)).all()
    return tuple(_message(actor, row) for row in rows)


def mark_seen(actor: Actor) -> None:
    """Note that the actor has seen what was written to them."""
    to_me = or_(MessageRow.patient == actor.id, MessageRow.doctor == actor.id), MessageRow.author != actor.id, MessageRow.read_at.is_(None)
    session().execute(update(MessageRow).where(*to_me).values(read_at=now()).execution_options(synchronize_session=False))
    session().commit()


def _message(actor: Actor, row: MessageRow) -> Message:
    text = read_or(partial(_text, row), str(SENTENCE), what=f"message {row.id}")
    return Message(row.id, row.patient, row.doctor, called(row.doctor), row.author == actor.id, text, row.created_at)


def _text(row: MessageRow) -> str:
    return house().vault.open_sealed(row.sealed_text, table="messages.text", row=row.id, owner=row.patient).decode()
