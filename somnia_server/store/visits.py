"""Visits by video: a date, the practice's own room, the nights that lie beside it, and notes that become part of what is signed."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import exists, or_, select

from somnia_engine.text import Text
from somnia_server.store import codec, interpretations
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import called
from somnia_server.store.audit import note
from somnia_server.store.damaged import DAMAGED, read_or
from somnia_server.store.house import house, now
from somnia_server.store.nights import may_read
from somnia_server.store.notices import SHARING, tell, tell_with_guardians
from somnia_server.store.reach import alive_grant, shared_with
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import GrantRow, VisitRow, session

PLANNED, CALLED_OFF = "planned", "called off"
LINK_CHARS, NOTE_CHARS, MOST_MINUTES = 500, 4000, 240
KEPT_FOR = timedelta(days=365)
"""How long after a visit it stays in the list."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What is sealed of a visit: where to meet, which night lies beside it, and what the doctor noted."""

    link: str
    night_id: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as either side sees it; a patient sees no notes."""

    id: str
    patient: str
    doctor: str
    name: str
    begins_at: datetime
    minutes: int
    state: str
    detail: Detail


def plan(actor: Actor, patient: str, *, begins_at: datetime, minutes: int, detail: Detail) -> str:
    """Plan a visit with a patient who shares, tell them, and return its id.

    Raises
    ------
    RefusalError
        The patient does not share, the time has passed, or the link is none of a room.
    """
    if not shared_with(actor, patient):
        raise RefusalError(Text("This patient does not share with you now."))
    if begins_at <= now() or begins_at > now() + KEPT_FOR:
        raise RefusalError(Text("Choose a time within the next 365 days."))
    if not 5 <= minutes <= MOST_MINUTES:
        raise RefusalError(Text("A visit lasts 5 to {most} minutes.", {"most": MOST_MINUTES}))
    checked = replace(detail, link=_checked(detail.link), night_id=detail.night_id if may_read(actor, detail.night_id) else "", notes="")
    row = VisitRow(id=secrets.token_hex(16), patient=patient, doctor=actor.id, begins_at=begins_at, minutes=minutes, state=PLANNED)
    row.created_at = now()
    _seal(row, checked)
    session().add(row)
    said = {"doctor": called(actor.id), "at": f"{begins_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"}
    tell_with_guardians(patient, SHARING, Text("{doctor} invites you to a visit by video on {at}. See Messages and visits.", said))
    note(actor, "plan_visit", subject=patient, thing=row.id)
    session().commit()
    return row.id


def list_visits(actor: Actor) -> tuple[Visit, ...]:
    """Return an actor's visits, the next first; a doctor's are those with patients who share now."""
    sharing = exists().where(GrantRow.patient == VisitRow.patient, alive_grant(actor.id))
    mine = VisitRow.patient == actor.id
    which = or_(mine, (VisitRow.doctor == actor.id) & sharing) if actor.role is Role.DOCTOR else mine
    rows = session().scalars(select(VisitRow).where(which, VisitRow.begins_at > now() - KEPT_FOR).order_by(VisitRow.begins_at)).all()
    return tuple(_visit(actor, row) for row in rows)


def find_visit(actor: Actor, visit_id: str) -> Visit | None:
    """Return one visit of an actor's."""
    return next((visit for visit in list_visits(actor) if visit.id == visit_id), None)


def call_off(actor: Actor, visit_id: str) -> bool:
    """Call a visit off, by either side; the other is told."""
    row = _mine(actor, visit_id)
    if row is None or row.state != PLANNED:
        return False
    row.state = CALLED_OFF
    said = Text("The visit by video of {at} is called off.", {"at": f"{row.begins_at:%Y-%m-%d %H:%M} UTC"})
    if actor.id == row.doctor:
        tell_with_guardians(row.patient, SHARING, said)
    else:
        tell(row.doctor, SHARING, said)
    note(actor, "call_off_visit", subject=row.patient, thing=row.id)
    session().commit()
    return True


def keep_notes(actor: Actor, visit_id: str, notes: str) -> bool:
    """Keep a doctor's notes of a visit; they are also laid into what waits to be signed of the night beside it.

    Raises
    ------
    RefusalError
        The notes are too long.
    """
    row = _mine(actor, visit_id)
    if row is None or actor.id != row.doctor:
        return False
    if len(notes) > NOTE_CHARS:
        raise RefusalError(Text("The text has {given} characters. Write at most {most}.", {"given": len(notes), "most": NOTE_CHARS}))
    detail = replace(_detail(row), notes=notes.strip())
    _seal(row, detail)
    session().commit()
    if detail.night_id and detail.notes:
        interpretations.write(actor, detail.night_id, f"{row.begins_at:%Y-%m-%d}: {detail.notes}")
    return True


def _checked(link: str) -> str:
    said = link.strip()
    parts = urlsplit(said)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or len(said) > LINK_CHARS or not said.isprintable():
        raise RefusalError(
            Text("Give the address of your video room; it begins with https:// and has at most {most} characters.", {"most": LINK_CHARS})
        )
    return said


def _mine(actor: Actor, visit_id: str) -> VisitRow | None:
    return session().get(VisitRow, visit_id) if find_visit(actor, visit_id) is not None else None


def _seal(row: VisitRow, detail: Detail) -> None:
    row.sealed_detail = house().vault.seal(codec.dumps(detail), table="visits.detail", row=row.id, owner=row.patient)


def _detail(row: VisitRow) -> Detail:
    return codec.loads(Detail, house().vault.open_sealed(row.sealed_detail, table="visits.detail", row=row.id, owner=row.patient))


def _visit(actor: Actor, row: VisitRow) -> Visit:
    detail = read_or(partial(_detail, row), None, what=f"visit {row.id}")
    if detail is None:
        return Visit(row.id, row.patient, row.doctor, called(row.doctor), row.begins_at, row.minutes, DAMAGED, Detail(""))
    shown = detail if actor.id == row.doctor else replace(detail, notes="")
    return Visit(row.id, row.patient, row.doctor, called(row.doctor), row.begins_at, row.minutes, row.state, shown)
