"""The numbers of a night: as people read them, explained, and a dash where nothing was measured."""

import math

import pytest

from components.numbers import LEADING, NUMBERS, leading_numbers, said
from components.tables import number_table
from tests.components.made import night


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (424, "time", "7 h 04"),
        (14.2, "time", "14 min"),
        (91.6, "pct", "92 %"),
        (18.42, "rate", "18.4 /h"),
        (57.5001, "bpm", "58 /min"),
        (3, "count", "3"),
        (0, "time", "0 min"),
    ],
)
def test_a_number_is_read_with_its_unit(value: float, form: str, shown: str) -> None:
    assert said(value, form) == shown


@pytest.mark.parametrize("form", sorted({number.form for number in NUMBERS}))
def test_what_was_not_measured_is_a_dash_in_every_form(form: str) -> None:
    assert said(math.nan, form) == "–"


def test_the_leading_numbers_leave_out_what_was_not_measured() -> None:
    shown = str(leading_numbers(night()))
    assert "6 h 30" in shown
    assert "18.4 /h" in shown
    assert "Mean heart rate" not in shown
    assert "–'" not in shown


def test_a_usual_range_names_its_source() -> None:
    assert [number.key for number in NUMBERS if (number.usual is None) != (number.source == "")] == []
    assert "Usual: up to 30 min (Ohayon 2017" in str(leading_numbers(night()))


def test_no_number_stands_twice_and_each_leading_one_is_known() -> None:
    keys = [number.key for number in NUMBERS]
    assert len(set(keys)) == len(keys)
    assert set(LEADING) <= set(keys)


def test_the_table_shows_a_dash_where_the_watch_measured_nothing() -> None:
    assert "–" in str(number_table(night()))
