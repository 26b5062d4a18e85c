"""The gate before every detector."""

import numpy as np
import pytest

from somnia_engine.detectors import judge, judge_one
from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord, SleepStatistics

EMPTY = NightRecord(None, None, None, SleepStatistics(), {}, EventTable.empty())


def detector(have: float) -> Detector:
    def assess(history: NightHistory) -> Finding:
        return Finding("x", Level.LOW, Text("judged"), 1.0)

    return Detector(
        "x", Text("X"), "x 1", (Need(Text("needs {least}, has {have} ({have_h} h {have_min} min)"), 100.0, lambda history: have),), assess
    )


def test_a_met_need_lets_the_detector_judge() -> None:
    assert str(judge_one(detector(100.0), NightHistory((EMPTY,))).summary) == "judged"


def test_an_unmet_need_is_not_assessed_and_says_what_is_there() -> None:
    finding = judge_one(detector(72.9), NightHistory((EMPTY,)))
    assert finding.level is Level.NOT_ASSESSED
    assert str(finding.summary) == "needs 100, has 72 (1 h 12 min)"
    assert finding.coverage == pytest.approx(0.729)


def test_what_was_not_measured_counts_as_nothing() -> None:
    finding = judge_one(detector(np.nan), NightHistory((EMPTY,)))
    assert finding.level is Level.NOT_ASSESSED
    assert finding.coverage == 0.0


def test_a_history_without_nights_is_not_assessed() -> None:
    assert {finding.level for finding in judge(NightHistory(()))} == {Level.NOT_ASSESSED}
