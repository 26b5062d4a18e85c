"""Words of a clinic for its displays: who writes them, how long they are, until when they are shown."""

from datetime import date, timedelta

import pytest

from somnia_server.store import audit, clinic_notes, kiosks, recordings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import ClinicNoteRow, session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
ADMIN = Actor("u-admin", Role.ADMIN)
DISPLAY = Actor("k-1", Role.KIOSK)


def today() -> date:
    return now().date()


def test_a_message_is_shown_through_its_last_day_and_then_no_more() -> None:
    clinic_notes.write(ADMIN, "  Quiet\nhours from 22:00 ", last_day=today())
    assert [one.text for one in clinic_notes.notes_now(DISPLAY)] == ["Quiet hours from 22:00"]
    row = session().query(ClinicNoteRow).one()
    assert b"Quiet" not in row.sealed_text
    row.last_day = today() - timedelta(days=1)
    session().commit()
    assert clinic_notes.notes_now(DISPLAY) == ()


def test_a_message_that_is_removed_is_gone_and_both_acts_are_on_record() -> None:
    known = clinic_notes.write(ADMIN, "Visit at noon", last_day=today())
    assert clinic_notes.remove(ADMIN, known)
    assert not clinic_notes.remove(ADMIN, known)
    assert clinic_notes.notes_now(ADMIN) == ()
    acts = [entry.action for entry in audit.entries_between(ADMIN, now() - timedelta(hours=1), now() + timedelta(hours=1))]
    assert {"write_clinic_note", "remove_clinic_note"} <= set(acts)


@pytest.mark.parametrize(("text", "days"), [("", 0), ("   ", 0), ("x" * 201, 0), ("past", -1), ("far", 367)])
def test_a_message_without_words_too_long_or_with_an_odd_day_is_refused(text: str, days: int) -> None:
    with pytest.raises(RefusalError):
        clinic_notes.write(ADMIN, text, last_day=today() + timedelta(days=days))
    assert clinic_notes.notes_now(ADMIN) == ()


def test_two_hundred_characters_are_kept_and_a_fourth_message_is_refused() -> None:
    for _ in range(3):
        clinic_notes.write(ADMIN, "x" * 200, last_day=today())
    with pytest.raises(RefusalError, match="at most"):
        clinic_notes.write(ADMIN, "one more", last_day=today())


@pytest.mark.parametrize("role", [Role.USER, Role.DOCTOR, Role.VISITOR, Role.KIOSK])
def test_nobody_but_an_administrator_writes_or_removes(role: Role) -> None:
    known = clinic_notes.write(ADMIN, "Visit at noon", last_day=today())
    for act in (lambda: clinic_notes.write(Actor("x", role), "x", last_day=today()), lambda: clinic_notes.remove(Actor("x", role), known)):
        with pytest.raises(RefusalError):
            act()
    assert (clinic_notes.notes_now(Actor("x", role)) != ()) == (role is Role.KIOSK)


def test_a_bed_says_since_when_data_arrive_and_not_of_an_upload_that_was_given_up() -> None:
    doctor, patient = make_account(Role.DOCTOR, email="ward@example.org"), make_account(email="bed@example.org")
    assert share_with_address(patient, "ward@example.org")
    save_night(patient.id, make_night(today()), kept=Kept(today(), "a"))
    pairing = kiosks.start_pairing(doctor, "Ward 3")
    assert kiosks.add_bed(doctor, pairing.kiosk, patient=patient.id, alias="Bed 1")
    display = kiosks.kiosk_actor(kiosks.pair(pairing.code) or "")
    assert display is not None
    assert kiosks.board(display)[0].arriving_at is None
    assert not kiosks.board(display)[0].analyzing
    recordings.add_upload(patient, "night.csv", size=10)
    (bed,) = kiosks.board(display)
    assert bed.arriving_at is not None
    assert abs(now() - bed.arriving_at) < timedelta(minutes=1)
