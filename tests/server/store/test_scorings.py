from datetime import date

import pytest

from somnia_engine.types.events import EventKind
from somnia_server.store import audit, interpretations, scorings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, grants_of, put_grant, revoke
from somnia_server.store.nights import Kept, delete_night, save_night
from somnia_server.store.notices import list_notices
from somnia_server.store.refusals import RefusalError
from somnia_server.store.scorings import Comment, Mark, Marks
from somnia_server.store.tables import InterpretationRow, ScoringRow, session
from tests.components.made import EPOCHS, night
from tests.server.conftest import make_account

DAY = date(2025, 11, 14)
STAGES = "1" * EPOCHS
pytestmark = pytest.mark.usefixtures("context")


class House:
    def __init__(self) -> None:
        self.doctor, self.second, self.other = (make_account(Role.DOCTOR) for _ in range(3))
        self.patient = make_account()
        for doctor in (self.doctor, self.second):
            put_grant(self.patient, self.patient.id, doctor=doctor.id, terms=Terms())
        session().commit()
        self.night = save_night(self.patient.id, night(), kept=Kept(DAY, "a"))

    def again(self) -> None:
        save_night(self.patient.id, night(hypnogram=None), kept=Kept(DAY, "a"))


@pytest.fixture
def ward(context: None) -> House:
    return House()


def stages_of(actor: Actor, night_id: str) -> list[str]:
    return [one.marks.stages for one in scorings.scorings_of(actor, night_id)]


def test_a_scoring_comes_back_as_it_was_kept(ward: House) -> None:
    marks = Marks(STAGES, (Mark(EventKind.OA, 60.0, 15.5),), (Comment(90.0, "looks like REM"),), off_s=30.0, on_s=3600.0)
    kept = scorings.save_draft(ward.doctor, ward.night, marks)
    assert kept is not None
    assert (kept.version, kept.state) == (1, scorings.DRAFT)
    (found,) = scorings.scorings_of(ward.doctor, ward.night)
    assert found.marks == marks


def test_a_second_scorer_stands_beside_the_first(ward: House) -> None:
    scorings.save_draft(ward.doctor, ward.night, Marks(STAGES))
    scorings.save_draft(ward.second, ward.night, Marks("3" * EPOCHS))
    assert stages_of(ward.doctor, ward.night) == [STAGES, "3" * EPOCHS]
    assert stages_of(ward.second, ward.night) == ["3" * EPOCHS, STAGES]


def test_nobody_scores_or_reads_scorings_of_a_night_that_is_not_open_to_them(ward: House) -> None:
    scorings.save_draft(ward.doctor, ward.night, Marks(STAGES))
    for who in (ward.other, ward.patient, make_account(Role.ADMIN)):
        assert scorings.save_draft(who, ward.night, Marks(STAGES)) is None
        assert scorings.scorings_of(who, ward.night) == ()
        assert not interpretations.sign(who, ward.night, "x")
    for grant in grants_of(ward.patient):
        revoke(ward.patient, grant.id)
    assert scorings.save_draft(ward.doctor, ward.night, Marks(STAGES)) is None
    assert scorings.scorings_of(ward.doctor, ward.night) == ()
    assert interpretations.interpretations_of(ward.doctor, ward.night) == ()


@pytest.mark.parametrize(
    "marks",
    [
        Marks("1" * (EPOCHS - 1)),
        Marks("1" * (EPOCHS - 1) + "z"),
        Marks(STAGES, (Mark(EventKind.OA, -1.0, 3.0),)),
        Marks(STAGES, (Mark(EventKind.OA, float("nan"), 3.0),)),
        Marks(STAGES, (), (Comment(1e9, "x"),)),
        Marks(STAGES, (), (Comment(1.0, "x" * 2000),)),
        Marks(STAGES, off_s=900.0, on_s=30.0),
    ],
)
def test_a_scoring_that_does_not_fit_the_night_is_refused(ward: House, marks: Marks) -> None:
    with pytest.raises(RefusalError):
        scorings.save_draft(ward.doctor, ward.night, marks)
    assert scorings.scorings_of(ward.doctor, ward.night) == ()


def test_what_was_signed_stays_and_a_later_word_is_a_version_beside_it(ward: House) -> None:
    scorings.save_draft(ward.doctor, ward.night, Marks(STAGES))
    assert interpretations.sign(ward.doctor, ward.night, "Snores on the back.")
    scorings.save_draft(ward.doctor, ward.night, Marks("3" * EPOCHS))
    assert interpretations.sign(ward.second, ward.night, "Addendum: see the belt.")
    later, first = interpretations.interpretations_of(ward.doctor, ward.night)
    assert (first.version, first.text, first.author) == (1, "Snores on the back.", ward.doctor.id)
    assert (later.version, later.text, later.author) == (2, "Addendum: see the belt.", ward.second.id)
    versions = session().query(ScoringRow).order_by(ScoringRow.version).all()
    assert [(row.version, row.state) for row in versions] == [(1, "kept"), (2, "draft")]
    assert first.scoring_id == versions[0].id


def test_a_new_analysis_changes_nothing_that_was_signed(ward: House) -> None:
    assert interpretations.sign(ward.doctor, ward.night, "As measured.")
    ward.again()
    (found,) = interpretations.interpretations_of(ward.doctor, ward.night)
    assert found.again
    signed = interpretations.signed_night(ward.doctor, ward.night, 1)
    assert signed is not None
    assert signed.hypnogram is not None
    assert interpretations.signed_night(ward.other, ward.night, 1) is None


def test_from_begun_over_pending_to_signed(ward: House) -> None:
    def state() -> str:
        return interpretations.interpretations_of(ward.doctor, ward.night)[0].state

    interpretations.begin(ward.doctor, ward.night)
    interpretations.begin(ward.second, ward.night)
    assert state() == "started"
    assert interpretations.write(ward.doctor, ward.night, "draft", state=interpretations.PENDING)
    assert state() == "pending"
    assert interpretations.sign(ward.second, ward.night, "final")
    assert state() == "signed"
    assert session().query(InterpretationRow).count() == 1


def test_the_patient_reads_only_what_is_signed_and_is_told(ward: House) -> None:
    interpretations.write(ward.doctor, ward.night, "not yet")
    assert interpretations.interpretations_of(ward.patient, ward.night) == ()
    interpretations.sign(ward.doctor, ward.night, "Sleep on your side.")
    assert [one.text for one in interpretations.interpretations_of(ward.patient, ward.night)] == ["Sleep on your side."]
    assert any("has signed" in notice.text.msgid for notice in list_notices(ward.patient))
    actions = [entry.action for entry in audit.entries_about(ward.patient)]
    assert "sign_night" in actions


def test_with_the_night_goes_what_was_made_of_it(ward: House) -> None:
    scorings.save_draft(ward.doctor, ward.night, Marks(STAGES))
    interpretations.sign(ward.doctor, ward.night, "x")
    assert delete_night(ward.patient, ward.night)
    assert session().query(ScoringRow).count() == 0
    assert session().query(InterpretationRow).count() == 0


def test_nothing_that_a_doctor_writes_lies_in_the_clear(ward: House) -> None:
    scorings.save_draft(ward.doctor, ward.night, Marks(STAGES, (), (Comment(1.0, "verysecretword"),)))
    interpretations.sign(ward.doctor, ward.night, "verysecretword")
    for row in (session().query(ScoringRow).one(), session().query(InterpretationRow).one()):
        assert all(b"verysecretword" not in value for value in vars(row).values() if isinstance(value, bytes))


def test_a_doctor_does_not_sign_their_own_night(ward: House) -> None:
    own = save_night(ward.doctor.id, night(), kept=Kept(DAY, "b"))
    assert not interpretations.sign(ward.doctor, own, "fine")
