from datetime import date, timedelta

import pytest

from somnia_server.store import interpretations, messages, visits
from somnia_server.store.actors import Role
from somnia_server.store.grants import Terms, grants_of, put_grant, revoke
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.notices import list_notices
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import MessageRow, VisitRow, session
from somnia_server.store.visits import Detail
from tests.components.made import night
from tests.server.conftest import make_account

ROOM = "https://video.example.org/room/7"
pytestmark = pytest.mark.usefixtures("context")


class House:
    def __init__(self) -> None:
        self.doctor, self.other, self.patient = make_account(Role.DOCTOR), make_account(Role.DOCTOR), make_account()
        put_grant(self.patient, self.patient.id, doctor=self.doctor.id, terms=Terms())
        session().commit()
        self.night = save_night(self.patient.id, night(), kept=Kept(date(2025, 11, 14), "a"))

    def end(self) -> None:
        revoke(self.patient, grants_of(self.patient)[0].id)

    def plan(self, **changes: object) -> str:
        said = {"begins_at": now() + timedelta(days=2), "minutes": 20, "detail": Detail(ROOM, self.night)} | changes
        return visits.plan(self.doctor, self.patient.id, **said)  # type: ignore[arg-type]


@pytest.fixture
def ward(context: None) -> House:
    return House()


def test_both_sides_read_what_they_write_while_they_share(ward: House) -> None:
    pair = ward.patient.id, ward.doctor.id
    assert messages.send(ward.doctor, *pair, text="How was the new mask?")
    assert messages.send(ward.patient, *pair, text="Better.")
    for who in (ward.patient, ward.doctor):
        assert {one.text for one in messages.list_messages(who)} == {"How was the new mask?", "Better."}
    assert [one.mine for one in messages.list_messages(ward.patient)] == [True, False]
    ward.end()
    assert messages.list_messages(ward.doctor) == ()
    assert len(messages.list_messages(ward.patient)) == 2
    assert not messages.send(ward.doctor, *pair, text="hello?")


def test_nobody_writes_for_others_or_to_strangers(ward: House) -> None:
    assert not messages.send(ward.other, ward.patient.id, ward.doctor.id, text="x")
    assert not messages.send(ward.other, ward.patient.id, ward.other.id, text="x")
    assert not messages.send(ward.patient, ward.patient.id, ward.other.id, text="x")
    assert messages.list_messages(ward.other) == ()
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(RefusalError):
            messages.send(ward.doctor, ward.patient.id, ward.doctor.id, text=text)


def test_a_visit_is_told_read_by_both_and_called_off(ward: House) -> None:
    planned = ward.plan()
    assert [one.detail.link for one in visits.list_visits(ward.patient)] == [ROOM]
    assert visits.list_visits(ward.other) == ()
    assert any("invites you" in notice.text.msgid for notice in list_notices(ward.patient))
    assert not visits.call_off(ward.other, planned)
    assert visits.call_off(ward.patient, planned)
    assert [one.state for one in visits.list_visits(ward.doctor)] == [visits.CALLED_OFF]
    ward.end()
    assert visits.list_visits(ward.doctor) == ()


def test_the_notes_of_a_visit_become_an_addendum_and_the_patient_sees_them_only_signed(ward: House) -> None:
    planned = ward.plan()
    interpretations.sign(ward.doctor, ward.night, "First word.")
    assert visits.keep_notes(ward.doctor, planned, "Wears the mask.")
    assert not visits.keep_notes(ward.patient, planned, "x")
    newest = interpretations.interpretations_of(ward.doctor, ward.night)[0]
    assert (newest.version, newest.state) == (2, interpretations.STARTED)
    assert newest.text.endswith("Wears the mask.")
    assert visits.list_visits(ward.patient)[0].detail.notes == ""
    assert [one.text for one in interpretations.interpretations_of(ward.patient, ward.night)] == ["First word."]


@pytest.mark.parametrize(
    "link", ["", "http://video.example.org", "javascript:alert(1)", "https://", "https://a:b@video.example.org", "https://x/a b\u0007"]
)
def test_a_link_that_is_no_room_is_refused(ward: House, link: str) -> None:
    with pytest.raises(RefusalError):
        ward.plan(detail=Detail(link))


@pytest.mark.parametrize(("minutes", "days"), [(0, 1), (999, 1), (20, -1), (20, 999)])
def test_a_visit_that_cannot_be_is_refused(ward: House, minutes: int, days: int) -> None:
    with pytest.raises(RefusalError):
        ward.plan(minutes=minutes, begins_at=now() + timedelta(days=days))


def test_a_night_that_is_not_open_does_not_lie_beside_a_visit(ward: House) -> None:
    elsewhere = save_night(make_account().id, night(), kept=Kept(date(2025, 11, 14), "b"))
    ward.plan(detail=Detail(ROOM, elsewhere))
    assert visits.list_visits(ward.doctor)[0].detail.night_id == ""


def test_nothing_of_it_lies_in_the_clear(ward: House) -> None:
    messages.send(ward.doctor, ward.patient.id, ward.doctor.id, text="verysecretword")
    ward.plan(detail=Detail(f"{ROOM}verysecretword"))
    for row in (session().query(MessageRow).one(), session().query(VisitRow).one()):
        assert all(b"verysecretword" not in value for value in vars(row).values() if isinstance(value, bytes))


def test_a_persons_export_holds_what_doctors_have_of_them_but_no_drafts(ward: House) -> None:
    from somnia_server.store.clinicdata import clinic_part

    interpretations.sign(ward.doctor, ward.night, "Signed word.")
    interpretations.write(ward.doctor, ward.night, "A draft.")
    messages.send(ward.doctor, ward.patient.id, ward.doctor.id, text="How are you?")
    visits.keep_notes(ward.doctor, ward.plan(), "A note.")
    found = clinic_part(ward.patient.id)
    assert [one["text"] for one in found["signed"]] == ["Signed word."]
    assert [(one["text"], one["from_doctor"]) for one in found["messages"]] == [("How are you?", True)]
    assert [one["notes"] for one in found["visits"]] == ["A note."]
    assert clinic_part(ward.doctor.id) == {"signed": [], "scorings": [], "messages": [], "visits": []}
