"""What the classifier sees: finite, relative to the night, and empty where nothing was measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.staging.inputs import CHANNELS, HEART, LIMIT, MOTION, build_inputs, measured, smoothed
from somnia_engine.types.features import NightFeatures
from tests.engine.staging.nights import changed, composed, features_of

NAMES = [name for name, _ in CHANNELS]


def channel(features: NightFeatures, name: str) -> np.ndarray:
    return build_inputs(features)[:, NAMES.index(name)]


def test_the_matrix_has_one_row_an_epoch_and_one_column_a_channel() -> None:
    inputs = build_inputs(composed(120))
    assert inputs.shape == (120, len(CHANNELS))
    assert inputs.dtype == np.float32


def test_channel_names_are_unique_and_have_a_unit() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(unit for _, unit in CHANNELS)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 20, 400])
def test_any_length_gives_finite_inputs(n: int) -> None:
    assert np.isfinite(build_inputs(composed(n))).all()


def test_an_empty_night_gives_no_rows() -> None:
    assert build_inputs(NightFeatures(None, 0, {})).shape == (0, len(CHANNELS))


def test_adding_a_constant_to_the_heart_rate_changes_nothing() -> None:
    night = composed()
    shifted = changed(night, hr_bpm=night["hr_bpm"] + 8.0)
    np.testing.assert_allclose(build_inputs(shifted), build_inputs(night), atol=1e-4)


def test_scaling_the_spread_within_epochs_hardly_changes_its_channel() -> None:
    night = composed()
    louder = changed(night, hr_sd_bpm=night["hr_sd_bpm"] * 1.3 + 0.15)
    assert np.abs(channel(louder, "hr_sd_level") - channel(night, "hr_sd_level")).max() < 0.05


def test_a_beat_counted_twice_is_bounded() -> None:
    night = composed()
    rate = night["hr_bpm"].copy()
    rate[400:404] *= 2.0
    level = channel(changed(night, hr_bpm=rate), "hr_level")
    assert level[400:404].max() <= 2.0
    assert channel(night, "hr_level").max() < level[400:404].min()


def test_without_heart_rate_all_its_channels_are_zero() -> None:
    assert not build_inputs(changed(composed(), hr_bpm=None, hr_sd_bpm=None))[:, HEART].any()


def test_without_movement_all_its_channels_are_zero() -> None:
    assert not build_inputs(changed(composed(), activity_count=None))[:, MOTION].any()


def test_a_gap_is_marked_and_bridged_by_a_straight_line() -> None:
    night = composed()
    rate = np.full(night.n_epochs, 60.0, dtype=np.float32)
    rate[101:] = 64.0
    rate[98:104] = np.nan
    gap = changed(night, hr_bpm=rate)
    assert not channel(gap, "hr_measured")[98:104].any()
    assert channel(gap, "hr_measured").sum() == night.n_epochs - 6
    assert (np.diff(channel(gap, "hr_level")[96:106]) >= -1e-6).all()


def test_missing_spread_leaves_its_channels_at_the_median() -> None:
    inputs = build_inputs(changed(composed(), hr_sd_bpm=None))
    assert not inputs[:, NAMES.index("hr_sd_level")].any()
    assert inputs[:, NAMES.index("hr_measured")].all()


def test_missing_movement_is_left_out_of_the_sums_and_not_taken_for_stillness() -> None:
    counts = np.full(200, 50.0)
    whole = features_of(np.full(200, 60.0), np.ones(200), counts)
    counts = counts.copy()
    counts[::2] = np.nan
    holes = changed(whole, activity_count=counts)
    np.testing.assert_allclose(channel(holes, "activity_10_min"), channel(whole, "activity_10_min"), atol=1e-5)


def test_stillness_counts_minutes_from_the_last_and_to_the_next_movement() -> None:
    counts = np.zeros(100)
    counts[40] = 500.0
    night = features_of(np.full(100, 60.0), np.ones(100), counts)
    assert channel(night, "still_since")[40] == 0.0
    assert channel(night, "still_since")[60] == pytest.approx(np.log1p(10.0) / 2.0)
    assert channel(night, "still_until")[20] == pytest.approx(np.log1p(10.0) / 2.0)


def test_the_clock_runs_from_the_start_and_to_the_end() -> None:
    night = composed(480)
    assert channel(night, "since_start")[[0, 479]] == pytest.approx([-1.0, 479 / 480 - 1.0])
    assert channel(night, "until_end")[[0, 479]] == pytest.approx([479 / 480 - 1.0, -1.0])
    assert channel(night, "near_start")[0] == 1.0
    assert channel(night, "near_end")[479] == 1.0


def test_reversing_the_night_reverses_the_symmetric_channels() -> None:
    night = composed()
    back = changed(night, **{name: night[name][::-1] for name in night.columns})
    for name in ("hr_level", "hr_rank", "hr_dog_10_min", "hr_spread_5_min", "activity_10_min"):
        np.testing.assert_allclose(channel(back, name), channel(night, name)[::-1], atol=1e-5)


def test_smoothing_keeps_a_constant_and_has_the_spread_it_names() -> None:
    np.testing.assert_allclose(smoothed(np.full(50, 3.0), 5.0), 3.0)
    impulse = np.zeros(401)
    impulse[200] = 1.0
    answer = smoothed(impulse, 10.0)
    minutes = (np.arange(401) - 200) / 2.0
    assert np.sqrt((answer * minutes**2).sum() / answer.sum()) == pytest.approx(5.0, rel=0.03)


def test_measured_tells_where_heart_rate_and_movement_are() -> None:
    night = composed(10)
    rate = night["hr_bpm"].copy()
    rate[3] = np.nan
    heart, motion = measured(changed(night, hr_bpm=rate, activity_count=None))
    assert heart.sum() == 9
    assert not motion.any()


@settings(max_examples=40, deadline=None)
@given(
    rate=st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=40),
    counts=st.floats(min_value=-10.0, max_value=1e6, width=32),
)
def test_no_column_however_wild_leaves_the_bounds(rate: list[float], counts: float) -> None:
    values = np.array(rate, dtype=np.float32)
    with np.errstate(all="ignore"):
        inputs = build_inputs(features_of(values, values[::-1], np.full(len(values), counts)))
    assert np.isfinite(inputs).all()
    assert np.abs(inputs).max() <= LIMIT
