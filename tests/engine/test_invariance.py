"""One night said in other ways: later, finer, coarser, in another order, with a sensor less; through the whole pipeline."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from somnia_engine.analyse import analyse
from somnia_engine.synthetic import demo, truth
from somnia_engine.synthetic.body import heart_rate, movement, oxygen
from somnia_engine.types.findings import Level
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import Recording
from tests.engine.make import START, Samples, recording

KEYS = ("apnea", "healthy")
MINUTES = 12.0
"""Numbers of sleep may move by this much when the heart rate is sampled otherwise [min]."""


@cache
def body(key: str) -> dict[str, Samples]:
    night = truth(key)[0]
    rng = np.random.default_rng(demo(key).seed)
    counts = movement(night, rng)
    rates = heart_rate(night, counts, rng=rng)
    spo2 = np.round(oxygen(night, rng))
    return {
        "hr_bpm": (np.arange(len(rates)) * 5.0, rates),
        "activity_count": (np.arange(len(counts)) * 15.0, counts),
        "spo2_pct": (np.arange(len(spo2)) * 1.0, spo2),
    }


def files(key: str, *, left_out: Sequence[str] = (), later: timedelta = timedelta(0), **instead: Samples) -> list[Recording]:
    """Return a file for each channel of a night."""
    channels = {name: samples for name, samples in {**body(key), **instead}.items() if name not in left_out}
    return [recording({name: samples}, name=name, start=START + later) for name, samples in channels.items()]


@cache
def plain(key: str) -> NightAnalysis:
    return analyse(files(key))


def resampled(samples: Samples, step_s: float) -> Samples:
    times, values = samples
    at = np.arange(0.0, times[-1] + step_s / 2, step_s)
    return at, np.interp(at, times, values)


def assert_same(found: NightAnalysis, other: NightAnalysis) -> None:
    for numbers, others in ((asdict(found.statistics), asdict(other.statistics)), (found.measures, other.measures)):
        assert set(numbers) == set(others)
        for name, value in numbers.items():
            assert value == others[name] or value == pytest.approx(others[name], rel=1e-6, nan_ok=True), name
    assert [(f.disorder, f.level, f.risk) for f in found.findings] == [(f.disorder, f.level, f.risk) for f in other.findings]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("later", [timedelta(hours=5), timedelta(days=200, minutes=17, seconds=41)], ids=["hours", "to the second"])
def test_a_night_that_lies_later_has_the_same_numbers(key: str, later: timedelta) -> None:
    assert_same(analyse(files(key, later=later)), plain(key))


@pytest.mark.parametrize("key", KEYS)
def test_a_clock_that_counts_from_elsewhere_changes_nothing(key: str) -> None:
    shift_s = 3600.0
    moved = {name: (times + shift_s, values) for name, (times, values) in body(key).items()}
    assert_same(analyse(files(key, later=timedelta(seconds=-shift_s), **moved)), plain(key))


@pytest.mark.parametrize("key", KEYS)
def test_the_order_of_the_files_changes_nothing(key: str) -> None:
    given = files(key)
    for order in ((2, 1, 0), (1, 2, 0), (0, 2, 1)):
        assert_same(analyse([given[i] for i in order]), plain(key))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("hz", [0.25, 0.5, 1.0])
def test_a_heart_rate_of_another_rate_gives_the_same_sleep(key: str, hz: float) -> None:
    found, reference = analyse(files(key, hr_bpm=resampled(body(key)["hr_bpm"], 1.0 / hz))), plain(key)
    for name in ("tst_min", "waso_min", "sol_min"):
        assert getattr(found.statistics, name) == pytest.approx(getattr(reference.statistics, name), abs=MINUTES), name
    agreed = found.hypnogram.stages[:-2] == reference.hypnogram.stages[: len(found.hypnogram.stages) - 2]
    assert agreed.mean() >= 0.85
    for name in ("hr_mean_bpm", "hr_min_bpm", "hr_max_bpm"):
        assert found.measures[name] == pytest.approx(reference.measures[name], abs=1.0), name


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("hz", [2.0, 4.0])
def test_oxygen_of_another_rate_gives_the_same_drops(key: str, hz: float) -> None:
    found, reference = analyse(files(key, spo2_pct=resampled(body(key)["spo2_pct"], 1.0 / hz))), plain(key)
    for name in ("odi3_per_h", "odi4_per_h"):
        assert found.measures[name] == pytest.approx(reference.measures[name], rel=0.05, abs=0.3), name
    assert found.measures["spo2_mean_pct"] == pytest.approx(reference.measures["spo2_mean_pct"], abs=0.1)
    assert found.measures["spo2_min_pct"] == pytest.approx(reference.measures["spo2_min_pct"], abs=1.0)
    assert found.measures["t90_min"] == pytest.approx(reference.measures["t90_min"], rel=0.1, abs=0.5)


def sureness(night: NightAnalysis) -> float:
    """Return the mean probability of the likeliest stage."""
    seen = night.hypnogram.stages != Stage.UNSCORED
    return float(night.hypnogram.probabilities[seen].max(axis=1).mean())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("lost", ["hr_bpm", "activity_count", "spo2_pct"])
def test_a_sensor_less_never_makes_a_finding_surer(key: str, lost: str) -> None:
    whole = {finding.disorder: finding for finding in plain(key).findings}
    for finding in analyse(files(key, left_out=(lost,))).findings:
        assert finding.coverage <= whole[finding.disorder].coverage + 1e-6, finding.disorder
        if whole[finding.disorder].level is Level.NOT_ASSESSED:
            assert finding.level is Level.NOT_ASSESSED


@pytest.mark.parametrize("key", KEYS)
def test_stages_without_movement_are_no_surer(key: str) -> None:
    fewer = analyse(files(key, left_out=("activity_count",)))
    assert sureness(fewer) <= sureness(plain(key))


@pytest.mark.parametrize("key", KEYS)
def test_without_a_heart_rate_only_sleep_and_wake_are_told(key: str) -> None:
    assert analyse(files(key, left_out=("hr_bpm",))).hypnogram.classes == (Stage.W, Stage.S)


@pytest.mark.parametrize("key", KEYS)
def test_without_heart_rate_and_movement_there_are_no_stages(key: str) -> None:
    assert analyse(files(key, left_out=("hr_bpm", "activity_count"))).hypnogram is None
