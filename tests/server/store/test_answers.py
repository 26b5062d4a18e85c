"""What people answer to questionnaires: sealed, dated, theirs, read by the analysis of their nights."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from somnia_engine.types.questionnaires import Answered
from somnia_server.store import erasure, mydata
from somnia_server.store.actors import Role
from somnia_server.store.answers import AnswerError, answers_of, load_answers, save_answers
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.tables import session
from tests.server.conftest import make_account, somebody

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)
GIVEN = Answered("isi", DAY, (0, 1, 2, 3, 4, 3, 2))


def test_answers_are_kept_sealed_and_come_back() -> None:
    assert save_answers(somebody("a"), GIVEN)
    assert load_answers(somebody("a")) == (GIVEN,)
    assert answers_of("a") == (GIVEN,)
    assert b"isi" not in session().scalar(text("SELECT sealed_answers FROM answers"))


def test_the_same_day_again_replaces_them_and_another_questionnaire_stands_beside_them() -> None:
    later = Answered("isi", DAY, (4,) * 7)
    for one in (GIVEN, later, Answered("rbd1q", DAY, (1,)), Answered("isi", DAY + timedelta(days=1), (1,) * 7)):
        save_answers(somebody("a"), one)
    found = load_answers(somebody("a"))
    assert GIVEN not in found
    assert {(one.key, one.day.day) for one in found} == {("isi", 10), ("isi", 11), ("rbd1q", 10)}


def test_another_neither_reads_nor_writes_and_a_doctor_neither() -> None:
    patient, doctor = make_account(), make_account(Role.DOCTOR, email="doctor@example.org")
    save_answers(patient, GIVEN)
    share_with_address(patient, "doctor@example.org")
    for other in (somebody("b"), doctor):
        assert load_answers(other, patient.id) == ()
        assert not save_answers(other, Answered("isi", DAY, (0,) * 7), subject=patient.id)
    assert load_answers(patient) == (GIVEN,)


@pytest.mark.parametrize(
    "answered",
    [
        Answered("isi", DAY, (0,) * 6),
        Answered("isi", DAY, (0, 0, 0, 0, 0, 0, 5)),
        Answered("isi", DAY, (-1,) * 7),
        Answered("psqi", DAY, (0,)),
    ],
)
def test_what_cannot_be_counted_is_refused(answered: Answered) -> None:
    with pytest.raises(AnswerError, match="missing"):
        save_answers(somebody("a"), answered)
    assert load_answers(somebody("a")) == ()


def test_answers_of_tomorrow_are_refused() -> None:
    with pytest.raises(AnswerError, match="future"):
        save_answers(somebody("a"), Answered("rbd1q", now().date() + timedelta(days=2), (1,)))


def test_answers_are_part_of_a_persons_copy_and_go_with_them() -> None:
    me = make_account()
    save_answers(me, GIVEN)
    assert mydata.parts(me, me.id)["answers"]() == [{"key": "isi", "day": "2025-01-10", "choices": [0, 1, 2, 3, 4, 3, 2]}]
    erasure.erase_owner(me.id)
    assert session().scalar(text("SELECT count(*) FROM answers")) == 0
