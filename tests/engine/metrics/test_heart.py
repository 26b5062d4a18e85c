"""Heart rate asleep."""

import numpy as np

from somnia_engine.metrics.heart import asleep_mask, detect_slow_and_fast, heart_measures
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights
from somnia_engine.types.signals import Signal


def heart(values: np.ndarray) -> Signal:
    return Signal("hr_bpm", values.astype(np.float32), 1.0, "/min")


def test_only_seconds_of_sleep_in_bed_are_asleep() -> None:
    stages = np.array([Stage.W, Stage.L, Stage.UNSCORED, Stage.R], dtype=np.int8)
    mask = asleep_mask(120, Lights(0.0, 110.0), hypnogram=Hypnogram(stages, (Stage.W, Stage.L), "x"))
    assert np.flatnonzero(mask).tolist() == [*range(30, 60), *range(90, 110)]


def test_without_stages_the_time_in_bed_counts() -> None:
    assert asleep_mask(60, Lights(10.0, 30.0), hypnogram=None).sum() == 20


def test_mean_lowest_and_highest_are_those_asleep() -> None:
    values = np.array([100.0, 50.0, np.nan, 60.0])
    measures = heart_measures(heart(values), np.array([False, True, True, True]))
    assert measures == {"hr_mean_bpm": 55.0, "hr_min_bpm": 50.0, "hr_max_bpm": 60.0}


def test_no_heart_rate_has_no_numbers() -> None:
    assert all(np.isnan(v) for v in heart_measures(None, np.ones(5, dtype=bool)).values())


def test_slow_needs_thirty_seconds_and_fast_more_than_thirty() -> None:
    values = np.full(600, 60.0)
    values[100:130], values[200:229] = 38.0, 38.0
    values[300:330], values[400:431] = 95.0, 96.0
    found = list(detect_slow_and_fast(heart(values), np.ones(600, dtype=bool), source="watch"))
    assert [(e.kind, e.onset_s, e.duration_s, e.value) for e in found] == [
        (EventKind.BR, 100.0, 30.0, 38.0),
        (EventKind.TA, 400.0, 31.0, 96.0),
    ]


def test_an_awake_heart_may_be_fast() -> None:
    assert len(detect_slow_and_fast(heart(np.full(300, 120.0)), np.zeros(300, dtype=bool), source="watch")) == 0
