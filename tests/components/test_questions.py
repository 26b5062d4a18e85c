"""Questionnaires as forms."""

from datetime import date

from components.questions import questions_card
from somnia_engine.questionnaires import QUESTIONNAIRES
from somnia_engine.types.questionnaires import Answered


def test_every_question_has_its_field_and_its_choices() -> None:
    said = str(questions_card(["sci", "rbd1q"], ()))
    for key in ("sci", "rbd1q"):
        for number, item in enumerate(QUESTIONNAIRES[key].items):
            assert f"{key}-{number}" in said
            assert str(item.text) in said
    assert "8 questions, not answered yet" in said
    assert "one question, not answered yet" in said


def test_the_newest_answers_are_told_with_their_points_and_the_threshold() -> None:
    given = [Answered("isi", date(2025, 1, 10), (3,) * 7), Answered("isi", date(2024, 1, 10), (0,) * 7)]
    assert "21 of 28 points on Fri 10 Jan 2025; 15 or more stand out." in str(questions_card(["isi"], given))


def test_where_few_points_stand_out_it_says_so() -> None:
    given = [Answered("sci", date(2025, 1, 10), (4,) * 8)]
    assert "0 of 32 points on Fri 10 Jan 2025; 16 or fewer stand out." in str(questions_card(["sci"], given))
