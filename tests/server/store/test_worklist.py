from datetime import date, timedelta

import pytest

from somnia_engine.types.findings import Level
from somnia_server.store import audit, filters
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, grants_of, put_grant, revoke
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import InterpretationRow, NightRow, session
from somnia_server.store.worklist import DEMO, INCOMPLETE, NONE, RESIGN, REVIEW, SHORT, SIGNED, Row, worklist
from tests.components.made import night
from tests.server.conftest import make_account

DAY = date(2025, 11, 14)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def doctor(context: None) -> Actor:
    return make_account(Role.DOCTOR)


def patient_of(doctor: Actor, terms: Terms = Terms()) -> Actor:  # noqa: B008
    patient = make_account()
    put_grant(patient, patient.id, doctor=doctor.id, terms=terms)
    session().commit()
    return patient


def only(doctor: Actor) -> Row:
    (row,) = worklist(doctor)
    return row


def sign(night_id: str, *, analyzed_at: object, version: int = 1) -> None:
    at = now()
    owner = session().get_one(NightRow, night_id).owner
    row = InterpretationRow(id=f"{version:032x}", night_id=night_id, patient=owner, version=version, state="signed", author="u-x")
    row.created_at = row.changed_at = row.signed_at = at
    row.analyzed_at, row.sealed_text = analyzed_at, b"x"
    session().add(row)
    session().commit()


def test_only_whom_a_doctor_may_read_stands_in_the_list(doctor: Actor) -> None:
    here, elsewhere = patient_of(doctor), make_account()
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    save_night(elsewhere.id, night(), kept=Kept(DAY, "b"))
    assert [row.patient for row in worklist(doctor)] == [here.id]
    for other in (make_account(Role.DOCTOR), make_account(Role.ADMIN), here):
        assert worklist(other) == ()
    revoke(here, grants_of(here)[0].id)
    assert worklist(doctor) == ()


def test_a_night_outside_the_grant_is_not_shown(doctor: Actor) -> None:
    here = patient_of(doctor, Terms(first_night=DAY + timedelta(days=1)))
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    row = only(doctor)
    assert (row.night_id, row.state, row.nights) == (None, NONE, 0)


def test_a_grant_of_reports_opens_no_night_here(doctor: Actor) -> None:
    here = patient_of(doctor, Terms(scope="reports"))
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    assert only(doctor).night_id is None


def test_the_newest_night_is_shown_with_its_flags_and_ribbon(doctor: Actor) -> None:
    here = patient_of(doctor)
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    newest = save_night(here.id, night(), kept=Kept(DAY + timedelta(days=1), "b"))
    row = only(doctor)
    assert (row.night_id, row.nights, row.new, row.unsigned, row.state) == (newest, 2, 2, 2, REVIEW)
    assert row.face.flags == (("apnea", Level.HIGH),)
    assert len(row.face.ribbon) == 96
    assert set(row.face.ribbon) <= set("01645")


def test_a_short_an_unstaged_and_a_demo_night_say_so(doctor: Actor) -> None:
    made = night()
    short = night(statistics=type(made.statistics)(tib_min=200.0))
    unstaged = night(hypnogram=None, device_hypnogram=None)
    for number, (analysis, demo) in enumerate(((short, False), (unstaged, False), (made, True))):
        save_night(patient_of(doctor).id, analysis, kept=Kept(DAY - timedelta(days=number), "a", demo=demo))
    assert [row.state for row in worklist(doctor)] == [SHORT, INCOMPLETE, DEMO]


def test_a_night_analyzed_after_it_was_signed_is_to_be_signed_again(doctor: Actor) -> None:
    here = patient_of(doctor)
    night_id = save_night(here.id, night(), kept=Kept(DAY, "a"))
    sign(night_id, analyzed_at=session().get_one(NightRow, night_id).created_at)
    row = only(doctor)
    assert (row.reading, row.unsigned, row.new) == (SIGNED, 0, 0)
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    row = only(doctor)
    assert (row.reading, row.unsigned) == (RESIGN, 1)


def test_a_night_of_an_older_version_is_read_from_its_summary(doctor: Actor) -> None:
    here = patient_of(doctor)
    night_id = save_night(here.id, night(), kept=Kept(DAY, "a"))
    with_face = only(doctor).face
    session().get_one(NightRow, night_id).sealed_face = None
    session().commit()
    assert only(doctor).face == with_face


def test_seeing_the_list_is_on_record_once_a_day(doctor: Actor) -> None:
    here = patient_of(doctor)
    save_night(here.id, night(), kept=Kept(DAY, "a"))
    for _ in range(3):
        worklist(doctor)
    assert [entry.action for entry in audit.entries_about(here)].count("worklist") == 1
    assert audit.verify().faults == ()


def test_a_filter_is_its_doctors_own(doctor: Actor) -> None:
    model = {"flagged": {"filterType": "number", "type": "greaterThan", "filter": 0}}
    kept = filters.keep_filter(doctor, " my  flags ", model=model)
    assert [(found.name, found.model) for found in filters.list_filters(doctor)] == [("my flags", model)]
    other = make_account(Role.DOCTOR)
    filters.remove_filter(other, kept)
    assert filters.find_filter(other, kept) is None
    assert filters.find_filter(doctor, kept) is not None
    filters.remove_filter(doctor, kept)
    assert filters.list_filters(doctor) == ()


@pytest.mark.parametrize(("name", "model"), [("", {"a": 1}), ("x", {}), ("x", None), ("x", {"a": "y" * 5000})])
def test_a_filter_that_is_none_is_refused(doctor: Actor, name: str, model: object) -> None:
    with pytest.raises(RefusalError):
        filters.keep_filter(doctor, name, model=model)
