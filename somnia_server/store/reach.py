"""Which rows an actor reaches: the predicates that every query on a person's data carries."""

from sqlalchemy import ColumnElement, and_, exists, false, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.tables import BedRow, GrantRow, GuardianRow, JobRow, KioskRow, NightRow, RoleRow, UploadRow, UserRow, session

NIGHTS, REPORTS = "nights", "reports"
"""What a grant opens: nights with all that is in them, or their reports only."""
Owner = InstrumentedAttribute[str] | ColumnElement[str]


def reads_nights(actor: Actor) -> ColumnElement[bool]:
    """Return which rows of `nights` an actor may read whole: own, a ward's, granted; an administrator or a kiosk none of others'."""
    return false() if actor.role is Role.KIOSK else or_(_own_or_ward(actor, NightRow.owner), _granted(actor, NIGHTS))


def reads_reports(actor: Actor) -> ColumnElement[bool]:
    """Return of which rows of `nights` an actor may read the report: whoever reads the night, and a grant of reports only."""
    return false() if actor.role is Role.KIOSK else or_(_own_or_ward(actor, NightRow.owner), _granted(actor, NIGHTS, REPORTS))


def shows_nights(actor: Actor) -> ColumnElement[bool]:
    """Return from which rows of `nights` a kiosk may show its few fields: those of its beds that its doctor may read now."""
    if actor.role is not Role.KIOSK:
        return false()
    paired = and_(KioskRow.id == actor.id, KioskRow.revoked_at.is_(None), BedRow.kiosk == KioskRow.id, BedRow.patient == NightRow.owner)
    return exists().where(paired, GrantRow.doctor == KioskRow.doctor, _opens_night(NIGHTS))


def changes(actor: Actor, owner: Owner) -> ColumnElement[bool]:
    """Return which rows with an owner an actor may change: own and a ward's."""
    return false() if actor.role is Role.KIOSK else _own_or_ward(actor, owner)


def acts_for(actor: Actor, owner: str) -> bool:
    """Return whether an actor may change what is an owner's: themselves, or a ward; where there is no row yet to put a predicate on."""
    return bool(session().scalar(select(changes(actor, literal(owner)))))


def handles(actor: Actor, table: type[UploadRow] | type[JobRow]) -> ColumnElement[bool]:
    """Return which uploads or jobs an actor may see and change: own, a ward's, and what a doctor brought while that is granted."""
    if actor.role is not Role.DOCTOR:
        return changes(actor, table.owner)
    granted = exists().where(GrantRow.patient == table.owner, _may_upload(actor))
    return or_(changes(actor, table.owner), and_(table.brought_by == actor.id, granted))


def may_bring(actor: Actor, subject: str) -> ColumnElement[bool]:
    """Return whether an actor may bring files for somebody and have them analysed."""
    ward = exists().where(GuardianRow.minor == subject, GuardianRow.guardian == actor.id, alive_guardian())
    granted = exists().where(GrantRow.patient == subject, _may_upload(actor)) if actor.role is Role.DOCTOR else false()
    own = actor.id == subject and actor.role is not Role.KIOSK
    return or_(true() if own else false(), ward, granted)


def _may_upload(actor: Actor) -> ColumnElement[bool]:
    return and_(GrantRow.doctor == actor.id, GrantRow.may_upload, alive_grant())


def alive_grant() -> ColumnElement[bool]:
    """Return whether a grant is of effect at this moment: not revoked, not expired, and its doctor still works here."""
    return and_(GrantRow.revoked_at.is_(None), GrantRow.expires_at > now(), works_here(GrantRow.doctor))


def works_here(account: Owner) -> ColumnElement[bool]:
    """Return whether an account is a doctor's and not disabled."""
    return exists().where(UserRow.id == account, UserRow.active, UserRow.roles.any(RoleRow.name == Role.DOCTOR))


def alive_guardian() -> ColumnElement[bool]:
    """Return whether a guardianship is of effect: verified, not ended, and the guardian's account not disabled."""
    active = exists().where(UserRow.id == GuardianRow.guardian, UserRow.active)
    return and_(GuardianRow.verified_at.is_not(None), GuardianRow.ended_at.is_(None), active)


def _own_or_ward(actor: Actor, owner: Owner) -> ColumnElement[bool]:
    if actor.role is Role.VISITOR:
        return owner == actor.id
    return or_(owner == actor.id, exists().where(GuardianRow.minor == owner, GuardianRow.guardian == actor.id, alive_guardian()))


def _opens_night(*scopes: str) -> ColumnElement[bool]:
    """Return whether a grant of the same patient, in one of the scopes, opens this night."""
    return and_(
        GrantRow.patient == NightRow.owner,
        GrantRow.scope.in_(scopes),
        or_(GrantRow.first_night.is_(None), GrantRow.first_night <= NightRow.night),
        or_(GrantRow.last_night.is_(None), GrantRow.last_night >= NightRow.night),
        alive_grant(),
    )


def _granted(actor: Actor, *scopes: str) -> ColumnElement[bool]:
    return exists().where(GrantRow.doctor == actor.id, _opens_night(*scopes)) if actor.role is Role.DOCTOR else false()


def shared_with(actor: Actor, patient: str) -> bool:
    """Return whether a patient shares anything with a doctor now."""
    granted = exists().where(GrantRow.patient == patient, GrantRow.doctor == actor.id, alive_grant())
    return actor.role is Role.DOCTOR and bool(session().scalar(select(granted)))
