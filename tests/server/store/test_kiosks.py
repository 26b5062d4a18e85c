from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from somnia_server.store import kiosks
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, grants_of, revoke
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.kiosks import Bed, KioskError, add_bed, board, kiosk_actor, list_kiosks, pair, remove_bed, revoke_kiosk
from somnia_server.store.kiosks import start_pairing as start
from somnia_server.store.nights import Kept, list_nights, load_night, save_night
from somnia_server.store.reach import REPORTS
from somnia_server.store.tables import AuditRow, GrantRow, KioskRow, RoleRow, UserRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)


@pytest.fixture
def doctor(context: None) -> Actor:
    return make_account(Role.DOCTOR, email="doctor@example.org")


def patient_of(doctor: Actor, **terms) -> Actor:
    patient = make_account()
    assert share_with_address(patient, f"{'doctor@example.org'}", terms=Terms(**terms))
    save_night(patient.id, make_night(DAY), kept=Kept(DAY, patient.id))
    return patient


def paired(doctor: Actor, *patients: Actor, **options) -> Actor:
    pairing = start(doctor, "Ward 3", **options)
    token = pair(pairing.code)
    assert token is not None
    actor = kiosk_actor(token)
    assert actor is not None
    for place, patient in enumerate(patients):
        assert add_bed(doctor, actor.id, patient=patient.id, alias=f"Bed {place}")
    return actor


def entries(subject: Actor) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in session().scalars(select(AuditRow).where(AuditRow.subject == subject.id))]


def test_a_paired_display_shows_its_beds(doctor):
    one, two = patient_of(doctor), patient_of(doctor)
    kiosk = paired(doctor, one, two)
    first, second = board(kiosk)
    assert (first.alias, second.alias, first.dark) == ("Bed 0", "Bed 1", False)
    assert (first.night, first.tst_min) == (DAY, 400.5)
    assert len(first.stages) == 960
    assert first.score == 78.0
    assert first.se_pct is None
    assert (kiosk.role, kiosk.scopes) == (Role.KIOSK, {"board"})


def test_data_are_as_old_as_the_end_of_the_night_however_late_they_came(doctor):
    (bed,) = board(paired(doctor, patient_of(doctor)))
    ended_at = datetime(2025, 1, 11, 6, 0, tzinfo=UTC)
    assert bed.stale_at == ended_at + timedelta(hours=kiosks.STALE_H)
    assert bed.age_h == pytest.approx((now() - ended_at).total_seconds() / 3600, abs=0.1)


def test_a_display_shows_no_more_than_the_chosen_fields(doctor):
    kiosk = paired(doctor, patient_of(doctor), fields=("tst_min",))
    (bed,) = board(kiosk)
    always, with_age = {"dark", "damaged", "stale_at"}, {"arriving_at", "analyzing"}
    said = {field.name for field in fields(Bed) if getattr(bed, field.name) is not None} - always
    assert said == {"position", "alias", "tst_min"}
    assert {field.name for field in fields(Bed)} == {"position", "alias", "classes", *with_age, *always, *kiosks.FIELDS}


def test_a_display_reads_no_night_by_any_other_way(doctor):
    patient = patient_of(doctor)
    kiosk, (night,) = paired(doctor, patient), list_nights(patient)
    assert list_nights(kiosk, patient.id) == ()
    assert load_night(kiosk, night.id) is None
    assert board(doctor) == board(patient) == ()


def test_a_revoked_grant_darkens_the_bed_at_the_next_request(doctor):
    patient, other = patient_of(doctor), patient_of(doctor)
    kiosk = paired(doctor, patient, other)
    assert revoke(patient, grants_of(patient)[0].id)
    assert board(kiosk)[0] == Bed(0, dark=True)
    assert not board(kiosk)[1].dark
    (listed,) = list_kiosks(doctor)
    assert [bed.dark for bed in listed.beds] == [True, False]


def test_an_expired_grant_and_nights_outside_its_range_are_dark(doctor):
    patient, outside = patient_of(doctor), patient_of(doctor, last_night=DAY - timedelta(days=1))
    kiosk = paired(doctor, patient, outside)
    assert [bed.dark for bed in board(kiosk)] == [False, True]
    session().execute(update(GrantRow).values(expires_at=now() - timedelta(seconds=1)))
    session().commit()
    assert [bed.dark for bed in board(kiosk)] == [True, True]


def test_the_display_of_a_doctor_who_no_longer_works_here_goes_dark(doctor):
    pairing = start(doctor, "Ward 3")
    token = pair(pairing.code)
    patient = patient_of(doctor)
    add_bed(doctor, pairing.kiosk, patient=patient.id, alias="1")
    kiosk = kiosk_actor(token)
    assert len(board(kiosk)) == 1
    row = session().get_one(UserRow, doctor.id)
    row.active = False
    session().commit()
    assert kiosk_actor(token) is None
    assert board(kiosk) == ()
    row.active, row.roles = True, [RoleRow(name="somebody")]
    session().commit()
    assert kiosk_actor(token) is None
    assert board(kiosk) == ()


def test_only_patients_who_share_nights_are_hung_on_a_display(doctor):
    kiosk = paired(doctor)
    assert not add_bed(doctor, kiosk.id, patient=make_account().id, alias="1")
    assert not add_bed(doctor, kiosk.id, patient=patient_of(doctor, scope=REPORTS).id, alias="1")
    assert not add_bed(doctor, "k-unknown", patient=patient_of(doctor).id, alias="1")
    assert board(kiosk) == ()


def test_another_doctor_arranges_and_revokes_nothing(doctor):
    patient, other = patient_of(doctor), make_account(Role.DOCTOR)
    kiosk = paired(doctor, patient)
    assert list_kiosks(other) == ()
    assert not add_bed(other, kiosk.id, patient=patient.id, alias="x")
    assert not remove_bed(other, kiosk.id, patient=patient.id)
    assert not revoke_kiosk(other, kiosk.id)
    assert not revoke_kiosk(Actor(doctor.id, Role.USER), kiosk.id)
    assert not board(kiosk)[0].dark


def test_a_bed_is_renamed_and_taken_away(doctor):
    patient = patient_of(doctor)
    kiosk = paired(doctor, patient)
    assert add_bed(doctor, kiosk.id, patient=patient.id, alias="Window")
    assert [bed.alias for bed in board(kiosk)] == ["Window"]
    assert remove_bed(doctor, kiosk.id, patient=patient.id)
    assert not remove_bed(doctor, kiosk.id, patient=patient.id)
    assert board(kiosk) == ()


@pytest.mark.parametrize("by", [Role.DOCTOR, Role.ADMIN])
def test_a_revoked_display_shows_nothing_more(doctor, by: Role):
    token = pair(start(doctor, "Ward 3").code)
    kiosk = kiosk_actor(token)
    assert revoke_kiosk(doctor if by is Role.DOCTOR else make_account(by), kiosk.id)
    assert kiosk_actor(token) is None
    assert board(kiosk) == ()
    assert list_kiosks(doctor) == ()
    assert not revoke_kiosk(doctor, kiosk.id)


def test_a_code_works_once_and_for_ten_minutes(doctor):
    pairing = start(doctor, "Ward 3")
    assert len(pairing.code.replace("-", "")) == 8
    assert pair("0000-0000") is None
    assert pair(pairing.code.lower()) is not None
    assert pair(pairing.code) is None
    late = start(doctor, "Ward 4")
    session().execute(update(KioskRow).where(KioskRow.id == late.kiosk).values(code_expires_at=now() - timedelta(seconds=1)))
    session().commit()
    assert pair(late.code) is None


def test_an_unknown_token_is_nobody(doctor):
    paired(doctor)
    start(doctor, "not paired yet")
    for token in ("", "None", "x" * 43):
        assert kiosk_actor(token) is None


@pytest.mark.parametrize(
    ("name", "chosen"), [("", ("night",)), ("x" * 61, ("night",)), ("Ward", ()), ("Ward", ("night", "findings")), ("Ward", ("owner",))]
)
def test_a_display_without_a_name_or_with_other_fields_is_refused(doctor, name, chosen):
    with pytest.raises(KioskError):
        start(doctor, name, fields=chosen)
    assert list_kiosks(doctor) == ()


def test_only_a_doctor_pairs_a_display():
    for role in (Role.USER, Role.ADMIN):
        with pytest.raises(KioskError):
            start(make_account(role), "Ward")


def test_names_aliases_codes_and_tokens_lie_sealed(doctor, disk):
    pairing = start(doctor, "Kanarienvogel ward")
    token = pair(pairing.code)
    add_bed(doctor, pairing.kiosk, patient=patient_of(doctor).id, alias="Kanarienvogel bed")
    waiting = start(doctor, "Kanarienvogel too")
    session().execute(text("SELECT 1"))
    kept = disk()
    for word in ("Kanarienvogel", token, pairing.code, waiting.code, waiting.code.replace("-", "")):
        assert word.encode() not in kept


def test_every_change_is_on_record_and_what_is_shown_once_an_hour(doctor):
    patient = patient_of(doctor)
    kiosk = paired(doctor, patient)
    for _ in range(3):
        board(kiosk)
    remove_bed(doctor, kiosk.id, patient=patient.id)
    revoke_kiosk(doctor, kiosk.id)
    assert entries(patient) == [(patient.id, "grant"), (doctor.id, "add_bed"), (kiosk.id, "show_board"), (doctor.id, "remove_bed")]
    assert entries(doctor) == [(doctor.id, "start_pairing"), (kiosk.id, "pair_kiosk"), (doctor.id, "revoke_kiosk")]
