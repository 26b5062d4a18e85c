"""Movement columns."""

import numpy as np

from somnia_engine.extractors.movement import extract_movement
from tests.engine.make import night_of, recording


def test_an_epoch_takes_the_mean_of_the_counts_stamped_within_it() -> None:
    samples = np.array([0.0, 15.0, 30.0, 45.0]), np.array([10.0, 30.0, 0.0, 8.0])
    (found,) = extract_movement(night_of(recording({"activity_count": samples}), n_epochs=3))
    np.testing.assert_allclose(found.columns["activity_count"], [20.0, 4.0, np.nan])


def test_a_ring_takes_the_highest_index_and_steps_add_up() -> None:
    times = np.array([0.0, 4.0, 40.0])
    night = night_of(
        recording({"motion_index": (times, np.array([1.0, 9.0, 2.0])), "step_count": (times, np.array([3.0, 4.0, 5.0]))}), n_epochs=2
    )
    ring, steps = extract_movement(night)
    np.testing.assert_allclose(ring.columns["motion_index"], [9.0, 2.0])
    np.testing.assert_allclose(steps.columns["step_count"], [7.0, 5.0])


def test_counts_keep_their_own_rate_in_the_chart() -> None:
    times = np.arange(0.0, 600.0, 15.0)
    (found,) = extract_movement(night_of(recording({"activity_count": (times, np.arange(40.0))}), n_epochs=20))
    (trace,) = found.traces
    assert trace.fs == 1 / 15
    np.testing.assert_allclose(trace.samples, np.arange(40.0))
