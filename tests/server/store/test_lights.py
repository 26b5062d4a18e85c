from datetime import date

import pytest

from somnia_server.store import clinicdata, lights, scorings
from somnia_server.store.actors import Role
from somnia_server.store.grants import Terms, put_grant
from somnia_server.store.nights import Kept, load_night, save_night
from somnia_server.store.refusals import RefusalError
from somnia_server.store.scorings import Marks
from somnia_server.store.tables import ScoringRow, session
from tests.components.made import EPOCHS, night
from tests.server.conftest import make_account

DAY = date(2025, 11, 14)
END = 30.0 * EPOCHS
pytestmark = pytest.mark.usefixtures("context")


class Home:
    def __init__(self) -> None:
        self.patient, self.doctor = make_account(), make_account(Role.DOCTOR)
        put_grant(self.patient, self.patient.id, doctor=self.doctor.id, terms=Terms())
        session().commit()
        self.night = save_night(self.patient.id, night(), kept=Kept(DAY, "a"))

    def times(self) -> list[tuple[float, float]]:
        return [(one.off_s, one.on_s) for one in lights.edits_of(self.patient, self.night)]


@pytest.fixture
def home(context: None) -> Home:
    return Home()


def test_an_edit_stands_beside_the_night_which_stays_as_it_was(home: Home) -> None:
    before = load_night(home.patient, home.night)
    assert lights.edit_lights(home.patient, home.night, 600.0, END - 600)
    after = load_night(home.patient, home.night)
    assert before is not None
    assert after is not None
    assert after.analysis.lights == before.analysis.lights
    assert after.analysis.statistics == before.analysis.statistics
    assert home.times() == [(600.0, END - 600)]


def test_the_newest_edit_counts_and_undo_brings_the_one_before_back(home: Home) -> None:
    for off in (60.0, 120.0):
        lights.edit_lights(home.patient, home.night, off, END)
    assert home.times() == [(120.0, END), (60.0, END)]
    assert lights.undo_lights(home.patient, home.night)
    assert home.times() == [(60.0, END)]
    assert lights.undo_lights(home.patient, home.night)
    assert home.times() == []
    assert not lights.undo_lights(home.patient, home.night)


def test_only_who_may_change_a_night_edits_its_lights(home: Home) -> None:
    stranger = make_account()
    lights.edit_lights(home.patient, home.night, 60.0, END)
    for who in (home.doctor, stranger, make_account(Role.ADMIN)):
        assert not lights.edit_lights(who, home.night, 90.0, END)
        assert not lights.undo_lights(who, home.night)
    assert home.times() == [(60.0, END)]
    assert len(lights.edits_of(home.doctor, home.night)) == 1
    assert lights.edits_of(stranger, home.night) == ()


@pytest.mark.parametrize(("off", "on"), [(600.0, 600.0), (900.0, 600.0), (-1.0, 600.0), (0.0, END + 1), (float("nan"), END)])
def test_lights_go_off_before_they_go_on_within_the_night(home: Home, off: float, on: float) -> None:
    with pytest.raises(RefusalError):
        lights.edit_lights(home.patient, home.night, off, on)
    assert home.times() == []


def test_an_edit_of_lights_is_nobodys_scoring(home: Home) -> None:
    lights.edit_lights(home.patient, home.night, 60.0, END)
    assert scorings.scorings_of(home.doctor, home.night) == ()
    kept = scorings.save_draft(home.doctor, home.night, Marks("1" * EPOCHS))
    assert kept is not None
    assert kept.version == 1


def test_a_doctor_edits_the_lights_of_their_own_night_beside_their_scoring(home: Home) -> None:
    own = save_night(home.doctor.id, night(), kept=Kept(DAY, "b"))
    scorings.save_draft(home.doctor, own, Marks("1" * EPOCHS))
    lights.edit_lights(home.doctor, own, 60.0, END)
    again = scorings.save_draft(home.doctor, own, Marks("3" * EPOCHS))
    assert again is not None
    assert again.version == 1
    assert [one.off_s for one in lights.edits_of(home.doctor, own)] == [60.0]


def test_edits_are_sealed_and_given_out_with_ones_data(home: Home) -> None:
    lights.edit_lights(home.patient, home.night, 123.0, END)
    (row,) = session().query(ScoringRow).all()
    assert b"off_s" not in row.sealed_marks
    found = clinicdata.clinic_part(home.patient.id)["scorings"]
    assert [(one["lights_off_s"], one["lights_on_s"]) for one in found] == [(123.0, END)]
