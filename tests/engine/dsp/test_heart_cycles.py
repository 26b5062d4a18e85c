import numpy as np
import pytest

from somnia_engine.dsp.heart_cycles import LEAST_RISE_BPM, LONGEST_S, SHORTEST_S, heart_cycles


def pauses(n: int, *, every_s: int = 60, depth_bpm: float = 10.0) -> np.ndarray:
    """A heart that slows by `depth_bpm` up to each multiple of `every_s` and is fast again 6 s later."""
    hr = np.full(n * every_s + 40, 64.0)
    for k in range(1, n + 1):
        end = k * every_s
        hr[end - every_s + 6 : end] = 64.0 - np.linspace(0.0, depth_bpm, every_s - 6)
        hr[end : end + 6] = np.linspace(64.0 - depth_bpm, 64.0, 6)
    hr[n * every_s + 6 :] = 64.0 - np.linspace(0.0, depth_bpm, 34)
    return hr.astype(np.float32)


def test_each_cycle_is_found_once_and_ends_where_the_heart_is_slowest():
    found = heart_cycles(pauses(12))
    assert len(found) == 12
    assert all(abs(cycle.end_s - 60 * (k + 1)) <= 5 for k, cycle in enumerate(found))


@pytest.mark.parametrize("every_s", [25, 35, 45, 60])
def test_the_slow_part_begins_where_the_heart_has_fallen_by_a_fifth(every_s: int):
    lengths = [cycle.end_s - cycle.onset_s for cycle in heart_cycles(pauses(8, every_s=every_s))]
    assert np.median(lengths) == pytest.approx(0.8 * (every_s - 6), abs=9)


def test_a_steady_heart_and_breathing_waves_have_no_cycles():
    seconds = np.arange(3600)
    waves = 60.0 + 4.0 * np.sin(2 * np.pi * seconds / 4.0)
    assert heart_cycles(waves.astype(np.float32)) == []
    assert heart_cycles(np.full(3600, 60.0, dtype=np.float32)) == []


def test_rises_under_the_least_are_none():
    assert heart_cycles(pauses(5, depth_bpm=0.5 * LEAST_RISE_BPM)) == []


def test_lengths_stay_within_their_bounds():
    rng = np.random.default_rng(1)
    hr = 60.0 + np.cumsum(rng.normal(0, 0.7, 7200))
    assert {SHORTEST_S <= c.end_s - c.onset_s <= LONGEST_S for c in heart_cycles(hr.astype(np.float32)) if c.end_s > LONGEST_S} == {True}


def test_without_a_heart_rate_there_is_nothing():
    assert heart_cycles(np.full(600, np.nan, dtype=np.float32)) == []
