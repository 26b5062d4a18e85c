"""Judging desaturations."""

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
    assert str(finding.summary) == "Not assessed: needs 4 h of oxygen data; this night has 1 h 12 min."


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
