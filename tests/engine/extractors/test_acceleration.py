"""Columns of raw acceleration."""

import numpy as np
import pytest

from somnia_engine.extractors.acceleration import AXES, extract_acceleration
from somnia_engine.types.features import Extraction
from somnia_engine.types.recording import Recording
from somnia_engine.types.signals import Signal
from tests.engine.make import night_of, recording

EPOCHS = 240


def wrist(fs: float = 50.0, *, off_after_s: float = 1e9, gain: float = 1.0, **more: object) -> Recording:
    """Return two hours of a wrist that moves in the first ten minutes, and lies on a table after `off_after_s`."""
    times = np.arange(round(7200 * fs)) / fs
    breath = 0.03 * np.sin(2 * np.pi * (0.25 * times + np.array([[0.0], [0.3], [0.6]]))) * (times < off_after_s)
    shake = np.where(times < 600, 0.6 * np.sin(2 * np.pi * 5.0 * times), 0.0)
    rows = gain * (np.array([[0.0], [0.0], [1.0]]) + breath + np.array([[0.0], [0.0], [1.0]]) * shake)
    signals = tuple(Signal(name, row.astype(np.float32), fs, "g") for name, row in zip(AXES, rows, strict=True))
    return recording(signals=signals, **more)  # type: ignore[arg-type]


def one(*recordings: Recording) -> Extraction:
    (found,) = extract_acceleration(night_of(*recordings, n_epochs=EPOCHS))
    return found


def test_movement_is_counted_where_it_was() -> None:
    found = one(wrist())
    counts = found.columns["activity_count"]
    assert (counts[:19] > 500).all()
    assert (counts[22:] == 0).all()
    assert (found.columns["worn_frac"] == 1.0).all()


def test_what_was_not_worn_is_not_measured_and_never_still() -> None:
    found = one(wrist(off_after_s=3600.0))
    off = found.columns["worn_frac"] < 1.0
    assert off[-60:].all()
    assert not off[:100].any()
    for name in ("activity_count", "enmo_mg", "arm_angle_deg"):
        assert np.isnan(found.columns[name][off]).all()
        assert np.isfinite(found.columns[name][~off]).all()
    assert found.quality[0].notes


@pytest.mark.parametrize("fs", [25.0, 100.0])
def test_another_sampling_rate_gives_the_same_night(fs: float) -> None:
    reference, other = one(wrist()).columns, one(wrist(fs)).columns
    np.testing.assert_allclose(other["activity_count"][1:19], reference["activity_count"][1:19], rtol=0.12)
    np.testing.assert_array_equal(other["activity_count"][22:], reference["activity_count"][22:])
    np.testing.assert_allclose(other["arm_angle_deg"], reference["arm_angle_deg"], atol=2.0)


def test_a_few_percent_of_gain_change_nothing() -> None:
    still = wrist(gain=1.0, off_after_s=5400.0)
    loud = wrist(gain=1.05, off_after_s=5400.0)
    np.testing.assert_allclose(one(loud).columns["enmo_mg"], one(still).columns["enmo_mg"], rtol=0.02, atol=0.5)


def test_counts_that_a_source_brings_are_kept() -> None:
    counts = {"activity_count": (np.arange(0.0, 7200.0, 15.0), np.full(480, 7.0))}
    assert "activity_count" not in one(wrist(channels=counts)).columns


def test_slow_or_missing_axes_give_nothing() -> None:
    assert extract_acceleration(night_of(wrist(12.5), n_epochs=EPOCHS)) == ()
    two = wrist()
    assert extract_acceleration(night_of(recording(signals=two.signals[:2]), n_epochs=EPOCHS)) == ()


def test_a_sensor_that_is_named_as_worn_on_the_chest_tells_the_trunk_and_no_arm() -> None:
    chest = one(wrist(name="chest.csv")).columns
    assert (chest["trunk_position"][22:] == 0.0).all()
    assert not {"arm_angle_deg", "activity_count"} & set(chest)
    assert "trunk_position" not in one(wrist()).columns


def test_the_breath_of_a_wrist_at_rest_is_found_and_not_of_one_that_moves_or_lies_on_a_table() -> None:
    rates = one(wrist(off_after_s=3600.0)).columns["resp_rate_bpm"]
    np.testing.assert_allclose(rates[22:100], 15.0, atol=0.5)
    assert np.isnan(rates[:19]).all()
    assert np.isnan(rates[-60:]).all()
