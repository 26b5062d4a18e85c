"""Lights and noises: what stands out, and what follows it beside what chance would give."""

import numpy as np
import pytest

from somnia_engine.dsp.disturbances import dense, lights_on, noises
from somnia_engine.metrics.disturbances import disturbance_measures, followed_by_awakening
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram, Stage

N = 960
SECONDS = np.arange(0.0, N * 30.0, 10.0)


def hypnogram(awake: list[int]) -> Hypnogram:
    stages = np.full(N, Stage.S, dtype=np.int8)
    stages[awake] = Stage.W
    return Hypnogram(stages, (Stage.W, Stage.S), "test")


def features(**columns: np.ndarray) -> NightFeatures:
    return NightFeatures(None, N, {name: np.asarray(column, dtype=np.float32) for name, column in columns.items()})


def light(*onsets: float) -> EventTable:
    return EventTable.of(Event(EventKind.LT, onset, 60.0, float("nan"), "lamp") for onset in onsets)


def test_a_lamp_at_ten_past_three_is_an_event_and_dawn_is_not() -> None:
    lux = np.zeros(len(SECONDS))
    lux[1000:1030] = 40.0
    lux[2000:] = np.linspace(0.0, 300.0, len(SECONDS) - 2000)
    assert lights_on(SECONDS, lux) == [(10_000.0, 300.0, 40.0)]


@pytest.mark.parametrize(("peak", "found"), [(60.0, 1), (44.0, 0), (38.0, 0)])
def test_a_noise_is_loud_and_stands_out(peak: float, found: int) -> None:
    level = np.full(len(SECONDS), 34.0)
    level[500] = peak
    assert [event[0] for event in noises(SECONDS, level)] == [5000.0] * found


def test_a_steady_noise_is_no_event_after_a_while() -> None:
    level = np.where(SECONDS < 3600, 34.0, 55.0)
    events = noises(SECONDS, level)
    assert len(events) == 1
    assert events[0][0] == 3600.0
    assert events[0][1] <= 600.0


def test_sparse_readings_tell_no_moments() -> None:
    assert dense(SECONDS)
    assert not dense(np.arange(0.0, 9000.0, 300.0))


def test_awakenings_after_disturbances_are_counted_beside_chance() -> None:
    awake = [100, 300, 301, 500]
    found = disturbance_measures(
        features(light_lux=np.zeros(N)), light(99 * 30 + 26.0, 299 * 30.0, 700 * 30.0, 300 * 30.0), hypnogram=hypnogram(awake)
    )
    assert found["disturbances_asleep"] == 3
    assert found["disturbances_then_awake"] == 2
    asleep = N - len(awake)
    assert found["disturbances_then_awake_by_chance"] == pytest.approx(3 * (3 * 2) / asleep)


def test_chance_is_what_random_moments_give() -> None:
    night = hypnogram(list(range(50, 900, 60)))
    asleep = np.flatnonzero(night.stages == Stage.S)
    drawn = np.random.default_rng(0).choice(asleep, 4000)
    share = followed_by_awakening(night)[drawn].mean()
    events = light(*(drawn[:200] * 30.0).tolist())
    found = disturbance_measures(features(noise_db=np.zeros(N)), events, hypnogram=night)
    assert found["disturbances_then_awake_by_chance"] / found["disturbances_asleep"] == pytest.approx(share, abs=0.01)


def test_nothing_is_told_without_a_sensor_or_without_sleep() -> None:
    assert disturbance_measures(features(), light(300.0), hypnogram=hypnogram([])) == {}
    assert disturbance_measures(features(light_lux=np.zeros(N)), light(300.0), hypnogram=None) == {}
