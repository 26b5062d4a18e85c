import numpy as np
import pytest

from components.figures.reduction import envelope, packed_times, reduce_min_max


def night_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.normal(60, 5, 28_000).astype(np.float32)
    for begin, length in zip(rng.integers(0, 27_000, 12), rng.integers(1, 900, 12), strict=True):
        values[begin : begin + length] = np.nan
    return np.arange(28_000.0), values


@pytest.mark.parametrize("seed", range(5))
def test_every_point_is_a_sample_at_its_own_time(seed: int) -> None:
    times, values = night_of(seed)
    at, kept = reduce_min_max(times, values, most=900)
    np.testing.assert_array_equal(kept, values[at.astype(int)])
    assert (np.diff(at) > 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_highest_and_the_lowest_value_of_every_slice_stay(seed: int) -> None:
    times, values = night_of(seed)
    at, kept = reduce_min_max(times, values, most=900)
    for begin in range(0, len(values), 2000):
        part = values[begin : begin + 2000]
        inside = kept[(at >= begin - 70) & (at < begin + 2070)]
        assert np.nanmax(inside) >= np.nanmax(part)
        assert np.nanmin(inside) <= np.nanmin(part)


@pytest.mark.parametrize("length", [1, 5, 40, 4000])
def test_a_gap_of_any_length_stays_a_gap(length: int) -> None:
    times = np.arange(28_000.0)
    values = np.sin(times / 7).astype(np.float32)
    values[9000 : 9000 + length] = np.nan
    at, kept = reduce_min_max(times, values, most=900)
    assert np.isnan(kept[(at >= 9000) & (at < 9000 + length)]).any()
    assert np.isfinite(kept[at < 9000]).all()
    assert np.isfinite(kept[at >= 9000 + length]).all()


def test_one_second_below_the_threshold_is_not_lost_among_eight_hours() -> None:
    values = np.full(28_800, 96, np.float32)
    values[::3] = 97
    values[17_777] = 71
    at, kept = reduce_min_max(np.arange(28_800.0), values, most=600)
    assert kept.min() == 71
    assert at[kept.argmin()] == 17_777


def test_a_value_that_holds_is_one_point() -> None:
    values = np.repeat(np.array([96, 95, 94, 96], np.float32), 1000)
    at, kept = reduce_min_max(np.arange(4000.0), values, most=900)
    assert at.tolist() == [0, 1000, 2000, 3000, 3999]
    assert kept.tolist() == [96, 95, 94, 96, 96]


def test_no_more_points_are_sent_than_asked_for_but_for_gaps() -> None:
    values = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    assert len(reduce_min_max(np.arange(100_000.0), values, most=900)[0]) <= 902


@pytest.mark.parametrize("values", [[], [np.nan], [5.0], [np.nan] * 5000])
def test_an_empty_or_silent_channel_is_answered_without_a_fuss(values: list[float]) -> None:
    at, kept = reduce_min_max(np.arange(float(len(values))), np.array(values, np.float32), most=100)
    assert len(at) == len(kept) <= 2


def test_the_outline_of_a_sound_keeps_the_loudest_second_of_each_slice() -> None:
    values = np.full(10_000, -60, np.float32)
    values[4321] = -12
    values[8000:9000] = np.nan
    at, kept = envelope(np.arange(10_000.0), values, slices=100)
    assert np.nanmax(kept) == -12
    assert at[np.nanargmax(kept)] == 4300
    assert np.isnan(kept[(at >= 8000) & (at < 9000)]).all()


def test_times_take_two_bytes_where_they_fit_and_four_where_not() -> None:
    assert packed_times(np.array([0.0, 28_800.0]))["dtype"] == "u2"
    assert packed_times(np.array([-3.0, 28_800.0]))["dtype"] == "f4"
    assert packed_times(np.array([0.0, 70_000.0]))["dtype"] == "f4"
    assert packed_times(np.array([]))["dtype"] == "f4"
