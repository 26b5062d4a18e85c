"""Bouts of movement and voice in likely REM sleep."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.metrics.rem_bouts import RemBouts, likely_rem, rem_bouts
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import NightRecord, SleepStatistics

HEALTHY_BOUND_PER_H = 6.0


def night(stages: np.ndarray, counts: np.ndarray | None = None, events: tuple[Event, ...] = (), **columns: np.ndarray) -> NightRecord:
    told = {name: column.astype(np.float32) for name, column in columns.items()}
    told |= {} if counts is None else {"activity_count": counts.astype(np.float32)}
    features = NightFeatures(None, len(stages), told)
    hypnogram = Hypnogram(stages.astype(np.int8), (Stage.W, Stage.L, Stage.N3, Stage.R), "x")
    return NightRecord(None, None, features, SleepStatistics(), {}, EventTable.of(events), hypnogram)


def test_a_short_break_between_rem_belongs_to_it_and_a_long_one_does_not() -> None:
    stages = np.array([4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4])
    assert likely_rem(Hypnogram(stages.astype(np.int8), (), "x")).tolist() == [True] * 6 + [False] * 5 + [True]


def test_each_stretch_of_movement_is_one_bout_and_only_rem_counts() -> None:
    stages, counts = np.full(240, Stage.R), np.zeros(240)
    stages[120:] = Stage.L
    counts[[10, 11, 40, 90, 130, 150]] = 100.0
    found = rem_bouts(night(stages, counts))
    assert found.minutes == 60.0
    assert found.spans == ((300.0, 360.0), (1200.0, 1230.0), (2700.0, 2730.0))
    assert found.per_h == pytest.approx(3.0)


def test_voice_alone_can_tell() -> None:
    talk = Event(EventKind.TK, 95.0, 3.0, 0.9, "sound")
    found = rem_bouts(night(np.full(120, Stage.R), None, (talk,), vocal_frac=np.zeros(120)))
    assert found.spans == ((90.0, 120.0),)


def test_without_stages_or_without_movement_and_sound_there_are_no_minutes() -> None:
    assert rem_bouts(night(np.full(120, Stage.R))).minutes == 0.0
    assert rem_bouts(NightRecord(None, None, NightFeatures(None, 9, {}), SleepStatistics(), {}, EventTable.empty())).minutes == 0.0
    assert np.isnan(rem_bouts(night(np.full(120, Stage.S), np.zeros(120))).per_h)


def test_healthy_people_stay_below_the_bound_but_for_one(reference: Path) -> None:
    folder = reference / "sleep_accel" / "cropped"
    rates = [found.per_h for path in sorted(folder.glob("*_psg.out")) if (found := _walch(path)).minutes >= 30.0]
    assert len(rates) >= 20
    assert sum(rate >= HEALTHY_BOUND_PER_H for rate in rates) <= 1


def _walch(path: Path) -> RemBouts:
    scored, counts = np.loadtxt(path), np.loadtxt(str(path).replace("psg", "counts"), delimiter=",")
    stages = np.select([scored[:, 1] == 5, scored[:, 1] == 0], [Stage.R, Stage.W], Stage.L)
    epoch = ((counts[:, 0] - scored[0, 0]) // 30).astype(int)
    inside = (epoch >= 0) & (epoch < len(scored))
    n = np.bincount(epoch[inside], minlength=len(scored))
    total = np.bincount(epoch[inside], weights=counts[inside, 1], minlength=len(scored))
    return rem_bouts(night(stages, np.where(n > 0, total / np.maximum(n, 1), np.nan)))
