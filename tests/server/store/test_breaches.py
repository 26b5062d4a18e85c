from datetime import timedelta

import pytest

from somnia_server.store import audit, breaches
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import db

pytestmark = pytest.mark.usefixtures("context")
ADMIN = Actor("u-" + "3" * 32, Role.ADMIN)
DOCTOR = Actor("u-" + "2" * 32, Role.DOCTOR)
PATIENT, OTHER = "u-" + "1" * 32, "u-" + "4" * 32


@pytest.fixture
def incident() -> str:
    audit.note(DOCTOR, "read_night", subject=PATIENT, thing="night 1", detail="a secret reason")
    audit.note(DOCTOR, "list_nights", subject=OTHER)
    db.session.commit()
    return breaches.open_breach(ADMIN, begins=now() - timedelta(hours=1), ends=now() + timedelta(hours=1), notes="A laptop was {stolen}.")


def test_the_register_answers_who_what_and_when_for_a_window(incident):
    found = breaches.affected(ADMIN, incident)
    assert found.people == (PATIENT, OTHER)
    assert found.actors[DOCTOR.id] == 2
    assert found.actions["read_night"] == 1
    empty = breaches.open_breach(ADMIN, begins=now() - timedelta(days=3), ends=now() - timedelta(days=2), notes="x")
    assert breaches.affected(ADMIN, empty).entries == ()


def test_the_authority_is_to_be_told_within_72_hours(incident):
    (breach,) = breaches.breaches(ADMIN)
    assert breach.due_at - breach.opened_at == timedelta(hours=72)
    draft = breaches.draft_authority(ADMIN, incident)
    assert f"due by: {breach.due_at:%Y-%m-%d %H:%M}" in draft
    assert "A laptop was {stolen}." in draft
    assert f"{DOCTOR.id} (2)" in draft
    assert "People concerned, as far as the access log shows: 2" in draft
    assert "[to be completed: controller]" in draft


def test_each_person_reads_what_was_done_with_their_own_data_only(incident):
    draft = breaches.draft_person(ADMIN, incident, PATIENT)
    assert "read_night by doctor" in draft
    assert "list_nights" not in draft
    assert OTHER not in draft
    assert "a secret reason" not in draft


def test_what_was_sent_is_noted_once_and_on_record(incident):
    for _ in range(2):
        breaches.mark(ADMIN, incident, told="authority")
    breaches.mark(ADMIN, incident, told="closed")
    (breach,) = breaches.breaches(ADMIN)
    assert breach.authority_told_at is not None
    assert breach.people_told_at is None
    assert breach.closed_at is not None
    entries = audit.entries_between(ADMIN, now() - timedelta(hours=1), now() + timedelta(hours=1))
    assert [entry.action for entry in entries if "breach" in entry.action] == ["breach_closed", "breach_authority", "open_breach"]


@pytest.mark.parametrize("actor", [DOCTOR, Actor(PATIENT, Role.USER), Actor("v-1", Role.VISITOR)])
def test_nobody_but_an_administrator_reads_or_writes_the_register(actor, incident):
    assert breaches.breaches(actor) == ()
    for act in (
        lambda: breaches.affected(actor, incident),
        lambda: breaches.draft_authority(actor, incident),
        lambda: breaches.mark(actor, incident, told="closed"),
        lambda: breaches.open_breach(actor, begins=now(), ends=now() + timedelta(1), notes="x"),
    ):
        with pytest.raises(RefusalError):
            act()


@pytest.mark.parametrize(("hours", "notes"), [(-1, "x"), (1, "  ")])
def test_a_window_that_ends_first_or_empty_notes_are_refused(hours, notes):
    with pytest.raises(RefusalError):
        breaches.open_breach(ADMIN, begins=now(), ends=now() + timedelta(hours=hours), notes=notes)
