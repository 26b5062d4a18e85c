"""Scoring of the questionnaires against what their authors published."""

from datetime import date

import pytest

from somnia_engine import resources
from somnia_engine.questionnaires import QUESTIONNAIRES, asked, nearest, score
from somnia_engine.types.questionnaires import Answered
from somnia_engine.wording import faults

DAY = date(2025, 1, 10)


def points(key: str, *choices: int) -> int:
    return score(Answered(key, DAY, choices)).points


# Bastien 2001: seven items of 0 to 4, 28 at most; ESS: eight of 0 to 3, 24 (Johns 1991); SCI: eight of 0 to 4, 32 (Espie 2014);
# STOP-Bang: eight of yes or no (Chung 2008); RBD1Q: one (Postuma 2012).
@pytest.mark.parametrize(("key", "items", "most"), [("isi", 7, 28), ("ess", 8, 24), ("sci", 8, 32), ("stop_bang", 8, 8), ("rbd1q", 1, 1)])
def test_items_and_range_are_those_that_were_published(key: str, items: int, most: int) -> None:
    found = QUESTIONNAIRES[key]
    assert (len(found.items), found.most) == (items, most)
    assert min(points(key, *answers) for answers in ([0] * items, [len(i.choices) - 1 for i in found.items])) == 0
    assert max(points(key, *answers) for answers in ([0] * items, [len(i.choices) - 1 for i in found.items])) == most


@pytest.mark.parametrize(
    ("key", "choices", "expected", "stands_out"),
    [
        ("isi", (2, 2, 2, 2, 2, 2, 2), 14, False),  # Bastien 2001: 8 to 14 is below the clinical range
        ("isi", (3, 2, 2, 2, 2, 2, 2), 15, True),  # 15 to 21 is the first clinical range
        ("ess", (2, 2, 2, 2, 2, 0, 0, 0), 10, False),  # Johns 1991: 0 to 10 was found in people without a complaint
        ("ess", (2, 2, 2, 2, 2, 1, 0, 0), 11, True),
        ("stop_bang", (1, 1, 0, 0, 0, 0, 0, 0), 2, False),  # Chung 2016: 0 to 2 low, 3 to 4 intermediate, 5 to 8 high
        ("stop_bang", (1, 1, 0, 0, 0, 0, 0, 1), 3, True),
        ("sci", (2, 2, 2, 2, 2, 2, 2, 2), 16, True),  # Espie 2014: 16 or less
        ("sci", (1, 2, 2, 2, 2, 2, 2, 2), 17, False),
        ("sci", (4, 4, 4, 4, 4, 4, 4, 4), 0, True),  # the worst answers count nothing
        ("rbd1q", (1,), 1, True),
    ],
)
def test_the_published_threshold_is_kept(key: str, choices: tuple[int, ...], expected: int, stands_out: bool) -> None:
    found = score(Answered(key, DAY, choices))
    assert (found.points, found.stands_out) == (expected, stands_out)


@pytest.mark.parametrize(
    ("key", "choices"), [("isi", (0,) * 6), ("isi", (0, 0, 0, 0, 0, 0, 5)), ("isi", (-1, 0, 0, 0, 0, 0, 0)), ("psqi", (0,))]
)
def test_what_cannot_be_scored_is_refused(key: str, choices: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"answers|questionnaire"):
        score(Answered(key, DAY, choices))


def test_the_nearest_valid_answers_count_for_a_night() -> None:
    given = [Answered("isi", date(2024, 12, 1), (0,) * 7), Answered("isi", DAY, (4,) * 7), Answered("ess", DAY, (3,) * 8)]
    assert nearest(given, "isi", night=date(2025, 1, 8)).points == 28
    assert nearest(given, "isi", night=date(2024, 12, 2)).points == 0
    assert nearest(given, "isi", night=date(2025, 6, 1)) is None
    assert nearest(given, "sci", night=DAY) is None
    assert nearest(given, "isi", night=None).points == 28


def test_no_question_speaks_of_therapies_or_alarms() -> None:
    for found in QUESTIONNAIRES.values():
        for text in (found.name, found.about, *(i.text for i in found.items), *(c.text for i in found.items for c in i.choices)):
            assert [f for f in faults(str(text)) if f.rule in ("therapy", "prediction", "alarm", "exclamation")] == []


def test_a_licensed_wording_is_asked_where_somebody_put_it(tmp_path, monkeypatch) -> None:
    (tmp_path / "licensed").mkdir()
    (tmp_path / "licensed" / "rbd1q.toml").write_text('items = ["The licensed question?"]', encoding="utf-8")
    monkeypatch.setattr(resources, "DATA", tmp_path)
    resources.load_licensed.cache_clear()
    assert str(asked("rbd1q").items[0].text) == "The licensed question?"
    assert asked("isi") is QUESTIONNAIRES["isi"]
    resources.load_licensed.cache_clear()
