from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from somnia_server.store import guardians
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import grants_of
from somnia_server.store.guardians import (
    GuardianError,
    end_grown_up,
    end_guardianship,
    guardians_of,
    state_guardianship,
    statements,
    verify_guardianship,
    wards_of,
)
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, list_nights, load_night, save_night
from somnia_server.store.notices import list_notices, unread
from somnia_server.store.persons import Profile, load_profile, save_profile
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AuditRow, GuardianRow, UserRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)
MINOR = "minor@example.org"


def born(years: float, role: Role = Role.USER, email: str | None = None, name: str | None = None) -> Actor:
    actor = make_account(role, email=email)
    save_profile(actor, Profile(name=name, birth_date=now().date() - timedelta(days=365.25 * years)))
    return actor


@pytest.fixture
def minor(context: None) -> Actor:
    return born(12, email=MINOR, name="Mina Minor")


@pytest.fixture
def adult(context: None) -> Actor:
    return born(40, name="Gita Guardian")


def stated(adult: Actor, email: str = MINOR) -> str:
    state_guardianship(adult, email)
    return wards_of(adult)[-1].id


def verified(adult: Actor) -> str:
    statement = stated(adult)
    assert verify_guardianship(make_account(Role.ADMIN), statement)
    return statement


def entries(subject: Actor) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in session().scalars(select(AuditRow).where(AuditRow.subject == subject.id))]


def test_a_guardian_reaches_the_wards_nights_once_verified_and_until_it_ends(minor, adult):
    night = save_night(minor.id, make_night(DAY), kept=Kept(DAY, "f"))
    statement = stated(adult)
    assert load_night(adult, night) is None
    assert verify_guardianship(make_account(Role.ADMIN), statement)
    assert load_night(adult, night) is not None
    assert [found.id for found in list_nights(adult, minor.id)] == [night]
    assert load_profile(adult, minor.id).name == "Mina Minor"
    assert load_night(minor, night) is not None
    assert end_guardianship(adult, statement)
    assert load_night(adult, night) is None
    assert (wards_of(adult), guardians_of(minor)) == ((), ())


def test_an_administrator_verifies_once_and_no_doctor_does(minor, adult):
    admin, doctor, statement = make_account(Role.ADMIN), make_account(Role.DOCTOR), stated(adult)
    assert not verify_guardianship(doctor, statement)
    assert verify_guardianship(admin, statement)
    assert not verify_guardianship(admin, statement)
    (ward,) = wards_of(adult)
    assert (ward.verified, ward.verified_by, ward.state, ward.name) == (True, admin.id, guardians.VERIFIED, "Mina Minor")
    (guardian,) = guardians_of(minor)
    assert (guardian.name, guardian.id) == ("Gita Guardian", statement)


def test_nobody_verifies_themselves_and_no_patient_verifies_anybody(minor):
    doctor = born(40, Role.DOCTOR)
    statement = stated(doctor)
    for actor in (doctor, minor, make_account(), Actor("v-1", Role.VISITOR), Actor("k-1", Role.KIOSK)):
        assert not verify_guardianship(actor, statement)
    assert not wards_of(doctor)[0].verified


def test_only_an_adult_by_their_profile_states_a_guardianship(minor):
    for actor in (make_account(), born(17), Actor("v-1", Role.VISITOR)):
        with pytest.raises(GuardianError):
            state_guardianship(actor, MINOR)
    assert guardians_of(minor) == ()


def test_only_a_minor_by_their_profile_gets_a_guardian(adult):
    unsaid = make_account(email="unsaid@example.org")
    admin, statement = make_account(Role.ADMIN), stated(adult, "unsaid@example.org")
    with pytest.raises(GuardianError):
        verify_guardianship(admin, statement)
    save_profile(unsaid, Profile(birth_date=now().date() - timedelta(days=3650)))
    save_profile(adult, Profile())
    with pytest.raises(GuardianError):
        verify_guardianship(admin, statement)
    save_profile(adult, Profile(birth_date=date(1980, 1, 1)))
    assert verify_guardianship(admin, statement)


def test_a_statement_about_nobody_or_an_adult_looks_like_any_other(adult, minor):
    born(30, email="adult@example.org")
    for email in (MINOR, "adult@example.org", "nobody@example.org"):
        state_guardianship(adult, email)
    wards = wards_of(adult)
    assert len(wards) == 3
    assert {(ward.name, ward.verified, ward.state) for ward in wards} == {(None, False, guardians.STATED)}
    admin = make_account(Role.ADMIN)
    assert [statement.minor for statement in statements(admin)] == [minor.id]
    for ward in wards:
        if ward.minor != minor.id:
            with pytest.raises(GuardianError):
                verify_guardianship(admin, ward.id)


def test_the_same_statement_twice_is_one(adult, minor):
    for email in (MINOR, f" {MINOR.upper()} ", "nobody@example.org", "Nobody@Example.org"):
        state_guardianship(adult, email)
    assert len(wards_of(adult)) == 2
    assert unread(minor) == 1


def test_statements_are_limited(adult):
    for n in range(10):
        state_guardianship(adult, f"{n}@example.org")
    with pytest.raises(RefusalError, match="too often"):
        state_guardianship(adult, MINOR)


def test_only_administrators_see_what_waits(adult, minor):
    doctor = make_account(Role.DOCTOR, email="doctor@example.org")
    statement = stated(adult)
    assert (statements(doctor), statements(adult), statements(minor)) == ((), (), ())
    share_with_address(minor, "doctor@example.org")
    assert statements(doctor) == ()
    (found,) = statements(make_account(Role.ADMIN))
    assert (found.id, found.guardian_name, found.minor_name) == (statement, "Gita Guardian", "Mina Minor")


def test_who_ends_a_guardianship(minor, adult):
    statement = stated(adult)
    for stranger in (make_account(), make_account(Role.DOCTOR), Actor(adult.id, Role.KIOSK)):
        if stranger.id != adult.id:
            assert not end_guardianship(stranger, statement)
    assert end_guardianship(minor, statement)
    statement = verified(adult)
    assert not end_guardianship(minor, statement)
    assert end_guardianship(make_account(Role.ADMIN), statement)
    assert not end_guardianship(adult, statement)


def test_a_disabled_guardian_reaches_nothing(minor, adult):
    night = save_night(minor.id, make_night(DAY), kept=Kept(DAY, "f"))
    verified(adult)
    session().execute(update(UserRow).where(UserRow.id == adult.id).values(active=False))
    session().commit()
    assert load_night(adult, night) is None


def test_it_ends_on_the_18th_birthday_and_not_a_day_before(adult, minor):
    save_profile(minor, Profile(birth_date=date(2010, 2, 28)))
    verified(adult)
    eve = now().replace(year=2028, month=2, day=27, hour=12)
    assert end_grown_up(eve) == 0
    assert end_grown_up(eve + timedelta(days=1)) == 1
    assert end_grown_up(eve + timedelta(days=1)) == 0
    assert wards_of(adult) == ()
    assert "You are 18" in str(list_notices(minor)[0].text)
    assert ("house", "end_guardian") in entries(minor)


def test_a_statement_that_nobody_verifies_ends_after_sixty_days(adult, minor):
    stated(adult)
    assert end_grown_up(now() + timedelta(days=59)) == 0
    assert end_grown_up(now() + timedelta(days=61)) == 1


def test_a_ward_with_a_guardian_does_not_change_their_own_birth_date(adult, minor):
    statement = verified(adult)
    with pytest.raises(RefusalError):
        save_profile(minor, Profile(name="Mina", birth_date=date(1990, 1, 1)))
    kept = load_profile(minor).birth_date
    assert save_profile(minor, Profile(name="Mina", birth_date=kept))
    assert save_profile(adult, Profile(name="Mina", birth_date=kept - timedelta(days=1)), subject=minor.id)
    end_guardianship(adult, statement)
    assert save_profile(minor, Profile(name="Mina", birth_date=kept))


def test_a_guardian_grants_in_the_wards_name_and_all_of_it_is_on_record(adult, minor):
    make_account(Role.DOCTOR, email="doctor@example.org")
    admin, statement = make_account(Role.ADMIN), stated(adult)
    verify_guardianship(admin, statement)
    share_with_address(adult, "doctor@example.org", subject=minor.id)
    assert len(grants_of(minor)) == 1
    end_guardianship(adult, statement)
    assert entries(minor) == [
        (adult.id, "state_guardian"),
        (admin.id, "verify_guardian"),
        (adult.id, "grant"),
        (adult.id, "end_guardian"),
    ]
    assert session().scalar(select(GuardianRow.verified_by)) == admin.id
