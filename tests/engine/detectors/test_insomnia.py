"""Judging the nights of a history."""

from itertools import starmap

import pytest

from somnia_engine.detectors import judge_one
from somnia_engine.detectors.insomnia import DETECTOR
from somnia_engine.types.events import EventTable
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import NightHistory, NightRecord, SleepStatistics

GOOD, LONG, AWAKE = (10.0, 15.0, 95.0), (55.0, 20.0, 80.0), (10.0, 90.0, 78.0)


def record(sol_min: float, waso_min: float, se_pct: float, tib_min: float = 480.0) -> NightRecord:
    statistics = SleepStatistics(scorer="watch", tib_min=tib_min, sol_min=sol_min, waso_min=waso_min, se_pct=se_pct)
    return NightRecord(None, None, None, statistics, {}, EventTable.empty())


def judged(*nights: tuple[float, float, float]) -> Finding:
    return judge_one(DETECTOR, NightHistory(tuple(starmap(record, nights))))


@pytest.mark.parametrize("n", [0, 1, 6])
def test_under_seven_nights_it_is_not_assessed_and_counts_them(n: int) -> None:
    finding = judged(*[LONG] * n)
    assert finding.level is Level.NOT_ASSESSED
    assert str(finding.summary).endswith(f"so far: {n}.")


def test_good_nights_show_no_signs() -> None:
    assert judged(*[GOOD] * 10).level is Level.LOW


def test_three_long_nights_a_week_are_moderate() -> None:
    assert judged(*[GOOD] * 4, *[LONG] * 3).level is Level.MODERATE
    assert judged(*[GOOD] * 5, *[LONG] * 2).level is Level.LOW


def test_lying_awake_after_falling_asleep_counts_too() -> None:
    assert judged(*[GOOD] * 4, *[AWAKE] * 3).level is Level.MODERATE


def test_most_nights_long_and_little_sleep_in_bed_are_high() -> None:
    finding = judged(*[LONG] * 7, *[GOOD])
    assert finding.level is Level.HIGH
    assert "three months" in str(finding.summary)


def test_old_nights_do_not_count() -> None:
    assert judged(*[LONG] * 30, *[GOOD] * 28).level is Level.LOW


def test_naps_and_nights_without_stages_do_not_count() -> None:
    naps = [record(40.0, 40.0, 50.0, tib_min=60.0)] * 10
    blank = [record(float("nan"), float("nan"), float("nan"))] * 10
    assert judge_one(DETECTOR, NightHistory((*naps, *blank))).level is Level.NOT_ASSESSED
