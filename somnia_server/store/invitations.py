"""Invitations: a patient shares with the doctor of an address, or with whichever doctor brings a code."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import address_of, called, doctor_at, spellings
from somnia_server.store.attempts import count_try
from somnia_server.store.audit import note, note_read
from somnia_server.store.bound import vouched
from somnia_server.store.codes import digest_code, make_code
from somnia_server.store.grants import Terms, checked_terms, put_grant, sharer, tell_doctor
from somnia_server.store.house import now
from somnia_server.store.notices import SHARING, tell_with_guardians
from somnia_server.store.reach import changes, works_here
from somnia_server.store.tables import InvitationRow, UserRow, session
from somnia_server.store.tries import give_back

CODE_SIGNS = 12
LASTS = timedelta(days=14)
PURPOSE = "invitation"
WAITING, USED, WITHDRAWN, OVER = "waiting", "used", "withdrawn", "over"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A grant that waits for its doctor; `email` is the address it waits for, None when it waits for its code."""

    id: str
    email: str | None
    terms: Terms
    created_at: datetime
    expires_at: datetime
    state: str


def share_with_address(actor: Actor, email: str, *, terms: Terms | None = None, subject: str | None = None) -> bool:
    """Share with the doctor of an address; where there is none yet, the invitation waits two weeks for one. False when not theirs to share.

    Raises
    ------
    RefusalError
        The terms cannot be granted, or this was tried too often; its `text` says which.
    """
    checked, owner = checked_terms(terms or Terms()), sharer(actor, subject)
    if owner is None:
        return False
    count_try("share", actor)
    doctor = doctor_at(email)
    if doctor is None:
        row = _row(owner, checked, digest=secrets.token_hex(32))
        row.email = spellings(email)[0]
        note(actor, "invite", subject=owner, thing=row.id)
    else:
        tell_doctor(put_grant(actor, owner, doctor=doctor, terms=checked))
    session().commit()
    return True


def invite(actor: Actor, *, terms: Terms | None = None, subject: str | None = None) -> str | None:
    """Return a code that one doctor may redeem within two weeks: shown this once; None when it is not theirs to share."""
    checked, owner = checked_terms(terms or Terms()), sharer(actor, subject)
    if owner is None:
        return None
    code = make_code(CODE_SIGNS)
    row = _row(owner, checked, digest=digest_code(PURPOSE, code))
    note(actor, "invite", subject=owner, thing=row.id)
    session().commit()
    return code


def redeem(actor: Actor, code: str) -> str | None:
    """Turn a code into a grant for the doctor who brings it and return the patient's id; None when there is no such code for them.

    Raises
    ------
    RefusalError
        This doctor has tried too often.
    """
    if not _works(actor):
        return None
    tried = count_try("redeem", actor)
    waiting = InvitationRow.code == digest_code(PURPOSE, code), InvitationRow.email.is_(None), InvitationRow.patient != actor.id
    row = session().scalars(select(InvitationRow).where(*waiting, _waits())).one_or_none()
    if row is None or not _take(row):
        session().rollback()
        return None
    _grant(actor, row)
    session().commit()
    give_back(tried)
    return row.patient


def claim(actor: Actor) -> int:
    """Turn what waits for a doctor's own address into grants; return how many. To be called when a doctor comes in."""
    address = address_of(actor.id) if _works(actor) else None
    if address is None:
        return 0
    query = select(InvitationRow).where(InvitationRow.email.in_(spellings(address)), InvitationRow.patient != actor.id, _waits())
    taken = [row for row in session().scalars(query.order_by(InvitationRow.created_at)).all() if _take(row)]
    for row in taken:
        _grant(actor, row)
    session().commit()
    return len(taken)


def withdraw_invitation(actor: Actor, invitation_id: str) -> bool:
    """Take an invitation back before it is used; False when there is none of theirs that waits."""
    row = (
        session()
        .scalars(select(InvitationRow).where(InvitationRow.id == invitation_id, changes(actor, InvitationRow.patient)))
        .one_or_none()
    )
    ending = update(InvitationRow).where(InvitationRow.id == invitation_id, _waits()).values(withdrawn_at=now(), mark=None)
    done: Any = None if row is None else session().execute(ending.execution_options(synchronize_session="fetch"))
    if row is None or not done.rowcount:
        session().rollback()
        return False
    note(actor, "withdraw_invitation", subject=row.patient, thing=row.id)
    session().commit()
    return True


def invitations_of(actor: Actor, subject: str | None = None) -> tuple[Invitation, ...]:
    """Return a person's invitations (the actor's own by default, or a ward's), newest first; their codes are not kept."""
    owner = actor.id if subject is None else subject
    query = select(InvitationRow).where(InvitationRow.patient == owner, changes(actor, InvitationRow.patient))
    found = tuple(_invitation(row) for row in session().scalars(query.order_by(InvitationRow.created_at.desc())))
    if found:
        note_read(actor, "list_invitations", subject=owner)
    return found


def _works(actor: Actor) -> bool:
    works = select(UserRow.id).where(UserRow.id == actor.id, works_here(UserRow.id))
    return actor.role is Role.DOCTOR and session().scalar(works) is not None


def _waits() -> ColumnElement[bool]:
    return and_(InvitationRow.used_at.is_(None), InvitationRow.withdrawn_at.is_(None), InvitationRow.expires_at > now())


def _take(row: InvitationRow) -> bool:
    """Use an invitation up; False when another request was first."""
    if not vouched(row):
        return False
    using = update(InvitationRow).where(InvitationRow.id == row.id, _waits()).values(used_at=now(), mark=None)
    done: Any = session().execute(using.execution_options(synchronize_session="fetch"))
    return int(done.rowcount) == 1


def _grant(actor: Actor, row: InvitationRow) -> None:
    terms = Terms(row.scope, row.first_night, row.last_night, row.may_upload, row.grant_days)
    tell_doctor(put_grant(actor, row.patient, doctor=actor.id, terms=terms))
    tell_with_guardians(row.patient, SHARING, Text("{doctor} accepted your invitation.", {"doctor": called(actor.id)}))


def _row(owner: str, terms: Terms, *, digest: str) -> InvitationRow:
    at = now()
    row = InvitationRow(id=secrets.token_hex(16), patient=owner, code=digest, email=None, scope=terms.scope, may_upload=terms.may_upload)
    row.first_night, row.last_night, row.grant_days = terms.first_night, terms.last_night, terms.days
    row.created_at, row.expires_at, row.used_at, row.withdrawn_at = at, at + LASTS, None, None
    session().add(row)
    return row


def _invitation(row: InvitationRow) -> Invitation:
    terms = Terms(row.scope, row.first_night, row.last_night, row.may_upload, row.grant_days)
    state = WAITING if row.expires_at > now() else OVER
    if row.used_at is not None:
        state = USED
    elif row.withdrawn_at is not None:
        state = WITHDRAWN
    return Invitation(row.id, row.email, terms, row.created_at, row.expires_at, state)
