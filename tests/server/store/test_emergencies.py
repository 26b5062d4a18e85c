from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from somnia_server.store import audit
from somnia_server.store.actors import Actor, Role
from somnia_server.store.emergencies import break_glass
from somnia_server.store.grants import EMERGENCY, EXPIRED, Terms, grants_of, patients_of, revoke
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, load_night, save_night
from somnia_server.store.notices import list_notices, unread
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.reach import REPORTS
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AuditRow, GrantRow, GuardianRow, UserRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)
REASON = "Found unconscious, canary of the reason."


@pytest.fixture
def patient(context: None) -> Actor:
    return make_account(email="patient@example.org")


@pytest.fixture
def doctor(context: None) -> Actor:
    actor = make_account(Role.DOCTOR, email="doctor@example.org")
    save_profile(actor, Profile(name="Dr. Dora"))
    return actor


def keep(owner: Actor) -> str:
    return save_night(owner.id, make_night(DAY), kept=Kept(DAY, "f"))


@pytest.mark.parametrize("named_by", ["address", "id"])
def test_a_doctor_opens_all_nights_for_a_day(patient, doctor, named_by: str):
    night = keep(patient)
    assert break_glass(doctor, patient.id if named_by == "id" else " Patient@example.org", reason=REASON) == patient.id
    assert load_night(doctor, night) is not None
    (grant,) = grants_of(patient)
    assert (grant.kind, grant.terms.may_upload) == (EMERGENCY, False)
    assert timedelta(hours=23) < grant.expires_at - now() <= timedelta(hours=24)
    session().execute(update(GrantRow).values(expires_at=now()))
    session().commit()
    assert load_night(doctor, night) is None
    assert grants_of(patient)[0].state == EXPIRED


def test_the_patient_guardians_and_administrators_are_told_at_once(patient, doctor):
    admin, guardian = make_account(Role.ADMIN), make_account()
    session().add(GuardianRow(id="g", guardian=guardian.id, minor=patient.id, stated_at=now(), verified_at=now()))
    session().commit()
    break_glass(doctor, patient.id, reason=REASON)
    for told in (patient, guardian):
        (notice,) = list_notices(told)
        assert notice.kind == EMERGENCY
        assert "Dr. Dora" in str(notice.text)
        assert REASON in str(notice.text)
    (notice,) = list_notices(admin)
    assert "Dr. Dora" in str(notice.text)
    assert REASON not in str(notice.text)
    assert unread(doctor) == 0


def test_it_is_on_record_with_its_reason_sealed(patient, doctor, disk):
    break_glass(doctor, patient.id, reason=REASON)
    (row,) = session().scalars(select(AuditRow).where(AuditRow.subject == patient.id))
    assert (row.actor, row.action, row.object) == (doctor.id, "break_glass", grants_of(patient)[0].id)
    assert audit.entries_about(patient)[0].detail == REASON
    assert b"canary of the reason" not in disk()


def test_the_patient_ends_it(patient, doctor):
    night = keep(patient)
    break_glass(doctor, patient.id, reason=REASON)
    assert revoke(patient, grants_of(patient)[0].id)
    assert load_night(doctor, night) is None
    assert patients_of(doctor) == ()


def test_it_leaves_what_the_patient_granted_as_it_is(patient, doctor):
    night = keep(patient)
    share_with_address(patient, "doctor@example.org", terms=Terms(scope=REPORTS))
    break_glass(doctor, patient.id, reason=REASON)
    assert load_night(doctor, night) is not None
    share_with_address(patient, "doctor@example.org", terms=Terms(scope=REPORTS, days=2))
    assert load_night(doctor, night) is not None
    emergency = next(grant for grant in grants_of(patient) if grant.kind == EMERGENCY)
    assert revoke(patient, emergency.id)
    assert load_night(doctor, night) is None
    assert len(patients_of(doctor)) == 1


@pytest.mark.parametrize("reason", ["", "emergency", " " * 40 + "short", "x" * 2001])
def test_a_reason_of_less_than_twenty_characters_opens_nothing(patient, doctor, reason: str):
    with pytest.raises(RefusalError):
        break_glass(doctor, patient.id, reason=reason)
    assert grants_of(patient) == ()


def test_only_a_doctor_who_works_here_breaks_glass(patient, doctor):
    session().execute(update(UserRow).where(UserRow.id == doctor.id).values(active=False))
    session().commit()
    for actor in (make_account(), make_account(Role.ADMIN), Actor("k-1", Role.KIOSK), doctor, Actor(patient.id, Role.DOCTOR)):
        with pytest.raises(RefusalError):
            break_glass(actor, "patient@example.org", reason=REASON)
    assert grants_of(patient) == ()


def test_visitors_strangers_and_oneself_are_no_patients(doctor):
    for given in ("v-1", "nobody@example.org", "", "\x00", doctor.id):
        with pytest.raises(RefusalError):
            break_glass(doctor, given, reason=REASON)
        session().rollback()


def test_addresses_are_not_guessed_through_it(doctor):
    for n in range(10):
        with pytest.raises(RefusalError, match="No account"):
            break_glass(doctor, f"{n}@example.org", reason=REASON)
    with pytest.raises(RefusalError, match="too often"):
        break_glass(doctor, "11@example.org", reason=REASON)
