"""Cleaning of intervals: constructed errors are named, and nothing else is."""

import time

import numpy as np
import pytest

from somnia_engine.dsp.rr import BeatKind, clean_rr


def sinus(n: int, seed: int = 3) -> np.ndarray:
    """Return intervals [ms] with breathing, a slow wave and noise."""
    beat = np.arange(n)
    rng = np.random.default_rng(seed)
    return 950.0 + 40.0 * np.sin(beat / 0.7) + 60.0 * np.sin(beat / 40.0) + 12.0 * rng.standard_normal(n)


def stamps(rr: np.ndarray) -> np.ndarray:
    return np.cumsum(rr) / 1000.0


def test_a_regular_sinus_rhythm_has_hardly_an_error() -> None:
    rr = sinus(5000)
    assert clean_rr(stamps(rr), rr).share_corrected < 0.002


def test_an_early_beat_with_a_pause_is_ectopic_and_both_its_intervals_go() -> None:
    rr = sinus(400)
    rr[200] -= 350.0
    rr[201] += 330.0
    found = clean_rr(stamps(rr), rr)
    assert np.flatnonzero(found.kind == BeatKind.ECTOPIC).tolist() == [200, 201]
    assert found.corrected_ms[200:202] == pytest.approx(np.interp([200, 201], [199, 202], rr[[199, 202]]), abs=10)


def test_a_missed_beat_is_one_long_interval() -> None:
    rr = sinus(400)
    rr = np.concatenate((rr[:200], [rr[200] + rr[201]], rr[202:]))
    assert np.flatnonzero(clean_rr(stamps(rr), rr).kind == BeatKind.MISSED).tolist() == [200]


def test_an_extra_beat_splits_an_interval_and_both_parts_go() -> None:
    rr = sinus(400)
    rr = np.concatenate((rr[:200], [0.45 * rr[200], 0.55 * rr[200]], rr[201:]))
    found = clean_rr(stamps(rr), rr)
    assert np.flatnonzero(~found.normal).tolist() == [200, 201]
    assert found.kind[200] == BeatKind.EXTRA


def test_what_no_heart_does_is_out_of_range_and_stays_apart() -> None:
    rr = sinus(300)
    rr[[50, 100, 150, 200]] = [0.0, 20.0, 4000.0, np.nan]
    found = clean_rr(np.arange(300) * 0.95, rr)
    assert np.flatnonzero(found.kind == BeatKind.OUT_OF_RANGE).tolist() == [50, 100, 150, 200]
    assert np.isfinite(found.corrected_ms).all()


def test_nothing_is_compared_or_drawn_across_a_gap() -> None:
    rr = np.concatenate((np.full(300, 1100.0), np.full(300, 700.0)))
    times = stamps(rr)
    times[300:] += 600.0
    found = clean_rr(times, rr)
    assert found.normal.all()
    assert not found.joined[300]
    assert not found.pairs[300]
    assert found.pairs.sum() == 598


def test_the_kinds_do_not_depend_on_when_the_night_began() -> None:
    rr = sinus(2000)
    rr[::97] *= 0.6
    first = clean_rr(stamps(rr), rr)
    again = clean_rr(stamps(rr) + 1e5, rr)
    np.testing.assert_array_equal(first.kind, again.kind)
    np.testing.assert_allclose(first.corrected_ms, again.corrected_ms)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 11, 12, 91])
def test_a_few_beats_are_enough_for_an_answer(n: int) -> None:
    rr = np.full(n, 850.0)
    found = clean_rr(stamps(rr), rr)
    assert found.normal.all()
    assert len(found.kind) == len(found.corrected_ms) == n


def test_a_night_takes_a_blink() -> None:
    rr = sinus(32000)
    times = stamps(rr)
    took = []
    for _ in range(5):
        begun = time.process_time()
        clean_rr(times, rr)
        took.append(time.process_time() - begun)
    assert min(took) < 0.1
