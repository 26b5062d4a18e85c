import json
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from somnia_engine.types.recording import Subject
from somnia_server.store import persons
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import house, now
from somnia_server.store.persons import MedicalEntry, MedicalHistory, PersonError, PersonSettings, Profile
from somnia_server.store.tables import AuditRow, GrantRow, GuardianRow, PersonRow, SharingRequestRow, session
from tests.server.conftest import make_account

pytestmark = pytest.mark.usefixtures("context")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = Profile(
    name="Canary Ånesdóttir",
    birth_date=date(1980, 2, 29),
    sex="female",
    height_cm=171.5,
    weight_kg=64,
    gestation_weeks=12.5,
    gestation_on=date(2026, 1, 2),
    zone="Asia/Kolkata",
    language="de",
)
HISTORY = MedicalHistory((MedicalEntry("diagnosis", "Canary apnea", "G47.3", date(2020, 1, 1)), MedicalEntry("therapy", "CPAP")))


account = make_account


def grant(patient: Actor, doctor: Actor, **changed: object) -> None:
    row = GrantRow(id=secrets.token_hex(16), patient=patient.id, doctor=doctor.id, kind="consent", scope="reports", may_upload=False)
    row.created_at, row.expires_at = now(), now() + timedelta(days=1)
    for name, value in changed.items():
        setattr(row, name, value)
    session().add(row)
    session().commit()


def guard(guardian: Actor, minor: Actor, *, verified: bool = True) -> None:
    row = GuardianRow(id=secrets.token_hex(16), guardian=guardian.id, minor=minor.id, stated_at=now())
    row.verified_at = now() if verified else None
    session().add(row)
    session().commit()


def entries_about(subject: Actor) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in session().query(AuditRow).filter_by(subject=subject.id).order_by(AuditRow.seq)]


def test_what_a_person_says_comes_back():
    me = account()
    assert persons.save_profile(me, FULL)
    assert persons.save_history(me, HISTORY)
    settings = PersonSettings("imperial", 12, 18, 48.0, ai_text=True, email_notices=("night", "emergency"))
    assert persons.save_settings(me, settings)
    session().expire_all()
    assert persons.load_profile(me) == FULL
    assert persons.load_settings(me) == settings
    kept = persons.load_history(me).entries
    assert [replace(entry, id="") for entry in kept] == list(HISTORY.entries)
    assert len({entry.id for entry in kept} - {""}) == 2
    assert entries_about(me) == []


def test_who_said_nothing_has_an_empty_profile_and_the_usual_settings():
    me = account()
    assert persons.load_profile(me) == Profile()
    assert persons.load_history(me) == MedicalHistory()
    assert persons.load_settings(me) == PersonSettings()


def test_strangers_read_and_change_nothing():
    me = account()
    persons.save_profile(me, FULL)
    for role in Role:
        other = replace(account(role), role=role)
        assert persons.load_profile(other, me.id) == Profile()
        assert persons.load_history(other, me.id) == MedicalHistory()
        assert not persons.save_profile(other, Profile(name="X"), subject=me.id)
        assert persons.read_by_doctor(other, me.id) is None
        assert persons.names_of_patients(other, [me.id]) == {}
        assert persons.names_of_doctors(other, [me.id]) == {}
    assert persons.load_profile(me) == FULL
    assert entries_about(me) == []


def test_a_kiosk_changes_nothing_even_under_its_own_id():
    kiosk = Actor(f"k-{secrets.token_hex(16)}", Role.KIOSK)
    assert not persons.save_profile(kiosk, Profile(name="X"))


def test_a_verified_guardian_acts_for_a_ward_and_is_on_record():
    parent, child = account(), account()
    guard(parent, child, verified=False)
    assert not persons.save_profile(parent, FULL, subject=child.id)
    session().query(GuardianRow).one().verified_at = now()
    session().commit()
    assert persons.save_profile(parent, FULL, subject=child.id)
    assert persons.load_profile(parent, child.id) == FULL
    assert persons.load_profile(child) == FULL
    assert persons.load_profile(parent) == Profile()
    assert entries_about(child) == [(parent.id, "change_profile"), (parent.id, "read_profile")]


def test_a_doctor_with_a_grant_reads_the_card_and_no_more():
    patient, doctor = account(), account(Role.DOCTOR)
    persons.save_profile(patient, FULL)
    persons.save_history(patient, HISTORY)
    grant(patient, doctor)
    card = persons.read_by_doctor(doctor, patient.id)
    assert card is not None
    assert (card.name, card.age, card.sex) == (FULL.name, persons.age_at(FULL, now().date()), "female")
    assert [entry.text for entry in card.history.entries] == ["Canary apnea", "CPAP"]
    assert persons.names_of_patients(doctor, [patient.id, "u-other"]) == {patient.id: FULL.name}
    assert persons.load_profile(doctor, patient.id) == Profile()
    assert not persons.save_history(doctor, MedicalHistory(), subject=patient.id)
    assert entries_about(patient) == [(doctor.id, "read_profile")]


@pytest.mark.parametrize("changed", [{"revoked_at": NOON}, {"expires_at": NOON - timedelta(days=3650)}])
def test_a_grant_that_is_over_opens_nothing(changed: dict[str, datetime]):
    patient, doctor = account(), account(Role.DOCTOR)
    persons.save_profile(patient, FULL)
    grant(patient, doctor, **changed)
    assert persons.read_by_doctor(doctor, patient.id) is None
    assert persons.names_of_patients(doctor, [patient.id]) == {}
    assert entries_about(patient) == []


def test_a_patient_reads_the_names_of_doctors_who_were_granted_or_asked():
    patient, granted, asking, other = account(), *(account(Role.DOCTOR) for _ in range(3))
    for doctor, name in ((granted, "Dr. A"), (asking, "Dr. B"), (other, "Dr. C")):
        persons.save_profile(doctor, Profile(name=name))
    grant(patient, granted, revoked_at=now())
    ask = SharingRequestRow(id=secrets.token_hex(16), doctor=asking.id, patient=patient.id, state="asked", created_at=now())
    ask.sealed_message = b""
    session().add(ask)
    session().commit()
    assert persons.names_of_doctors(patient, [granted.id, asking.id, other.id]) == {granted.id: "Dr. A", asking.id: "Dr. B"}


def test_fields_of_a_later_version_stay():
    me = account()
    persons.save_history(me, HISTORY)
    row = session().get_one(PersonRow, me.id)
    place = {"table": "persons.history", "row": me.id, "owner": me.id}
    plain = json.loads(house().vault.open_sealed(row.sealed_history, **place))
    plain["later"] = {"a": 1}
    plain["entries"][1]["dose"] = "5 mg"
    row.sealed_history = house().vault.seal(json.dumps(plain).encode(), **place)
    session().commit()
    kept = persons.load_history(me)
    assert persons.save_history(me, MedicalHistory((replace(kept.entries[1], text="CPAP, new mask"),)))
    plain = json.loads(house().vault.open_sealed(session().get_one(PersonRow, me.id).sealed_history, **place))
    assert plain["later"] == {"a": 1}
    assert [(entry["text"], entry["dose"]) for entry in plain["entries"]] == [("CPAP, new mask", "5 mg")]


def test_nothing_of_a_person_lies_in_the_clear():
    me = account()
    persons.save_profile(me, FULL)
    persons.save_history(me, HISTORY)
    row = session().get_one(PersonRow, me.id)
    for sealed in (row.sealed_profile, row.sealed_history):
        assert b"anary" not in sealed


TOMORROW = now().date() + timedelta(days=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 121),
        ("name", "two\nlines"),
        ("birth_date", date(1899, 12, 31)),
        ("birth_date", TOMORROW),
        ("sex", "unknown"),
        ("height_cm", 29.0),
        ("height_cm", float("nan")),
        ("height_cm", True),
        ("weight_kg", 401),
        ("weight_kg", "80"),
        ("due_date", TOMORROW + timedelta(weeks=50)),
        ("gestation_weeks", 46.0),
        ("gestation_on", date(2026, 1, 1)),
        ("infant", "no"),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("language", "xx"),
    ],
)
def test_a_profile_with_an_impossible_value_is_refused_by_name(field: str, value: object):
    me = account()
    with pytest.raises(PersonError) as refused:
        persons.save_profile(me, replace(Profile(), **{field: value}))
    assert refused.value.field == field
    assert "Allowed is" in str(refused.value.text)
    assert session().get(PersonRow, me.id) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", "stone"),
        ("clock", 13),
        ("night_split_h", 24),
        ("night_split_h", 1.5),
        ("raw_retention_h", -1.0),
        ("raw_retention_h", float("inf")),
        ("ai_text", 1),
        ("email_notices", ("night", "advertisement")),
    ],
)
def test_a_setting_with_an_impossible_value_is_refused_by_name(field: str, value: object):
    with pytest.raises(PersonError) as refused:
        persons.save_settings(account(), replace(PersonSettings(), **{field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("kind", MedicalEntry("rumour", "x")),
        ("text", MedicalEntry("diagnosis", "  ")),
        ("text", MedicalEntry("diagnosis", "x" * 2001)),
        ("code", MedicalEntry("diagnosis", "x", code="y" * 33)),
        ("ends", MedicalEntry("therapy", "x", begins=date(2020, 2, 2), ends=date(2020, 2, 1))),
        ("id", MedicalEntry("therapy", "x", id="'--")),
    ],
)
def test_an_entry_with_an_impossible_value_is_refused_by_name(field: str, entry: MedicalEntry):
    with pytest.raises(PersonError) as refused:
        persons.save_history(account(), MedicalHistory((entry,)))
    assert refused.value.field == field


def test_a_line_is_kept_without_the_space_around_it_and_an_empty_one_is_unsaid():
    me = account()
    persons.save_profile(me, Profile(name="  Ada  "))
    assert persons.load_profile(me).name == "Ada"
    persons.save_profile(me, Profile(name="  "))
    assert persons.load_profile(me).name is None


def test_age_counts_whole_years_and_leap_days():
    born = Profile(birth_date=date(2008, 2, 29))
    assert persons.age_at(born, date(2026, 2, 28)) == 17
    assert persons.age_at(born, date(2026, 3, 1)) == 18
    assert persons.age_at(born, date(2008, 2, 28)) is None
    assert persons.age_at(Profile(), date(2026, 1, 1)) is None


def test_a_minor_comes_of_age_at_midnight_of_their_own_zone():
    evening = datetime(2026, 2, 28, 19, tzinfo=UTC)
    born = date(2008, 3, 1)
    assert persons.is_minor(Profile(birth_date=born), evening) is True
    assert persons.is_minor(Profile(birth_date=born, zone="Asia/Kolkata"), evening) is False
    assert persons.is_minor(Profile(), evening) is None


YOUNG, GROWN = date(now().year - 10, 1, 1), date(now().year - 30, 1, 1)


@pytest.mark.parametrize("birth_date", [GROWN, None])
def test_nobody_under_18_makes_themselves_older(birth_date: date | None):
    child, parent, admin = account(), account(), account(Role.ADMIN)
    persons.save_profile(child, Profile(birth_date=YOUNG))
    with pytest.raises(PersonError) as refused:
        persons.save_profile(child, Profile(birth_date=birth_date))
    assert refused.value.field == "birth_date"
    session().rollback()
    assert persons.save_profile(child, Profile(birth_date=YOUNG - timedelta(days=9), name="Kim"))
    guard(parent, child)
    assert persons.save_profile(parent, Profile(birth_date=birth_date), subject=child.id)
    assert not persons.correct_birth_date(parent, child.id, day=YOUNG)
    assert persons.correct_birth_date(admin, child.id, day=YOUNG)
    assert persons.load_profile(child).birth_date == YOUNG
    assert entries_about(child)[-1] == (admin.id, "change_profile")


def test_the_week_of_pregnancy_follows_from_either_way_to_tell_it():
    night = date(2026, 3, 1)
    assert persons.gestation_week_at(Profile(due_date=night + timedelta(weeks=10)), night) == 30
    counted = Profile(gestation_weeks=12.0, gestation_on=night - timedelta(days=14))
    assert persons.gestation_week_at(counted, night) == 14
    assert persons.gestation_week_at(Profile(due_date=night - timedelta(weeks=20)), night) is None
    assert persons.gestation_week_at(Profile(), night) is None


def test_the_engine_learns_the_year_and_never_the_name():
    subject = persons.engine_subject(FULL, date(2026, 1, 9))
    assert subject == Subject(1980, "female", 171.5, 64, 13.5, infant=False)
    assert persons.engine_subject(Profile(birth_date=date(2025, 10, 1)), date(2026, 1, 9)).infant
    assert persons.engine_subject(Profile(infant=True), date(2026, 1, 9)).infant
