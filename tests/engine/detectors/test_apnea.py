"""Judging desaturations and disturbed breathing."""

import pytest

from somnia_engine.detectors import judge_one
from somnia_engine.detectors.apnea import DETECTOR
from somnia_engine.types.events import EventTable
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import NightHistory, NightRecord, SleepStatistics


def judged(odi3: float, valid_min: float = 420.0) -> Finding:
    measures = {"odi3_per_h": odi3, "odi4_per_h": odi3 / 2, "t90_pct": 1.0, "spo2_min_pct": 86.0, "spo2_valid_min": valid_min}
    night = NightRecord(None, None, None, SleepStatistics(), measures, EventTable.empty())
    return judge_one(DETECTOR, NightHistory((night,)))


@pytest.mark.parametrize(
    ("odi3", "level"),
    [(0.0, Level.LOW), (4.99, Level.LOW), (5.0, Level.MODERATE), (14.99, Level.MODERATE), (15.0, Level.HIGH), (60.0, Level.HIGH)],
)
def test_the_level_follows_the_index(odi3: float, level: Level) -> None:
    assert judged(odi3).level is level


def test_under_four_hours_of_oxygen_it_is_not_assessed() -> None:
    finding = judged(40.0, valid_min=72.4)
    assert finding.level is Level.NOT_ASSESSED
    assert str(finding.summary) == "Not assessed: needs 4 h of oxygen data or heart beats; this night has 1 h 12 min."


def test_a_night_without_an_oximeter_is_not_assessed() -> None:
    night = NightRecord(None, None, None, SleepStatistics(), {}, EventTable.empty())
    assert judge_one(DETECTOR, NightHistory((night,))).level is Level.NOT_ASSESSED


def test_it_shows_what_it_rests_on_and_claims_no_probability() -> None:
    finding = judged(22.0)
    assert [e.value for e in finding.evidence] == [22.0, 11.0, 1.0, 86.0, 420.0]
    assert finding.evidence[0].citation
    assert finding.risk is None


def test_low_reads_no_signs_in_what_was_measured() -> None:
    assert str(judged(1.2).summary).startswith("No signs in what was measured")


def by_beats(risk: float, *, minutes: float = 420.0, **oxygen: float) -> Finding:
    breathing = {"breathing_assessable_min": minutes, "breathing_event_pct": 30.0, "breathing_events_per_h": 25.0}
    measures = {**breathing, "p_breathing_from_15_per_h": risk, "spo2_valid_min": 0.0, "odi3_per_h": float("nan"), **oxygen}
    return judge_one(DETECTOR, NightHistory((NightRecord(None, None, None, SleepStatistics(), measures, EventTable.empty()),)))


@pytest.mark.parametrize(("risk", "level"), [(0.1, Level.LOW), (0.5, Level.MODERATE), (0.79, Level.MODERATE), (0.8, Level.HIGH)])
def test_beats_alone_are_judged_by_their_calibrated_probability(risk: float, level: Level) -> None:
    finding = by_beats(risk)
    assert finding.level is level
    assert finding.risk == risk
    assert str(finding.risk_of) == "15 or more breathing events per hour"
    assert "blood oxygen" not in str(finding.summary)


def test_low_from_beats_alone_says_whom_it_misses() -> None:
    assert "misses some people" in str(by_beats(0.1).summary)


def test_beats_never_lower_what_oxygen_shows() -> None:
    finding = by_beats(0.05, spo2_valid_min=420.0, odi3_per_h=22.0)
    assert finding.level is Level.HIGH
    assert "22.0 times" in str(finding.summary)


def test_likely_pauses_without_falls_of_oxygen_are_not_told_as_falls() -> None:
    finding = by_beats(0.9, spo2_valid_min=420.0, odi3_per_h=1.0)
    assert finding.level is Level.HIGH
    assert "times an hour" not in str(finding.summary)


def test_short_oxygen_does_not_decide_beside_long_beats() -> None:
    assert by_beats(0.1, spo2_valid_min=60.0, odi3_per_h=30.0).level is Level.LOW


def test_under_four_hours_of_beats_it_is_not_assessed() -> None:
    assert by_beats(0.9, minutes=200.0).level is Level.NOT_ASSESSED


def test_dropping_a_sensor_never_raises_coverage() -> None:
    both = by_beats(0.9, minutes=350.0, spo2_valid_min=330.0, odi3_per_h=20.0)
    assert by_beats(0.9, minutes=330.0, spo2_valid_min=330.0, odi3_per_h=20.0).coverage <= both.coverage
