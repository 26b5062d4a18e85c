"""What is said about an irregular pulse."""

from types import MappingProxyType

import numpy as np
import pytest

from somnia_engine.detectors import judge_one
from somnia_engine.detectors.arrhythmia import DETECTOR
from somnia_engine.metrics.rhythm import rhythm_measures
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import NightHistory, NightRecord, SleepStatistics


def judged(p: np.ndarray) -> Finding:
    features = NightFeatures(None, len(p), {"p_irregular_rhythm": p.astype(np.float32)})
    measures = MappingProxyType(rhythm_measures(features))
    night = NightRecord(None, None, features, SleepStatistics(tib_min=len(p) / 2.0), measures, EventTable.empty())
    return judge_one(DETECTOR, NightHistory((night,)))


def night(irregular: int, *, measured: int = 960, n: int = 960) -> np.ndarray:
    p = np.full(n, np.nan)
    p[:measured] = 0.01
    p[100 : 100 + irregular] = 0.95
    return p


@pytest.mark.parametrize(("irregular", "level"), [(0, Level.LOW), (8, Level.LOW), (20, Level.MODERATE), (300, Level.HIGH)])
def test_the_level_follows_the_longest_stretch_and_the_burden(irregular: int, level: Level) -> None:
    assert judged(night(irregular)).level is level


def test_too_little_rhythm_is_not_assessed() -> None:
    finding = judged(night(300, measured=500))
    assert finding.level is Level.NOT_ASSESSED
    assert "52 %" in str(finding.summary)


def test_nothing_is_named_without_an_ecg() -> None:
    for irregular in (0, 20, 300):
        said = str(judged(night(irregular)).summary).lower()
        assert "fibrillation" not in said
        assert "pulse" in said
