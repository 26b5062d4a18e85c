"""Irregular rhythm, on constructed beats."""

import numpy as np
import pytest

from somnia_engine.extractors.rhythm import extract_rhythm
from somnia_engine.metrics.rhythm import episodes, rhythm_measures
from somnia_engine.types.events import EventKind
from somnia_engine.types.features import NightFeatures
from tests.engine.make import night_of, recording

N = 60


def beats(rr_ms: np.ndarray, *, start_s: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    ends = start_s + np.cumsum(rr_ms) / 1000.0
    return ends[ends < N * 30.0], rr_ms[: int((ends < N * 30.0).sum())]


def sinus(seed: int = 0, n: int = 2600) -> np.ndarray:
    """Return a sleeper's intervals: breathing swings them by some percent, slowly wandering."""
    rng = np.random.default_rng(seed)
    at = np.arange(n)
    return 900.0 + 40.0 * np.sin(2 * np.pi * at / 4.3) + np.cumsum(rng.normal(0, 1.5, n)) + rng.normal(0, 8.0, n)


def fibrillation(seed: int = 0, n: int = 3000) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).gamma(20.0, 35.0, n), 330.0, 1500.0)


def p_of(rr_ms: np.ndarray, **more: float) -> np.ndarray:
    (found,) = extract_rhythm(night_of(recording({"rr_ms": beats(rr_ms, **more)}), n_epochs=N))
    return found.columns["p_irregular_rhythm"]


def test_a_steady_sleeper_is_regular_and_random_beats_are_not() -> None:
    assert np.nanmax(p_of(sinus())) < 0.5
    assert np.nanmean(p_of(fibrillation()) > 0.5) > 0.9


def test_single_early_beats_and_bigeminy_are_no_irregular_rhythm() -> None:
    early = sinus(1)
    early[50::60] *= 0.65
    early[51::60] *= 1.35
    twins = np.where(np.arange(2600) % 2, 620.0, 1130.0) + np.random.default_rng(2).normal(0, 10.0, 2600)
    assert np.nanmean(p_of(early) > 0.5) < 0.05
    assert np.nanmean(p_of(twins) > 0.5) < 0.05


def test_an_irregular_stretch_becomes_one_episode_at_its_place() -> None:
    rr = np.concatenate((sinus(3, 660), fibrillation(4, 860), sinus(5, 1500)))
    (found,) = extract_rhythm(night_of(recording({"rr_ms": beats(rr)}), n_epochs=N))
    spells = [event for event in found.events if event.kind is EventKind.IR]
    assert sum(event.duration_s for event in spells) == pytest.approx(600.0, abs=90.0)
    assert min(event.onset_s for event in spells) == pytest.approx(600.0, abs=60.0)


def test_without_beats_nothing_is_said() -> None:
    ends, rr = beats(sinus())
    gone = (ends > 600.0) & (ends < 900.0)
    (found,) = extract_rhythm(night_of(recording({"rr_ms": (ends[~gone], rr[~gone])}), n_epochs=N))
    assert np.isnan(found.columns["p_irregular_rhythm"][21:29]).all()
    assert extract_rhythm(night_of(recording({"hr_bpm": (ends, 60000.0 / rr)}), n_epochs=N)) == ()


def test_a_later_start_moves_the_answer() -> None:
    rr = np.concatenate((sinus(3, 660), fibrillation(4, 860), sinus(5, 1500)))
    first, second = p_of(rr), p_of(rr, start_s=300.0)
    np.testing.assert_array_equal(first[: N - 10], second[10:])


def test_a_single_half_minute_is_no_episode_and_a_gap_ends_one() -> None:
    p = np.array([0.9, 0.1, 0.9, 0.9, np.nan, 0.9, 0.9, 0.9], dtype=np.float32)
    assert episodes(p) == [(2, 4), (5, 8)]
    measures = rhythm_measures(NightFeatures(None, 8, {"p_irregular_rhythm": p}))
    assert measures["rhythm_analyzable_min"] == 3.5
    assert measures["irregular_burden_pct"] == pytest.approx(100.0 * 5 / 7)
    assert measures["irregular_longest_min"] == 1.5


def test_a_night_without_rhythm_has_no_burden() -> None:
    measures = rhythm_measures(NightFeatures(None, 8, {}))
    assert measures["rhythm_analyzable_min"] == 0.0
    assert np.isnan(measures["irregular_burden_pct"])
