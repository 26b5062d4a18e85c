"""Samples in epochs, and even traces."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.dsp import windows as w
from somnia_engine.dsp.resampling import even_trace, median_interval_s, runs


def test_a_sample_on_the_edge_opens_the_epoch() -> None:
    assert w.epoch_of(np.array([-0.1, 0.0, 29.999, 29.9999999, 30.0, 60.0])).tolist() == [-1, 0, 0, 1, 1, 2]


@given(st.lists(st.tuples(st.floats(0, 299.9), st.floats(-100, 100)), max_size=80))
@settings(max_examples=60, deadline=None)
def test_every_summary_is_that_of_numpy(samples: list[tuple[float, float]]) -> None:
    times, values = np.array([t for t, _ in samples]), np.array([v for _, v in samples])
    epochs = w.epoch_of(times) if len(times) else np.zeros(0, dtype=np.int64)
    for epoch in range(10):
        inside = values[epochs == epoch] if len(values) else values
        few = len(inside) == 0
        for summary, expected in ((w.epoch_mean, np.mean), (w.epoch_min, np.min), (w.epoch_max, np.max), (w.epoch_sum, np.sum)):
            got = summary(epochs, values.astype(np.float64), n_epochs=11)[epoch]
            assert np.isnan(got) if few else np.isclose(got, expected(inside), rtol=1e-5, atol=1e-4)
        spread = w.epoch_sd(epochs, values.astype(np.float64), n_epochs=11)[epoch]
        assert np.isnan(spread) if len(inside) < 2 else np.isclose(spread, np.std(inside), rtol=1e-4, atol=1e-3)


def test_a_value_is_held_for_its_time_and_not_before_it() -> None:
    column = np.array([np.nan, 5.0, np.nan, np.nan, np.nan, 7.0], dtype=np.float32)
    np.testing.assert_array_equal(w.held(column, 60.0), np.array([np.nan, 5, 5, 5, np.nan, 7], dtype=np.float32))
    np.testing.assert_array_equal(w.held(column, 0.0), column)


def test_a_trace_averages_within_a_second_and_holds_across_short_gaps() -> None:
    trace = even_trace(np.array([0.0, 0.5, 4.0, 20.0]), np.array([1.0, 3.0, 5.0, 6.0]), fs=1.0, duration_s=24.0, hold_s=10.0)
    expected = [2.0] * 4 + [5.0] * 10 + [np.nan] * 6 + [6.0] * 4
    np.testing.assert_array_equal(trace, np.array(expected, dtype=np.float32))


def test_runs_are_the_unbroken_stretches() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.zeros(0, dtype=bool)) == []


def test_the_interval_of_one_sample_is_unknown() -> None:
    assert np.isnan(median_interval_s(np.array([1.0])))
    assert median_interval_s(np.array([0.0, 4.0, 8.0, 80.0])) == 4.0
