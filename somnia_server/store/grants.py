"""Grants: a patient opens nights to a doctor, for a time, and closes them again; the predicates of `reach` ask at every read."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, update

from somnia_engine.text import Text
from somnia_server.store import persons
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import called
from somnia_server.store.audit import note, note_read
from somnia_server.store.house import now
from somnia_server.store.notices import SHARING, tell, tell_with_guardians
from somnia_server.store.reach import NIGHTS, REPORTS, acts_for, alive_grant, changes, works_here
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import GrantRow, session
from somnia_server.store.webhooks import GRANT_CHANGED, announce

CONSENT, EMERGENCY = "consent", "emergency"
ALIVE, EXPIRED, REVOKED, DISABLED = "alive", "expired", "revoked", "disabled"
"""States of a grant; `disabled`: its doctor no longer works here."""
GRANT_DAYS, MOST_DAYS = 180, 730
SHARERS = frozenset({Role.USER, Role.DOCTOR, Role.ADMIN})
"""Who has an account, and so nights to share."""


class SharingError(RefusalError):
    """What was asked for cannot be shared so."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grant opens: scope `nights` or `reports`, from and to which night (None = no bound), uploads, for how many days."""

    scope: str = NIGHTS
    first_night: date | None = None
    last_night: date | None = None
    may_upload: bool = False
    days: int = GRANT_DAYS


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as either side sees it; `name` is what the other side is called."""

    id: str
    patient: str
    doctor: str
    name: str
    kind: str
    terms: Terms
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class SharingPatient:
    """A patient who shares with a doctor now, by one or more grants."""

    id: str
    name: str | None
    grants: tuple[Grant, ...]

    @property
    def may_upload(self) -> bool:
        """Whether one of the grants lets the doctor bring files."""
        return any(grant.terms.may_upload for grant in self.grants)

    @property
    def nights(self) -> bool:
        """Whether one of the grants opens whole nights, not their reports only."""
        return any(grant.terms.scope == NIGHTS for grant in self.grants)


def checked_terms(terms: Terms) -> Terms:
    """Return the terms when they can be granted; SharingError says why not."""
    if terms.scope not in (NIGHTS, REPORTS):
        raise SharingError(Text("“{given}” cannot be shared. Choose nights or reports.", {"given": str(terms.scope)[:40]}))
    if terms.first_night and terms.last_night and terms.last_night < terms.first_night:
        said = {"first": terms.first_night.isoformat(), "last": terms.last_night.isoformat()}
        raise SharingError(Text("The last night ({last}) lies before the first ({first}). Change one of them.", said))
    if isinstance(terms.days, bool) or not isinstance(terms.days, int) or not 1 <= terms.days <= MOST_DAYS:
        said = {"given": str(terms.days)[:40], "most": str(MOST_DAYS)}
        raise SharingError(Text("Sharing for {given} days is not possible. Give a whole number from 1 to {most}.", said))
    if not isinstance(terms.may_upload, bool):
        raise SharingError(Text("Say yes or no to whether the doctor may upload."))
    return terms


def sharer(actor: Actor, subject: str | None) -> str | None:
    """Return whose nights an actor shares: their own or a ward's; None when it is not theirs to share."""
    owner = actor.id if subject is None else subject
    return owner if actor.role in SHARERS and acts_for(actor, owner) else None


def put_grant(actor: Actor, patient: str, *, doctor: str, terms: Terms, kind: str = CONSENT, reason: str = "") -> GrantRow:
    """Grant and note it within the caller's transaction; a newer consent to the same doctor takes the place of the older."""
    if patient == doctor:
        raise SharingError(Text("This is your own account. Name another doctor."))
    at = now()
    if kind == CONSENT:
        _end(at, GrantRow.patient == patient, GrantRow.doctor == doctor, GrantRow.kind == CONSENT, GrantRow.expires_at > at)
    row = GrantRow(id=secrets.token_hex(16), patient=patient, doctor=doctor, kind=kind, scope=terms.scope, created_at=at)
    row.first_night, row.last_night, row.may_upload = terms.first_night, terms.last_night, terms.may_upload
    row.expires_at, row.revoked_at = at + timedelta(days=terms.days), None
    session().add(row)
    note(actor, "grant" if kind == CONSENT else "break_glass", subject=patient, thing=row.id, detail=reason)
    announce(GRANT_CHANGED, patient, row.id)
    return row


def tell_doctor(row: GrantRow) -> None:
    """Tell a doctor that a patient shares, within the caller's transaction."""
    said = {"day": row.expires_at.date().isoformat()}  # no name: the notice stays when the sharing has ended
    tell(row.doctor, SHARING, Text("A patient shares with you until {day}. See Patients.", said))


def revoke(actor: Actor, grant_id: str) -> bool:
    """End a grant with effect on the next request; the patient may, a guardian, and the doctor; False when there is none of theirs."""
    mine = GrantRow.id == grant_id, _party(actor), GrantRow.revoked_at.is_(None)
    row = session().scalars(select(GrantRow).where(*mine)).one_or_none()
    if row is None or not _end(now(), *mine):
        return False
    note(actor, "revoke", subject=row.patient, thing=grant_id)
    announce(GRANT_CHANGED, row.patient, grant_id)
    if actor.id == row.doctor:
        tell_with_guardians(row.patient, SHARING, Text("{doctor} gave back the access to your nights.", {"doctor": called(row.doctor)}))
    session().commit()
    return True


def grants_of(actor: Actor, subject: str | None = None) -> tuple[Grant, ...]:
    """Return to whom a person (the actor by default, or a ward) grants and granted, newest first."""
    owner = actor.id if subject is None else subject
    query = select(GrantRow, works_here(GrantRow.doctor)).where(GrantRow.patient == owner, changes(actor, GrantRow.patient))
    found = tuple(
        _grant(row, works=works, name=called(row.doctor)) for row, works in session().execute(query.order_by(GrantRow.created_at.desc()))
    )
    if found:
        note_read(actor, "list_grants", subject=owner)
    return found


def patients_of(actor: Actor) -> tuple[SharingPatient, ...]:
    """Return who shares with a doctor now, the newest first; nobody for anybody else."""
    if actor.role is not Role.DOCTOR:
        return ()
    query = select(GrantRow).where(alive_grant(actor.id)).order_by(GrantRow.created_at.desc())
    rows: dict[str, list[GrantRow]] = {}
    for row in session().scalars(query):
        rows.setdefault(row.patient, []).append(row)
    names = persons.names_of_patients(actor, tuple(rows))
    return tuple(
        SharingPatient(patient, names.get(patient), tuple(_grant(row, works=True, name=names.get(patient) or "") for row in given))
        for patient, given in rows.items()
    )


def _party(actor: Actor) -> ColumnElement[bool]:
    """Return of which grants an actor is a side: as the patient, their guardian or the doctor."""
    patient = changes(actor, GrantRow.patient) if actor.role in SHARERS else false()
    return or_(patient, GrantRow.doctor == actor.id) if actor.role is Role.DOCTOR else patient


def _end(at: datetime, *which: ColumnElement[bool]) -> int:
    ending = update(GrantRow).where(and_(*which), GrantRow.revoked_at.is_(None)).values(revoked_at=at, mark=None)
    done: Any = session().execute(ending.execution_options(synchronize_session="fetch"))
    return int(done.rowcount)


def _grant(row: GrantRow, *, works: bool, name: str) -> Grant:
    terms = Terms(row.scope, row.first_night, row.last_night, row.may_upload, (row.expires_at - row.created_at).days)
    state = ALIVE if works else DISABLED
    if row.revoked_at is not None:
        state = REVOKED
    elif row.expires_at <= now():
        state = EXPIRED
    return Grant(row.id, row.patient, row.doctor, name, row.kind, terms, row.created_at, row.expires_at, row.revoked_at, state)
