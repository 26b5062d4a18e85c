"""What every registered detector must keep."""

import re

import pytest

from somnia_engine.detectors import detectors, judge_one
from somnia_engine.text import t
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import Detector, NightHistory, NightRecord, SleepStatistics
from somnia_engine.wording import faults

BLANK = NightRecord(None, None, NightFeatures(None, 0, {}), SleepStatistics(), {}, EventTable.empty())
EVERY = pytest.mark.parametrize("detector", detectors(), ids=lambda d: d.key)


def full(odi: float, sol: float) -> NightHistory:
    """Return a fortnight in which everything was measured."""
    statistics = SleepStatistics("watch", tib_min=480.0, sol_min=sol, waso_min=sol, se_pct=92.0 - sol / 4, tst_min=440.0)
    measures = {"odi3_per_h": odi, "odi4_per_h": odi / 2, "t90_pct": odi / 9, "spo2_min_pct": 95.0 - odi / 4, "spo2_valid_min": 450.0}
    return NightHistory((NightRecord(None, None, NightFeatures(None, 0, {}), statistics, measures, EventTable.empty()),) * 14)


def findings(detector: Detector) -> list[Finding]:
    histories = [NightHistory(()), NightHistory((BLANK,)), NightHistory((BLANK,) * 30), full(1.0, 5.0), full(9.0, 45.0), full(40.0, 90.0)]
    return [judge_one(detector, history) for history in histories]


@EVERY
def test_no_data_is_not_assessed_and_never_low(detector: Detector) -> None:
    for history in (NightHistory(()), NightHistory((BLANK,)), NightHistory((BLANK,) * 30)):
        finding = judge_one(detector, history)
        assert finding.level is Level.NOT_ASSESSED
        assert finding.needs
        assert finding.coverage == 0.0


@EVERY
def test_every_finding_names_its_disorder_its_rule_and_its_coverage(detector: Detector) -> None:
    for finding in findings(detector):
        assert finding.disorder == detector.key
        assert finding.rule == detector.rule
        assert re.search(r" \d+$", finding.rule)
        assert 0.0 <= finding.coverage <= 1.0


@EVERY
def test_a_judged_finding_shows_evidence(detector: Detector) -> None:
    for finding in findings(detector):
        assert (finding.level is Level.NOT_ASSESSED) != bool(finding.evidence)


@EVERY
def test_the_words_stay_below_the_ceiling(detector: Detector) -> None:
    for finding in findings(detector):
        for text in filter(None, (finding.summary, finding.next_step, *finding.needs, *(e.label for e in finding.evidence))):
            sentence = t(text)
            assert sentence
            assert faults(sentence) == (), sentence
            assert "{" not in sentence


@EVERY
def test_a_low_finding_speaks_of_what_was_measured(detector: Detector) -> None:
    low = [f for f in findings(detector) if f.level is Level.LOW]
    assert all("No signs in what was measured" in t(f.summary) for f in low)


def test_keys_are_unique() -> None:
    keys = [detector.key for detector in detectors()]
    assert len(keys) == len(set(keys))
    assert {"apnea", "insomnia"} <= set(keys)
