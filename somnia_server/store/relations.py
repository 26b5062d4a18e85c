"""What an actor is to somebody at this moment: asked of the database each time, so that what ended a second ago has ended."""

from enum import StrEnum

from sqlalchemy import ColumnElement, exists, false, select

from somnia_server.store.actors import Actor, Role
from somnia_server.store.reach import NIGHTS, REPORTS, alive_grant, alive_guardian, doctor_of
from somnia_server.store.tables import BedRow, GrantRow, GuardianRow, KioskRow, session


class Relation(StrEnum):
    """What an actor is to a person: themselves, a guardian, a doctor with a grant of some kind, a kiosk with a bed of theirs."""

    OWN = "own"
    WARD = "ward"
    NIGHTS = "granted nights"
    REPORTS = "granted reports"
    UPLOAD = "granted upload"
    BED = "bed"


def relations(actor: Actor, subject: str) -> frozenset[Relation]:
    """Return everything that an actor is to a person now; nothing when they are strangers."""
    asked = {
        Relation.WARD: _guards(actor, subject),
        Relation.NIGHTS: _granted(actor, subject, GrantRow.scope == NIGHTS),
        Relation.REPORTS: _granted(actor, subject, GrantRow.scope.in_((NIGHTS, REPORTS))),
        Relation.UPLOAD: _granted(actor, subject, GrantRow.may_upload.is_(True)),
        Relation.BED: _shows(actor, subject),
    }
    answers = session().execute(select(*asked.values())).one()
    found = {relation for relation, holds in zip(asked, answers, strict=True) if holds}
    return frozenset(found | {Relation.OWN} if actor.id == subject else found)


def _guards(actor: Actor, subject: str) -> ColumnElement[bool]:
    if actor.role in (Role.VISITOR, Role.KIOSK):
        return false()
    return exists().where(GuardianRow.minor == subject, alive_guardian(GuardianRow.guardian, actor.id))


def _granted(actor: Actor, subject: str, what: ColumnElement[bool]) -> ColumnElement[bool]:
    if actor.role is not Role.DOCTOR:
        return false()
    return exists().where(GrantRow.patient == subject, what, alive_grant(actor.id))


def _shows(actor: Actor, subject: str) -> ColumnElement[bool]:
    if actor.role is not Role.KIOSK:
        return false()
    doctor = doctor_of(actor.id)
    paired = KioskRow.id == actor.id, KioskRow.revoked_at.is_(None), BedRow.kiosk == KioskRow.id, BedRow.patient == subject
    granted = GrantRow.patient == subject, GrantRow.doctor == KioskRow.doctor, GrantRow.scope == NIGHTS, alive_grant(doctor)
    return exists().where(*paired, *granted)
