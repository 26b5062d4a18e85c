from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, grants_of, patients_of
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, load_night, save_night
from somnia_server.store.notices import list_notices, unread
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.refusals import RefusalError
from somnia_server.store.sharing_requests import accept_request, ask_to_share, decline_request, requests_by, requests_to
from somnia_server.store.tables import AuditRow, GuardianRow, SharingRequestRow, UserRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
PATIENT = "patient@example.org"
DAY = date(2025, 1, 10)


@pytest.fixture
def patient(context: None) -> Actor:
    return make_account(email=PATIENT)


@pytest.fixture
def doctor(context: None) -> Actor:
    actor = make_account(Role.DOCTOR)
    save_profile(actor, Profile(name="Dr. Dora"))
    return actor


def asked(doctor: Actor, patient: Actor) -> str:
    ask_to_share(doctor, PATIENT, message="We spoke  yesterday.")
    return requests_to(patient)[0].id


def test_a_patient_sees_who_asks_and_accepts_on_their_own_terms(patient, doctor):
    night = save_night(patient.id, make_night(DAY), kept=Kept(DAY, "f"))
    request = asked(doctor, patient)
    (found,) = requests_to(patient)
    assert (found.doctor, found.name, found.message) == (doctor.id, "Dr. Dora", "We spoke yesterday.")
    assert "Dr. Dora asks" in str(list_notices(patient)[0].text)
    assert load_night(doctor, night) is None
    assert accept_request(patient, request, terms=Terms(days=7, may_upload=True))
    assert load_night(doctor, night) is not None
    assert patients_of(doctor)[0].may_upload
    assert requests_to(patient) == ()
    assert requests_by(doctor)[0].state == "accepted"
    assert not accept_request(patient, request)
    assert not decline_request(patient, request)


def test_a_declined_request_opens_nothing_and_looks_unanswered_to_the_doctor(patient, doctor):
    request = asked(doctor, patient)
    before = requests_by(doctor)
    assert decline_request(patient, request)
    assert requests_by(doctor) == before
    assert (requests_to(patient), grants_of(patient), patients_of(doctor)) == ((), (), ())
    assert not accept_request(patient, request)


def test_asking_an_address_without_an_account_looks_the_same(patient, doctor):
    answers = [ask_to_share(doctor, email, message="Hello") for email in (PATIENT, "nobody@example.org")]
    one, other = requests_by(doctor)
    assert answers == [None, None]
    blank = {"id": "", "email": "", "created_at": None}
    assert replace(one, **blank) == replace(other, **blank)
    assert {one.email, other.email} == {PATIENT, "nobody@example.org"}
    rows = session().scalars(select(SharingRequestRow)).all()
    noted = session().scalars(select(AuditRow.action).where(AuditRow.actor == doctor.id)).all()
    assert (len(rows), list(noted)) == (2, ["ask_to_share"] * 2)


@pytest.mark.parametrize("gone", [{"active": False}, {"confirmed_at": None}])
def test_asking_a_closed_or_unconfirmed_account_or_oneself_looks_the_same(patient, doctor, gone):
    session().execute(update(UserRow).where(UserRow.id == patient.id).values(**gone))
    session().commit()
    ask_to_share(doctor, PATIENT)
    ask_to_share(doctor, f"{doctor.id}@example.org")
    assert (requests_to(patient), unread(patient), unread(doctor)) == ((), 0, 0)
    assert {found.state for found in requests_by(doctor)} == {"open"}


def test_asking_again_takes_the_place_of_the_earlier_request(patient, doctor):
    first, second = asked(doctor, patient), asked(doctor, patient)
    assert [found.id for found in requests_to(patient)] == [second]
    assert not accept_request(patient, first)
    assert [found.state for found in requests_by(doctor)] == ["open", "over"]


def test_a_request_is_over_after_thirty_days_or_when_its_doctor_leaves(patient, doctor):
    request = asked(doctor, patient)
    session().execute(update(UserRow).where(UserRow.id == doctor.id).values(active=False))
    session().commit()
    assert requests_to(patient) == ()
    session().execute(update(UserRow).where(UserRow.id == doctor.id).values(active=True))
    session().execute(update(SharingRequestRow).values(created_at=now() - timedelta(days=31)))
    session().commit()
    assert requests_to(patient) == ()
    assert not accept_request(patient, request)
    assert requests_by(doctor)[0].state == "over"


def test_only_the_person_asked_or_a_guardian_answers(patient, doctor):
    request, guardian = asked(doctor, patient), make_account()
    for stranger in (make_account(), make_account(Role.ADMIN), doctor, guardian, Actor(patient.id, Role.KIOSK)):
        assert not accept_request(stranger, request)
        assert not decline_request(stranger, request)
        assert requests_to(stranger, patient.id) == ()
    session().add(GuardianRow(id="g", guardian=guardian.id, minor=patient.id, stated_at=now(), verified_at=now()))
    session().commit()
    assert len(requests_to(guardian, patient.id)) == 1
    assert accept_request(guardian, request)
    assert len(patients_of(doctor)) == 1


def test_only_doctors_ask_and_not_too_many(doctor):
    for actor in (make_account(), make_account(Role.ADMIN), Actor("v-1", Role.VISITOR)):
        with pytest.raises(RefusalError):
            ask_to_share(actor, PATIENT)
    with pytest.raises(RefusalError):
        ask_to_share(doctor, PATIENT, message="x" * 501)
    for n in range(10):
        ask_to_share(doctor, f"{n}@example.org")
    with pytest.raises(RefusalError, match="too often"):
        ask_to_share(doctor, PATIENT)


def test_what_a_doctor_writes_lies_sealed(patient, doctor, disk):
    ask_to_share(doctor, "canary@example.org", message="Canary message")
    kept = disk()
    assert b"anary message" not in kept
    assert b"canary@example" not in kept


def test_asking_and_answering_is_on_record(patient, doctor):
    decline_request(patient, asked(doctor, patient))
    accept_request(patient, asked(doctor, patient))
    rows = session().scalars(select(AuditRow).where(AuditRow.subject == patient.id))
    assert [(row.actor, row.action) for row in rows] == [
        (doctor.id, "ask_to_share"),
        (patient.id, "decline_request"),
        (doctor.id, "ask_to_share"),
        (patient.id, "grant"),
    ]
