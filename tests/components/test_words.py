"""How dates and lengths of time are written."""

from datetime import UTC, date, datetime

import pytest

from components import words
from components.timeline import share
from somnia_engine.text import speaking


@pytest.mark.parametrize(("value", "said"), [(0.0, "0 min"), (14.4, "14 min"), (59.6, "1 h 00"), (424.0, "7 h 04"), (float("nan"), "–")])
def test_minutes_read_as_people_say_them_and_a_missing_one_is_a_dash(value: float, said: str) -> None:
    assert words.minutes(value) == said


def test_a_missing_share_is_a_dash_and_never_zero() -> None:
    assert words.percent(float("nan")) == "–"
    assert words.percent(91.6) == "92 %"


def test_a_day_is_short_and_may_carry_its_year() -> None:
    assert words.day(date(2025, 11, 14)) == "Fri 14 Nov"
    assert words.day(date(2025, 11, 14), year=True) == "Fri 14 Nov 2025"


def test_a_clock_time_is_told_in_the_zone_of_the_night() -> None:
    assert words.clock(datetime(2025, 11, 14, 22, 12, tzinfo=UTC), "Europe/Berlin") == "23:12"


def test_a_channel_is_named_once_and_an_unknown_one_by_its_key() -> None:
    assert words.channels(("acc_x_g", "acc_y_g", "odd")) == "acceleration, odd"


def test_a_night_lies_between_noon_and_noon_of_its_zone() -> None:
    first, last = share(datetime(2025, 11, 14, 22, 0, tzinfo=UTC), datetime(2025, 11, 15, 5, 0, tzinfo=UTC), "Europe/Berlin")
    assert (first, last) == (11.0, 18.0)


def test_a_date_is_ordered_as_its_language_orders_it() -> None:
    german = {"{day} {month}": "{day}. {month}", "March": "März"}
    assert words.day_month(date(2026, 3, 4)) == "04 Mar"
    with speaking(lambda said: german.get(said, said)):
        assert words.day_month(date(2026, 3, 4)) == "04. Mär"
