"""What people note of their nights: sealed, theirs, read by whoever may read the night."""

from datetime import date

import pytest
from sqlalchemy import text

from somnia_server.store import mydata
from somnia_server.store.actors import Role
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.remarks import Remark, RemarkError, list_remarks, load_remark, save_remark
from somnia_server.store.tables import session
from tests.server.conftest import make_account, make_night, somebody

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)
SAID = Remark("Woke at three.\nRain.", ("coffee", "late meal"))


def test_a_remark_is_kept_sealed_and_comes_back():
    assert save_remark(somebody("a"), DAY, remark=SAID)
    assert load_remark(somebody("a"), DAY) == SAID
    assert b"coffee" not in session().scalar(text("SELECT sealed_remark FROM remarks"))
    assert load_remark(somebody("a"), date(2025, 1, 11)) == Remark()


def test_saying_it_again_replaces_it_and_an_empty_one_deletes_it():
    save_remark(somebody("a"), DAY, remark=SAID)
    save_remark(somebody("a"), DAY, remark=Remark("", ("coffee",)))
    assert [one.remark for one in list_remarks(somebody("a"))] == [Remark("", ("coffee",))]
    save_remark(somebody("a"), DAY, remark=Remark("  ", ("",)))
    assert session().scalar(text("SELECT count(*) FROM remarks")) == 0


def test_another_neither_reads_nor_writes():
    save_remark(somebody("a"), DAY, remark=SAID)
    assert load_remark(somebody("b"), DAY, subject="a") == Remark()
    assert not save_remark(somebody("b"), DAY, remark=Remark("Mine"), subject="a")
    assert load_remark(somebody("a"), DAY) == SAID


def test_a_doctor_reads_the_remarks_of_nights_that_are_open_and_writes_none():
    patient, doctor = make_account(), make_account(Role.DOCTOR, email="doctor@example.org")
    save_night(patient.id, make_night(DAY), kept=Kept(DAY, "f"))
    save_remark(patient, DAY, remark=SAID)
    save_remark(patient, date(2025, 2, 1), remark=SAID)
    share_with_address(patient, "doctor@example.org")
    assert [one.night for one in list_remarks(doctor, patient.id)] == [DAY]
    assert not save_remark(doctor, DAY, remark=Remark("Mine"), subject=patient.id)


@pytest.mark.parametrize("remark", [Remark("x" * 4001), Remark("", ("y" * 41,)), Remark("", tuple(f"tag {i}" for i in range(21)))])
def test_too_much_is_refused_with_what_is_allowed(remark: Remark):
    with pytest.raises(RemarkError) as refused:
        save_remark(somebody("a"), DAY, remark=remark)
    assert "at most" in str(refused.value.text)


def test_remarks_are_part_of_a_persons_copy():
    me = make_account()
    save_remark(me, DAY, remark=SAID)
    assert mydata.parts(me, me.id)["remarks"]() == [{"night": "2025-01-10", "note": SAID.note, "tags": SAID.tags}]
