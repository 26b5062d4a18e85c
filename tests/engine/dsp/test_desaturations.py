"""Desaturations in traces drawn by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.dsp.desaturations import clean_spo2, detect_desaturations, held_minimum
from somnia_engine.dsp.resampling import even_trace


def flat(length: int = 900, level: float = 96.0) -> np.ndarray:
    return np.full(length, level, dtype=np.float32)


def dip(trace: np.ndarray, at: int, depth: float, fall: int = 15, rise: int = 10) -> np.ndarray:
    """Draw a V-shaped fall of `depth` from `at`."""
    out = trace.copy()
    shape = np.concatenate((np.linspace(0, depth, fall + 1)[1:], np.linspace(depth, 0, rise + 1)[1:]))
    out[at : at + len(shape)] -= shape.astype(np.float32)
    return out


def test_a_fall_of_five_is_found_with_its_onset_nadir_and_depth() -> None:
    (event,) = detect_desaturations(dip(flat(), 400, 5.0))
    assert event.onset == pytest.approx(400, abs=2)
    assert event.nadir == pytest.approx(414, abs=1)
    assert event.depth_pct == pytest.approx(5.0, abs=0.4)
    assert 10 <= event.end - event.onset <= 27


def test_a_fall_of_two_is_none() -> None:
    assert detect_desaturations(dip(flat(), 400, 2.4)) == []


def test_repeated_falls_are_counted_one_by_one() -> None:
    trace = flat(3600)
    for at in range(300, 3300, 60):
        trace = dip(trace, at, 6.0, fall=20, rise=12)
    assert len(detect_desaturations(trace)) == 50


def test_a_slow_drift_is_none() -> None:
    assert detect_desaturations(np.linspace(97, 88, 3600).astype(np.float32)) == []


def test_a_fall_that_stays_down_is_none() -> None:
    trace = flat(1800)
    trace[600:] -= np.minimum(np.arange(1200) / 10.0, 5.0).astype(np.float32)
    assert detect_desaturations(trace) == []


def test_a_gap_in_the_fall_makes_it_unsure_and_drops_it() -> None:
    trace = dip(flat(), 400, 6.0)
    trace[408:413] = np.nan
    assert detect_desaturations(trace) == []


def test_nothing_measured_has_no_events() -> None:
    assert detect_desaturations(np.full(1000, np.nan, dtype=np.float32)) == []
    assert detect_desaturations(flat(3)) == []


@pytest.mark.parametrize("period_s", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_the_count_does_not_depend_on_the_sampling_rate(period_s: float) -> None:
    true = flat(7200)
    for at in range(300, 6900, 120):
        true = dip(true, at, 7.0, fall=24, rise=16)
    times = np.arange(0.0, 7200.0, period_s)
    values = np.round(np.interp(times, np.arange(7200), true))
    trace = even_trace(times, values, fs=1.0, duration_s=7200.0, hold_s=10.0)
    assert len(detect_desaturations(trace)) == 55


def test_sentinels_and_slips_are_not_blood_oxygen() -> None:
    times = np.arange(60.0)
    values = np.full(60, 96.0, dtype=np.float32)
    values[10], values[20:24], values[40] = 0.0, 75.0, 127.0
    good = clean_spo2(times, values)
    assert not good[[10, 20, 21, 22, 23, 40]].any()
    assert good.sum() == 54


def test_a_steep_but_possible_fall_is_kept() -> None:
    times = np.arange(0.0, 200.0, 4.0)
    values = np.full(50, 96.0, dtype=np.float32)
    values[20:24] = [90.0, 84.0, 90.0, 95.0]
    assert clean_spo2(times, values).all()


def test_the_nadir_is_held_for_three_seconds() -> None:
    trace = flat(100)
    trace[50], trace[70:74] = 80.0, 88.0
    assert held_minimum(trace, 3) == 88.0
    assert np.isnan(held_minimum(trace[:2], 3))


@given(shift=st.integers(0, 300), seed=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_a_night_that_begins_later_has_the_same_events(shift: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    trace = flat(3000)
    for at in rng.integers(300, 2800, 15):
        trace = dip(trace, int(at), float(rng.uniform(1, 9)))
    shift -= shift % 5
    later = np.concatenate((np.full(shift, np.nan, dtype=np.float32), trace))
    moved = [e._replace(onset=e.onset - shift, nadir=e.nadir - shift, end=e.end - shift) for e in detect_desaturations(later)]
    assert moved == detect_desaturations(trace)
