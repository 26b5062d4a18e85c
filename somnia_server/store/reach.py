"""Which rows an actor reaches: the predicates that every query on a person's data carries."""

from sqlalchemy import ColumnElement, and_, exists, false, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from somnia_server.store.actors import Actor, Role
from somnia_server.store.bound import only_vouched, vouched
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


def alive() -> ColumnElement[bool]:
    """Return whether a night's time is not over."""
    return or_(NightRow.expires_at.is_(None), NightRow.expires_at > now())


def shows_nights(actor: Actor) -> ColumnElement[bool]:
    """Return from which rows of `nights` a kiosk may show its few fields: those of its beds that its doctor may read now."""
    if actor.role is not Role.KIOSK:
        return false()
    doctor = doctor_of(actor.id)
    paired = and_(KioskRow.id == actor.id, KioskRow.revoked_at.is_(None), BedRow.kiosk == KioskRow.id, BedRow.patient == NightRow.owner)
    return exists().where(paired, GrantRow.doctor == KioskRow.doctor, _opens_night(doctor, NIGHTS))


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
    ward = exists().where(GuardianRow.minor == subject, alive_guardian(GuardianRow.guardian, actor.id))
    granted = exists().where(GrantRow.patient == subject, _may_upload(actor)) if actor.role is Role.DOCTOR else false()
    own = actor.id == subject and actor.role is not Role.KIOSK
    return or_(true() if own else false(), ward, granted)


def _may_upload(actor: Actor) -> ColumnElement[bool]:
    return and_(GrantRow.may_upload, alive_grant(actor.id))


def alive_grant(doctor: str) -> ColumnElement[bool]:
    """Return which grants to a doctor are of effect now: ours, not revoked, not expired, and the doctor still works here."""
    alive = GrantRow.doctor == doctor, GrantRow.revoked_at.is_(None), GrantRow.expires_at > now()
    return and_(*alive, works_here(GrantRow.doctor), only_vouched(GrantRow, GrantRow.doctor, doctor))


def doctor_of(kiosk: str) -> str:
    """Return the doctor of a display that is in use; nobody where it is not."""
    row = session().get(KioskRow, kiosk)
    return row.doctor if row is not None and row.revoked_at is None and vouched(row) else ""


def works_here(account: Owner) -> ColumnElement[bool]:
    """Return whether an account is a doctor's and not disabled."""
    return exists().where(UserRow.id == account, UserRow.active, UserRow.roles.any(RoleRow.name == Role.DOCTOR))


def alive_guardian(side: InstrumentedAttribute[str], of: str) -> ColumnElement[bool]:
    """Return which guardianships of somebody are of effect: ours, verified, not ended, and the guardian's account not disabled."""
    active = exists().where(UserRow.id == GuardianRow.guardian, UserRow.active)
    verified = side == of, GuardianRow.verified_at.is_not(None), GuardianRow.ended_at.is_(None)
    return and_(*verified, active, only_vouched(GuardianRow, side, of))


def _own_or_ward(actor: Actor, owner: Owner) -> ColumnElement[bool]:
    if actor.role is Role.VISITOR:
        return owner == actor.id
    return or_(owner == actor.id, exists().where(GuardianRow.minor == owner, alive_guardian(GuardianRow.guardian, actor.id)))


def _opens_night(doctor: str, *scopes: str) -> ColumnElement[bool]:
    """Return whether a grant of the same patient, in one of the scopes, opens this night."""
    return and_(
        GrantRow.patient == NightRow.owner,
        GrantRow.scope.in_(scopes),
        or_(GrantRow.first_night.is_(None), GrantRow.first_night <= NightRow.night),
        or_(GrantRow.last_night.is_(None), GrantRow.last_night >= NightRow.night),
        alive_grant(doctor),
    )


def _granted(actor: Actor, *scopes: str) -> ColumnElement[bool]:
    return exists().where(_opens_night(actor.id, *scopes)) if actor.role is Role.DOCTOR else false()


def shared_with(actor: Actor, patient: str) -> bool:
    """Return whether a patient shares anything with a doctor now."""
    granted = exists().where(GrantRow.patient == patient, alive_grant(actor.id))
    return actor.role is Role.DOCTOR and bool(session().scalar(select(granted)))
