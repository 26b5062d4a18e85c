"""What is said of two nights, and of the nights before and after a day."""

import json
import math
from datetime import date

from components.compare import Around, Compared, around_body, changed_findings, pair_body
from somnia_engine.metrics.associations import Association
from somnia_engine.types.findings import Level
from tests.components.made import HIGH, UNKNOWN


def text(parts: object) -> str:
    return json.dumps([part.to_plotly_json() for part in parts], default=lambda one: one.to_plotly_json(), ensure_ascii=False)  # type: ignore[attr-defined]


def compared(**values: tuple[float, float]) -> Compared:
    return Compared(values, {"tst_min": (400.0, 440.0)}, ((HIGH,), (UNKNOWN,)), ("A", "B"))


def test_a_change_has_a_sign_and_what_lies_outside_of_the_usual_is_marked() -> None:
    said = text(pair_body(compared(tst_min=(420.0, 360.0))))
    assert "−1 h 00" in said
    assert "6 h 40 to 7 h 20" in said
    assert said.count('"compare-outside"') == 1


def test_times_of_day_differ_the_short_way_round_and_what_rounds_to_nothing_has_no_sign() -> None:
    said = text(pair_body(compared(bedtime_h=(11.5, 12.5), se_pct=(90.2, 90.4))))
    assert "+1 h 00" in said
    assert "±0 %" in said


def test_what_neither_night_measured_is_left_out_and_one_sided_numbers_have_no_change() -> None:
    said = text(pair_body(compared(odi3_per_h=(math.nan, math.nan), rem_min=(90.0, math.nan))))
    assert "Oxygen drops" not in said
    assert "REM sleep" in said
    assert "+" not in said


def test_only_signs_that_changed_are_named() -> None:
    both = ((HIGH, UNKNOWN), (HIGH.__class__(HIGH.disorder, Level.LOW, HIGH.summary, 1.0), UNKNOWN))
    said = text(changed_findings(Compared({}, {}, both, ("A", "B")), {}))
    assert "clear signs" in said
    assert "no signs in what was measured" in said
    assert "insomnia" not in said
    assert changed_findings(Compared({}, {}, ((HIGH,), (HIGH,)), ("A", "B")), {}) == []


def test_too_few_nights_say_how_many_are_needed_and_nothing_else() -> None:
    said = text(around_body(Around(3, 9, {}, (), 5, 42)))
    assert "3 nights in the 42 days before, 9 from that day on." in said
    assert "needs 5 nights" in said


def test_a_difference_that_holds_and_one_that_may_be_chance_are_told_apart() -> None:
    held = Association("after", "tst_min", "tag", 30.0, 20.0, 41.0, 1.2, 20, 20, 0.0002, sure=True)
    open_one = Association("after", "se_pct", "tag", 1.0, -2.0, 3.0, 0.1, 20, 20, 0.4)
    said = text(around_body(Around(20, 20, {"tst_min": (400.0, 430.0), "se_pct": (88.0, 89.0)}, (held, open_one), 5, 42)))
    assert "hardly, p < 0.001" in said
    assert "it could, p 0.40" in said
    assert "+30 min" in said
    assert "+20 min to +41 min" in said


def test_a_day_is_what_a_browser_sends_and_nothing_else() -> None:
    from pages._comparing import day_of

    assert day_of("2025-11-14") == date(2025, 11, 14)
    assert day_of("14.11.2025") is None
    assert day_of(None) is None
