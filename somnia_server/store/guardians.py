"""Guardians: an adult acts for a person under 18 once an administrator has seen the papers, until the 18th birthday."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import account_at, called, spellings
from somnia_server.store.attempts import count_try
from somnia_server.store.audit import note
from somnia_server.store.bound import mark_of, vouched
from somnia_server.store.grants import SHARERS
from somnia_server.store.house import house, now
from somnia_server.store.notices import GUARDIAN, tell
from somnia_server.store.persons import is_minor, profile_of
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import GuardianRow, session

STATED, VERIFIED, ENDED = "stated", "verified", "ended"
UNVERIFIED_STAY = timedelta(days=60)
"""How long a statement waits for somebody to see the papers."""
HOUSE = Actor("house", Role.ADMIN)
"""Who acts when a birthday does."""


class GuardianError(RefusalError):
    """Somebody cannot become a guardian, or not yet."""


@dataclass(frozen=True, slots=True)
class Guardianship:
    """That one person acts for another; `name` is what the other one is called, None while that is not to be said."""

    id: str
    guardian: str
    minor: str
    name: str | None
    stated_at: datetime
    verified_at: datetime | None
    verified_by: str | None
    ended_at: datetime | None

    @property
    def verified(self) -> bool:
        """Whether somebody has seen the papers."""
        return self.verified_at is not None

    @property
    def state(self) -> str:
        """Return stated, verified or ended."""
        return ENDED if self.ended_at else VERIFIED if self.verified else STATED


@dataclass(frozen=True, slots=True)
class Statement:
    """A guardianship as those see it who are to verify it."""

    id: str
    guardian: str
    guardian_name: str
    minor: str
    minor_name: str
    stated_at: datetime


def state_guardianship(actor: Actor, email: str) -> None:
    """State that one is the guardian of a minor's account; the answer is the same whether or not there is one of this address.

    Raises
    ------
    GuardianError
        The actor has no account, or is not an adult as far as their profile says.
    RefusalError
        Too many were stated in a short time.
    """
    if actor.role not in SHARERS or is_minor(profile_of(actor.id), now()) is not False:
        raise GuardianError(Text("Only an adult can be a guardian. Give your own birth date under Settings first."))
    count_try("guardian", actor)
    found = account_at(email)
    reachable = found is not None and found != actor.id and is_minor(profile_of(found), now()) is not False
    minor = found if found is not None and reachable else f"n-{house().vault.fingerprint('nobody', spellings(email)[0].lower())[:32]}"
    same = GuardianRow.guardian == actor.id, GuardianRow.minor == minor, GuardianRow.ended_at.is_(None)
    if session().scalar(select(GuardianRow.id).where(*same).limit(1)) is not None:
        return
    row = GuardianRow(id=secrets.token_hex(16), guardian=actor.id, minor=minor, stated_at=now())
    session().add(row)
    note(actor, "state_guardian", subject=minor, thing=row.id)
    if reachable:
        says = Text("{name} says they are your guardian. It counts once the administration has confirmed it.", _name(actor.id))
        tell(minor, GUARDIAN, says)
    session().commit()


def statements(actor: Actor) -> tuple[Statement, ...]:
    """Return what waits to be verified; nothing unless an administrator asks."""
    if actor.role is not Role.ADMIN:
        return ()
    query = select(GuardianRow).where(_waits(), GuardianRow.guardian != actor.id, GuardianRow.minor.startswith("u-"))
    rows = session().scalars(query.order_by(GuardianRow.stated_at))
    return tuple(Statement(r.id, r.guardian, called(r.guardian), r.minor, called(r.minor), r.stated_at) for r in rows)


def verify_guardianship(actor: Actor, guardianship_id: str) -> bool:
    """Confirm that the papers were seen; False when there is no such statement, or it is not for this actor to confirm.

    An administrator may, neither side of it themselves: who verifies opens a child's nights to somebody.

    Raises
    ------
    GuardianError
        The guardian is no adult, or the other one is no minor, as far as their profiles say.
    """
    row = session().scalars(select(GuardianRow).where(GuardianRow.id == guardianship_id, _waits())).one_or_none()
    if row is None or actor.role is not Role.ADMIN or actor.id in (row.guardian, row.minor) or not vouched(row):
        return False
    if is_minor(profile_of(row.guardian), now()) is not False:
        raise GuardianError(Text("The guardian’s profile does not say that they are an adult. They give their birth date first."))
    if is_minor(profile_of(row.minor), now()) is not True:
        raise GuardianError(Text("The profile of this account does not say that its person is under 18. They give their birth date first."))
    said = {"verified_at": now(), "verified_by": actor.id}
    verifying = update(GuardianRow).where(GuardianRow.id == row.id, _waits()).values(**said, mark=mark_of(row, **said))
    done: Any = session().execute(verifying.execution_options(synchronize_session="fetch"))
    if not done.rowcount:
        session().rollback()
        return False
    note(actor, "verify_guardian", subject=row.minor, thing=row.id)
    tell(row.minor, GUARDIAN, Text("{name} is now your guardian here: they see your nights and decide for you.", _name(row.guardian)))
    tell(row.guardian, GUARDIAN, Text("You are now the guardian of {name}.", _name(row.minor)))
    session().commit()
    return True


def end_guardianship(actor: Actor, guardianship_id: str) -> bool:
    """End a guardianship: the guardian may, an administrator, and the minor while it is not verified; False for anybody else."""
    row = session().scalars(select(GuardianRow).where(GuardianRow.id == guardianship_id, _may_end(actor))).one_or_none()
    if row is None or not _end(actor, row, now()):
        session().rollback()
        return False
    session().commit()
    return True


def end_grown_up(at: datetime) -> int:
    """End the guardianships of those who have turned 18, and the statements that nobody verified in time; return how many."""
    ended = 0
    for row in session().scalars(select(GuardianRow).where(GuardianRow.ended_at.is_(None))).all():
        grown = row.minor.startswith("u-") and is_minor(profile_of(row.minor), at) is False
        late = row.verified_at is None and row.stated_at < at - UNVERIFIED_STAY
        if not (grown or late) or not _end(HOUSE, row, at):
            continue
        ended += 1
        if grown and row.verified_at is not None:
            tell(row.minor, GUARDIAN, Text("You are 18: nobody acts for you here any more. Give your own consent under Sharing."))
        session().commit()
    return ended


def guardians_of(actor: Actor) -> tuple[Guardianship, ...]:
    """Return who acts for the actor, or says so."""
    rows = session().scalars(select(GuardianRow).where(GuardianRow.minor == actor.id, GuardianRow.ended_at.is_(None)))
    return tuple(_guardianship(row, called(row.guardian)) for row in rows)


def wards_of(actor: Actor) -> tuple[Guardianship, ...]:
    """Return for whom the actor acts, or says so; a name is said once that is verified."""
    rows = session().scalars(select(GuardianRow).where(GuardianRow.guardian == actor.id, GuardianRow.ended_at.is_(None)))
    return tuple(_guardianship(row, called(row.minor) if row.verified_at is not None else None) for row in rows)


def _waits() -> ColumnElement[bool]:
    return and_(GuardianRow.verified_at.is_(None), GuardianRow.ended_at.is_(None))


def _may_end(actor: Actor) -> ColumnElement[bool]:
    sides = or_(GuardianRow.guardian == actor.id, and_(GuardianRow.minor == actor.id, GuardianRow.verified_at.is_(None)))
    return or_(sides, GuardianRow.ended_at.is_(None)) if actor.role is Role.ADMIN else sides


def _end(actor: Actor, row: GuardianRow, at: datetime) -> bool:
    ending = update(GuardianRow).where(GuardianRow.id == row.id, GuardianRow.ended_at.is_(None)).values(ended_at=at, mark=None)
    done: Any = session().execute(ending.execution_options(synchronize_session="fetch"))
    if done.rowcount:
        note(actor, "end_guardian", subject=row.minor, thing=row.id)
    return bool(done.rowcount)


def _name(account: str) -> dict[str, str | int | float | Text]:
    return {"name": called(account)}


def _guardianship(row: GuardianRow, name: str | None) -> Guardianship:
    return Guardianship(row.id, row.guardian, row.minor, name, row.stated_at, row.verified_at, row.verified_by, row.ended_at)
