"""Blood oxygen columns and events."""

import numpy as np
import pytest

from somnia_engine.extractors.oximetry import extract_oximetry
from tests.engine.make import night_of, oxygen, recording


def test_falls_become_events_with_their_depth() -> None:
    (found,) = extract_oximetry(night_of(recording({"spo2_pct": oxygen(3600, every_s=90)})))
    assert len(found.events) == pytest.approx(37, abs=1)
    assert np.allclose(found.events.value[1:], 6.0, atol=0.5)
    assert set(found.events.source) == {"watch"}


@pytest.mark.parametrize("step_s", [1.0, 2.0, 4.0])
def test_a_ring_that_writes_every_four_seconds_finds_the_same_falls(step_s: float) -> None:
    (found,) = extract_oximetry(night_of(recording({"spo2_pct": oxygen(3600, step_s, every_s=90)})))
    assert len(found.events) == pytest.approx(37, abs=1)


@pytest.mark.parametrize("step_s", [10.0, 60.0, 300.0])
def test_spot_readings_give_a_level_but_no_events(step_s: float) -> None:
    rng = np.random.default_rng(1)
    times = np.arange(0.0, 3600.0, step_s)
    (found,) = extract_oximetry(night_of(recording({"spo2_pct": (times, rng.integers(88, 98, len(times)))})))
    assert len(found.events) == 0
    assert np.isfinite(found.columns["spo2_pct"]).any()


def test_sentinels_are_not_measured() -> None:
    times, values = oxygen(3600)
    values[1000:2000] = 127.0
    values[2500:2510] = 0.0
    (found,) = extract_oximetry(night_of(recording({"spo2_pct": (times, values)})))
    assert np.isnan(found.columns["spo2_pct"][40:60]).all()
    assert np.nanmin(found.columns["spo2_min_pct"]) == 96.0
    assert len(found.events) == 0


def test_a_fall_during_movement_is_less_sure() -> None:
    times, values = oxygen(3600, every_s=600)
    still = extract_oximetry(night_of(recording({"spo2_pct": (times, values), "motion_index": (times, np.zeros(3600))})))[0]
    moving = extract_oximetry(night_of(recording({"spo2_pct": (times, values), "motion_index": (times, np.full(3600, 40.0))})))[0]
    assert (still.events.confidence == 1.0).all()
    assert (moving.events.confidence == 0.5).all()


def test_a_source_with_nothing_but_sentinels_gives_nothing() -> None:
    times = np.arange(0.0, 600.0)
    assert extract_oximetry(night_of(recording({"spo2_pct": (times, np.full(600, 127.0))}))) == ()
