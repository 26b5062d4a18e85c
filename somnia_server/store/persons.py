"""What persons say about themselves, kept sealed: read and changed by them and their guardians, read in part by their doctors."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.exc import IntegrityError

from somnia_engine.text import Text, t
from somnia_server.store import codec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note, note_read
from somnia_server.store.damaged import DAMAGED, NAME, read_or
from somnia_server.store.house import house, now
from somnia_server.store.keys import stored_keys
from somnia_server.store.people import note_visitor
from somnia_server.store.profiles import (
    MedicalEntry,
    MedicalHistory,
    PersonError,
    PersonSettings,
    Profile,
    age_at,
    checked_history,
    checked_profile,
    checked_settings,
    engine_subject,
    gestation_week_at,
    is_minor,
)
from somnia_server.store.reach import acts_for, alive_grant, alive_guardian, changes
from somnia_server.store.tables import GrantRow, GuardianRow, PersonRow, SharingRequestRow, session
from somnia_server.store.vault import TamperedError

__all__ = [
    "MedicalEntry",
    "MedicalHistory",
    "PatientCard",
    "PersonError",
    "PersonSettings",
    "Profile",
    "age_at",
    "correct_birth_date",
    "damaged_parts",
    "engine_subject",
    "gestation_week_at",
    "is_minor",
    "load_history",
    "load_profile",
    "load_settings",
    "names_of_doctors",
    "names_of_patients",
    "profile_of",
    "read_by_doctor",
    "save_history",
    "save_profile",
    "save_settings",
]

T = TypeVar("T", Profile, MedicalHistory, PersonSettings)
MOST_PART_CHARS = 1_000_000
PARTS: dict[type, str] = {Profile: "profile", MedicalHistory: "history", PersonSettings: "settings"}


@dataclass(frozen=True, slots=True)
class PatientCard:
    """What a doctor sees of a patient who shares: no birth date, no address; `age` in whole years; `damaged`: some of it was changed."""

    id: str
    name: str | None
    age: int | None
    sex: str | None
    history: MedicalHistory
    damaged: bool = False


def load_profile(actor: Actor, subject: str | None = None) -> Profile:
    """Return a person's profile, the actor's own when no subject is given; an empty one when there is none or it is not theirs to see."""
    return _load(actor, subject, Profile)


def load_history(actor: Actor, subject: str | None = None) -> MedicalHistory:
    """Return a person's medical history; an empty one when there is none or it is not theirs to see."""
    return _load(actor, subject, MedicalHistory)


def load_settings(actor: Actor, subject: str | None = None) -> PersonSettings:
    """Return a person's settings; those of a new person when there are none or they are not theirs to see."""
    return _load(actor, subject, PersonSettings)


def save_profile(actor: Actor, profile: Profile, *, subject: str | None = None) -> bool:
    """Keep a profile; False when it is not the actor's to change.

    Raises
    ------
    PersonError
        A value cannot be kept; its `field` and `text` say which, why and what to do.
    """
    checked, owner = checked_profile(profile, now()), actor.id if subject is None else subject
    kept = profile_of(owner).birth_date
    if actor.id == owner and checked.birth_date != kept and session().scalar(_guarded(owner)):
        raise PersonError("birth_date", checked.birth_date, Text("the date that is kept; only your guardian changes it"))
    return _save(actor, checked, subject)


def save_history(actor: Actor, history: MedicalHistory, *, subject: str | None = None) -> bool:
    """Keep a medical history, new entries get an id; False and PersonError as `save_profile`."""
    checked = checked_history(history, now())
    entries = tuple(entry if entry.id else replace(entry, id=secrets.token_hex(8)) for entry in checked.entries)
    return _save(actor, MedicalHistory(entries), subject)


def save_settings(actor: Actor, settings: PersonSettings, *, subject: str | None = None) -> bool:
    """Keep settings; False and PersonError as `save_profile`."""
    return _save(actor, checked_settings(settings), subject)


def read_by_doctor(actor: Actor, patient: str) -> PatientCard | None:
    """Return what a doctor with a grant that is alive may know of a patient, and note it; None for anybody else."""
    if actor.role is not Role.DOCTOR or not session().scalar(select(_shares_with(actor).where(GrantRow.patient == patient).exists())):
        return None
    row = session().get(PersonRow, patient)
    profile, history = _value(row, Profile), _value(row, MedicalHistory)
    note_read(actor, "read_profile", subject=patient)
    damaged = bool({"profile", "history"} & set(_damaged(row)))
    return PatientCard(patient, profile.name, age_at(profile, now().date()), profile.sex, history, damaged)


def names_of_patients(actor: Actor, patients: Sequence[str]) -> dict[str, str | None]:
    """Return the names of those patients who share with a doctor now, as a list shows them; a list of names alone is not put on record."""
    if actor.role is not Role.DOCTOR:
        return {}
    return _names(patients, _shares_with(actor).where(GrantRow.patient == PersonRow.owner).exists())


def names_of_doctors(actor: Actor, doctors: Sequence[str]) -> dict[str, str | None]:
    """Return the names of those doctors whom the actor or a ward has ever shared with or been asked by."""
    granted = exists().where(GrantRow.doctor == PersonRow.owner, changes(actor, GrantRow.patient))
    asked = exists().where(SharingRequestRow.doctor == PersonRow.owner, changes(actor, SharingRequestRow.patient))
    return _names(doctors, or_(granted, asked))


def damaged_parts(actor: Actor, subject: str | None = None) -> tuple[str, ...]:
    """Return which parts of a person cannot be read because what is kept was changed: "profile", "history", "settings"."""
    owner = actor.id if subject is None else subject
    row = session().scalars(select(PersonRow).where(PersonRow.owner == owner, changes(actor, PersonRow.owner))).one_or_none()
    return _damaged(row)


def profile_of(owner: str) -> Profile:
    """Return somebody's profile to a store that has decided by itself what of it may be said or used; one that was changed says nothing."""
    return _value(session().get(PersonRow, owner), Profile)


def settings_of(owner: str) -> PersonSettings:
    """Return somebody's settings to a store that tells them something; those of a new person when they cannot be read."""
    return _value(session().get(PersonRow, owner), PersonSettings)


def _guarded(owner: str) -> Any:
    """Return whether a guardian acts for somebody: their age is then not theirs to change."""
    return select(select(GuardianRow.id).where(alive_guardian(GuardianRow.minor, owner)).exists())


def _shares_with(actor: Actor) -> Any:
    return select(GrantRow.id).where(alive_grant(actor.id))


def _names(owners: Sequence[str], may: ColumnElement[bool]) -> dict[str, str | None]:
    rows = session().scalars(select(PersonRow).where(PersonRow.owner.in_(owners), may)).all()
    stored_keys().of_many([row.owner for row in rows])
    unreadable = {"name": t(NAME)}
    return {row.owner: read_or(partial(_plain, row, "profile"), unreadable, what=f"profile of {row.owner}").get("name") for row in rows}


def _load(actor: Actor, subject: str | None, kind: type[T]) -> T:
    owner = actor.id if subject is None else subject
    row = session().scalars(select(PersonRow).where(PersonRow.owner == owner, changes(actor, PersonRow.owner))).one_or_none()
    if row is not None and kind is not PersonSettings:
        note_read(actor, f"read_{PARTS[kind]}", subject=owner)
    return _value(row, kind)


def _save(actor: Actor, value: Profile | MedicalHistory | PersonSettings, subject: str | None) -> bool:
    owner = actor.id if subject is None else subject
    if not acts_for(actor, owner):
        return False
    row = session().get(PersonRow, owner, with_for_update=True) or _new_row(owner)
    if isinstance(value, Profile) and actor.id == owner:
        _check_readable(row, value)
        _check_grown_up(_value(row, Profile), value)
    note_visitor(owner)
    _keep(row, value)
    if actor.id != owner:
        note(actor, f"change_{PARTS[type(value)]}", subject=owner)
    session().commit()
    return True


def _check_readable(row: PersonRow | None, new: Profile) -> None:
    """Refuse that somebody writes over a profile that was changed: it may have said that they are under 18."""
    if "profile" in _damaged(row):
        raise PersonError("birth_date", new.birth_date, Text("what an administrator enters: your profile was changed on the server"))


def _check_grown_up(here: Profile, new: Profile) -> None:
    """Refuse that a person under 18 makes themselves older: what is done with their data is their guardian's to decide."""
    if is_minor(here, now()) and is_minor(new, now()) is not True:
        raise PersonError(
            "birth_date", new.birth_date, Text("a day that makes you under 18; your guardian or an administrator corrects it")
        )


def correct_birth_date(actor: Actor, subject: str, *, day: date) -> bool:
    """Correct the birth date of somebody who entered a wrong one, and note it; for administrators, False for anybody else.

    Raises
    ------
    PersonError
        It is no day on which a person can have been born.
    """
    row = session().get(PersonRow, subject, with_for_update=True)
    if actor.role is not Role.ADMIN or row is None:
        return False
    _keep(row, checked_profile(replace(_value(row, Profile), birth_date=day), now()))
    note(actor, "change_profile", subject=subject, thing="birth_date")
    session().commit()
    return True


def _new_row(owner: str) -> PersonRow:
    try:
        with session().begin_nested():
            session().add(PersonRow(owner=owner, updated_at=now()))
    except IntegrityError:  # another request of theirs was first
        session().expire_all()
    return session().get_one(PersonRow, owner)


def _keep(row: PersonRow, value: Profile | MedicalHistory | PersonSettings) -> None:
    part = PARTS[type(value)]
    _seal_part(row, part, _merged(json.loads(codec.dumps(value)), _readable(row, part)))


def _seal_part(row: PersonRow, part: str, plain: dict[str, Any]) -> None:
    sealed = house().vault.seal(json.dumps(plain).encode(), table=f"persons.{part}", row=row.owner, owner=row.owner)
    setattr(row, f"sealed_{part}", sealed)
    row.updated_at = now()


def take_in(owner: str, parts: Mapping[str, dict[str, Any]]) -> None:
    """Add what was kept elsewhere to what is here, within the caller's transaction; what a person has said here goes first.

    Raises
    ------
    PersonError, ValueError, TypeError, KeyError
        A value cannot be kept; then nothing is.
    """
    row = session().get(PersonRow, owner)
    if parts.get("profile"):
        _check_readable(row, Profile())
    brought = {part: {name: value for name, value in found.items() if name != DAMAGED} for part, found in parts.items()}
    united = {part: _united(part, brought.get(part, {}), _readable(row, part)) for part in PARTS.values()}
    plain = {part: json.dumps(found).encode() for part, found in united.items()}
    checked = {
        "profile": codec.dumps(checked_profile(codec.loads(Profile, plain["profile"]), now())),
        "history": codec.dumps(checked_history(codec.loads(MedicalHistory, plain["history"]), now())),
        "settings": codec.dumps(checked_settings(codec.loads(PersonSettings, plain["settings"]))),
    }
    for part, value in checked.items():
        if united[part]:
            row = row or _new_row(owner)
            _seal_part(row, part, _merged(json.loads(value), united[part]))


def _united(part: str, brought: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """Return what was brought with what is here over it; of a history the entries of both."""
    said = {name: value for name, value in here.items() if value is not None and value is not False} if part == "profile" else here
    united = {**brought, **said}
    if part == "history" and brought:
        entries = [*here.get("entries", ()), *brought.get("entries", ())]
        named = {
            entry.get("id") or sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]: entry for entry in reversed(entries)
        }
        united["entries"] = [{**entry, "id": name} for name, entry in reversed(named.items())]
    if len(json.dumps(united)) > MOST_PART_CHARS:
        raise ValueError(f"{part} has more than {MOST_PART_CHARS} characters")
    return united


def _merged(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return the new values with what this version does not know of the old ones, entries by their ids."""
    merged = {**old, **new}
    before = {entry.get("id"): entry for entry in old.get("entries", ())}
    if "entries" in new:
        merged["entries"] = [{**before.get(entry["id"], {}), **entry} for entry in new["entries"]]
    return merged


def plain_part(owner: str, part: str) -> dict[str, Any]:
    """Return "profile", "history" or "settings" as it is kept, fields of later versions included, for a store that moves it."""
    return read_or(lambda: _plain(session().get(PersonRow, owner), part), {DAMAGED: True}, what=f"{part} of {owner}")


def _plain(row: PersonRow | None, part: str) -> dict[str, Any]:
    sealed = None if row is None else getattr(row, f"sealed_{part}")
    if row is None or sealed is None:
        return {}
    found: dict[str, Any] = json.loads(house().vault.open_sealed(sealed, table=f"persons.{part}", row=row.owner, owner=row.owner))
    return found


def _readable(row: PersonRow | None, part: str) -> dict[str, Any]:
    return read_or(lambda: _plain(row, part), {}, what=f"{part} of {'nobody' if row is None else row.owner}")


def _is_damaged(row: PersonRow | None, part: str) -> bool:
    try:
        _plain(row, part)
    except TamperedError:
        return True
    return False


def _damaged(row: PersonRow | None) -> tuple[str, ...]:
    return tuple(part for part in PARTS.values() if _is_damaged(row, part))


def _value(row: PersonRow | None, kind: type[T]) -> T:
    return codec.loads(kind, json.dumps(_readable(row, PARTS[kind])).encode())
