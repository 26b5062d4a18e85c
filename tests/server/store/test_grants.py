import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from somnia_server.store import grants, invitations
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import SharingError, Terms, grants_of, patients_of, revoke
from somnia_server.store.house import now
from somnia_server.store.invitations import claim, invitations_of, invite, redeem, share_with_address, withdraw_invitation
from somnia_server.store.nights import Kept, list_nights, load_night, save_night
from somnia_server.store.notices import list_notices
from somnia_server.store.persons import Profile, read_by_doctor, save_profile
from somnia_server.store.reach import REPORTS
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AuditRow, GrantRow, GuardianRow, InvitationRow, UserRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)


@pytest.fixture
def patient(context: None) -> Actor:
    actor = make_account(email="patient@example.org")
    save_profile(actor, Profile(name="Asha Patient", birth_date=date(1980, 1, 1)))
    return actor


@pytest.fixture
def doctor(context: None) -> Actor:
    actor = make_account(Role.DOCTOR, email="doctor@example.org")
    save_profile(actor, Profile(name="Dr. Dora"))
    return actor


def keep(owner: Actor, day: date = DAY) -> str:
    return save_night(owner.id, make_night(day), kept=Kept(day, f"{owner.id}{day}"))


def shared(patient: Actor, **terms) -> str:
    assert share_with_address(patient, "doctor@example.org", terms=Terms(**terms))
    return next(grant.id for grant in grants_of(patient) if grant.state == grants.ALIVE)


def entries(subject: Actor) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in session().query(AuditRow).filter_by(subject=subject.id).order_by(AuditRow.seq)]


def test_a_doctor_reads_what_a_patient_shares_and_nobody_else_does(patient, doctor):
    night, other = keep(patient), make_account(Role.DOCTOR)
    assert load_night(doctor, night) is None
    shared(patient)
    assert load_night(doctor, night) is not None
    assert [n.id for n in list_nights(doctor, patient.id)] == [night]
    for stranger in (other, make_account(), make_account(Role.ADMIN), Actor(doctor.id, Role.USER)):
        assert load_night(stranger, night) is None
        assert list_nights(stranger, patient.id) == ()


def test_a_doctor_sees_who_shares_by_name_and_the_patient_sees_with_whom(patient, doctor):
    shared(patient, may_upload=True)
    (sharing,) = patients_of(doctor)
    assert (sharing.id, sharing.name, sharing.may_upload, sharing.nights) == (patient.id, "Asha Patient", True, True)
    (grant,) = grants_of(patient)
    assert (grant.doctor, grant.name, grant.state, grant.kind) == (doctor.id, "Dr. Dora", grants.ALIVE, grants.CONSENT)
    assert timedelta(days=179) < grant.expires_at - now() <= timedelta(days=180)
    assert patients_of(patient) == ()
    assert grants_of(doctor, patient.id) == ()


def test_a_revoked_grant_opens_nothing_at_the_next_read(patient, doctor):
    night, grant = keep(patient), shared(patient)
    assert load_night(doctor, night) is not None
    assert revoke(patient, grant)
    assert load_night(doctor, night) is None
    assert list_nights(doctor, patient.id) == ()
    assert read_by_doctor(doctor, patient.id) is None
    assert patients_of(doctor) == ()
    assert grants_of(patient)[0].state == grants.REVOKED
    assert not revoke(patient, grant)


READ = """
import sys
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.nights import load_night
doctor = Actor(sys.argv[1], Role.DOCTOR)
app = create_server(Settings.from_env())
for _ in sys.stdin:
    with app.app_context():
        print(load_night(doctor, sys.argv[2]) is not None, flush=True)
"""


def test_a_revoked_grant_opens_nothing_in_another_process(patient, doctor, environ):
    night, grant = keep(patient), shared(patient)
    command = [sys.executable, "-c", READ, doctor.id, night]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def read() -> str:
            reader.stdin.write("\n")
            reader.stdin.flush()
            return reader.stdout.readline().strip()

        assert read() == "True"
        assert revoke(patient, grant)
        assert read() == "False"
        reader.stdin.close()


def test_an_expired_grant_opens_nothing(patient, doctor):
    night, grant = keep(patient), shared(patient)
    session().execute(update(GrantRow).values(expires_at=now() - timedelta(seconds=1)))
    session().commit()
    assert load_night(doctor, night) is None
    assert grants_of(patient)[0].state == grants.EXPIRED
    assert grants_of(patient)[0].id == grant


def test_a_grant_to_a_disabled_account_opens_nothing_until_it_is_enabled(patient, doctor):
    night = keep(patient)
    shared(patient)
    for active in (False, True):
        session().execute(update(UserRow).where(UserRow.id == doctor.id).values(active=active))
        session().commit()
        assert (load_night(doctor, night) is not None) is active
        assert (grants_of(patient)[0].state == grants.DISABLED) is not active


def test_a_grant_to_an_account_that_is_gone_opens_nothing(patient, doctor):
    night = keep(patient)
    shared(patient)
    session().delete(session().get(UserRow, doctor.id))
    session().commit()
    assert load_night(doctor, night) is None


def test_a_range_opens_its_nights_only(patient, doctor):
    nights = {day: keep(patient, DAY.replace(day=day)) for day in range(8, 14)}
    shared(patient, first_night=date(2025, 1, 9), last_night=date(2025, 1, 11))
    assert {day for day, night in nights.items() if load_night(doctor, night)} == {9, 10, 11}
    assert {night.night.day for night in list_nights(doctor, patient.id)} == {9, 10, 11}


def test_reports_only_opens_no_night(patient, doctor):
    night = keep(patient)
    shared(patient, scope=REPORTS)
    assert load_night(doctor, night) is None
    assert not patients_of(doctor)[0].nights


def test_the_newest_grant_to_a_doctor_takes_the_place_of_the_older(patient, doctor):
    night, first = keep(patient), shared(patient)
    second = shared(patient, scope=REPORTS)
    assert first != second
    assert load_night(doctor, night) is None
    assert {grant.id: grant.state for grant in grants_of(patient)} == {first: grants.REVOKED, second: grants.ALIVE}


def test_only_the_patient_a_guardian_or_the_doctor_ends_a_grant(patient, doctor):
    grant = shared(patient)
    for stranger in (make_account(), make_account(Role.DOCTOR), make_account(Role.ADMIN), Actor(patient.id, Role.KIOSK)):
        assert not revoke(stranger, grant)
    assert revoke(doctor, grant)
    assert "Dr. Dora gave back" in str(list_notices(patient)[0].text)


def test_a_guardian_shares_a_wards_nights_and_ends_it(patient, doctor):
    guardian, night = make_account(), keep(patient)
    assert not share_with_address(guardian, "doctor@example.org", subject=patient.id)
    session().add(GuardianRow(id="g", guardian=guardian.id, minor=patient.id, stated_at=now(), verified_at=now()))
    session().commit()
    assert share_with_address(guardian, "doctor@example.org", subject=patient.id)
    assert load_night(doctor, night) is not None
    (grant,) = grants_of(guardian, patient.id)
    assert (guardian.id, "list_grants") in entries(patient)
    assert revoke(guardian, grant.id)
    assert load_night(doctor, night) is None


def test_visitors_and_kiosks_share_nothing():
    for actor in (Actor("v-1", Role.VISITOR), Actor("k-1", Role.KIOSK)):
        assert invite(actor) is None
        assert not share_with_address(actor, "doctor@example.org")


@pytest.mark.parametrize(
    "terms",
    [
        Terms(scope="everything"),
        Terms(first_night=date(2025, 1, 2), last_night=date(2025, 1, 1)),
        Terms(days=0),
        Terms(days=731),
        Terms(days=True),
        Terms(may_upload="yes"),
    ],
)
def test_terms_that_cannot_be_granted_are_refused_with_a_reason(patient, doctor, terms):
    with pytest.raises(SharingError) as refused:
        share_with_address(patient, "doctor@example.org", terms=terms)
    assert refused.value.text.msgid
    assert grants_of(patient) == ()


def test_nobody_grants_themselves(doctor):
    with pytest.raises(SharingError):
        share_with_address(doctor, "doctor@example.org")
    session().rollback()
    assert grants_of(doctor) == ()


def test_an_address_in_another_spelling_is_the_same(patient, doctor):
    assert share_with_address(patient, "  Doctor@Example.ORG ")
    assert patients_of(doctor) != ()


def test_an_invitation_to_an_address_waits_for_its_doctor(patient):
    assert share_with_address(patient, "later@example.org", terms=Terms(days=30))
    (waiting,) = invitations_of(patient)
    assert (waiting.email, waiting.state, waiting.terms.days) == ("later@example.org", invitations.WAITING, 30)
    other, later = make_account(Role.DOCTOR), make_account(Role.DOCTOR, email="later@example.org")
    assert (claim(other), claim(later), claim(later)) == (0, 1, 0)
    assert [found.id for found in patients_of(later)] == [patient.id]
    assert invitations_of(patient)[0].state == invitations.USED


def test_a_patient_of_that_address_or_an_unconfirmed_doctor_claims_nothing(patient):
    share_with_address(patient, "later@example.org")
    later = make_account(email="later@example.org")
    assert claim(later) == 0
    assert claim(replace(later, role=Role.DOCTOR)) == 0
    unconfirmed = make_account(Role.DOCTOR, email="two@example.org")
    share_with_address(make_account(), "three@example.org")
    session().execute(update(UserRow).where(UserRow.id == unconfirmed.id).values(confirmed_at=None, email="three@example.org"))
    session().commit()
    assert claim(unconfirmed) == 0


def test_a_code_is_redeemed_once_by_one_doctor_however_it_is_typed(patient, doctor):
    code = invite(patient, terms=Terms(may_upload=True))
    assert code is not None
    assert len(code.replace("-", "")) == 12
    assert redeem(make_account(), code) is None
    assert redeem(doctor, f" {code.lower().replace('-', '').replace('0', 'o').replace('1', 'l')} ") == patient.id
    assert redeem(make_account(Role.DOCTOR), code) is None
    assert redeem(doctor, code) is None
    assert grants_of(patient)[0].terms.may_upload
    assert "accepted" in str(list_notices(patient)[0].text)


def test_a_code_that_is_wrong_withdrawn_or_old_opens_nothing(patient, doctor):
    assert redeem(doctor, "0000-0000-0000") is None
    first, second = invite(patient), invite(patient)
    newest = invitations_of(patient)[0]
    assert not withdraw_invitation(doctor, newest.id)
    assert withdraw_invitation(patient, newest.id)
    assert not withdraw_invitation(patient, newest.id)
    assert redeem(doctor, second) is None
    session().execute(update(InvitationRow).values(expires_at=now() - timedelta(seconds=1)))
    session().commit()
    assert redeem(doctor, first) is None
    assert patients_of(doctor) == ()


def test_no_code_and_no_address_lies_on_the_disk_in_the_clear(patient, disk):
    code = invite(patient)
    share_with_address(patient, "later@example.org")
    kept = disk()
    assert kept
    for word in (code, code.replace("-", ""), "later@example.org", "Asha"):
        assert word.encode() not in kept


def test_every_change_of_access_is_on_record(patient, doctor):
    first = shared(patient)
    revoke(patient, first)
    redeem(doctor, invite(patient))
    withdraw = invite(patient)
    assert withdraw
    withdraw_invitation(patient, invitations_of(patient)[0].id)
    assert entries(patient) == [
        (patient.id, "grant"),
        (patient.id, "revoke"),
        (patient.id, "invite"),
        (doctor.id, "grant"),
        (patient.id, "invite"),
        (patient.id, "withdraw_invitation"),
    ]


def test_codes_are_not_guessed(patient, doctor):
    code = invite(patient)
    for n in range(10):
        assert redeem(doctor, f"0000-0000-000{n}") is None
    with pytest.raises(RefusalError, match="too often"):
        redeem(doctor, code)
    assert redeem(make_account(Role.DOCTOR), code) == patient.id


def test_codes_that_are_right_are_not_counted(patient, doctor):
    for _ in range(12):
        assert redeem(doctor, invite(patient)) == patient.id


def test_a_code_brought_by_many_at_once_is_redeemed_once(patient, app):
    code, doctors = invite(patient), [make_account(Role.DOCTOR) for _ in range(6)]

    def bring(doctor: Actor) -> str | None:
        with app.app_context():
            return redeem(doctor, code)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(bring, doctors))
    assert sorted(map(str, found)) == sorted(["None"] * 5 + [patient.id])
    assert len(grants_of(patient)) == 1
