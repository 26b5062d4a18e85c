"""What the likelihood of disturbed breathing adds up to."""

import numpy as np
import pytest

from somnia_engine.metrics.breathing_events import (
    ESTIMATES,
    EVENTS,
    breathing_event_intervals,
    breathing_event_measures,
    events_per_h,
    severity,
)
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights
from tests.engine.make import START

N = 960


def measured(p: np.ndarray, *, off_s: float = 0.0, oxygen_min: float = 0.0) -> dict[str, float]:
    features = NightFeatures(START, len(p), {"p_breathing_event": p.astype(np.float32)}, {"p_breathing_event": ("watch",)})
    return breathing_event_measures(features, Lights(off_s, len(p) * 30.0), oxygen_min=oxygen_min)


def test_time_and_share_count_what_could_be_judged() -> None:
    p = np.full(N, 0.5)
    p[:240] = np.nan
    found = measured(p)
    assert found["breathing_assessable_min"] == 360.0
    assert found["breathing_event_pct"] == pytest.approx(50.0)


def test_time_out_of_bed_does_not_count() -> None:
    p = np.full(N, 0.1)
    p[:120] = 0.9
    assert measured(p, off_s=3600.0)["breathing_event_pct"] == pytest.approx(10.0)


def test_under_four_hours_nothing_is_estimated() -> None:
    found = measured(np.where(np.arange(N) < 479, 0.5, np.nan))
    assert found["breathing_assessable_min"] == 239.5
    assert all(np.isnan(found[name]) for name in ESTIMATES)
    assert breathing_event_intervals(found) == {}


def test_a_night_without_beats_and_oxygen_is_not_measured_and_not_zero() -> None:
    found = measured(np.full(N, np.nan))
    assert found["breathing_assessable_min"] == 0.0
    assert np.isnan(found["breathing_event_pct"])
    assert np.isnan(found[EVENTS])


def test_with_oxygen_events_are_not_counted_but_severity_is_told() -> None:
    found = measured(np.full(N, 0.5), oxygen_min=480.0)
    assert np.isnan(found[EVENTS])
    assert breathing_event_intervals(found) == {}
    assert all(np.isfinite(found[name]) for name in ESTIMATES[1:])


def test_the_interval_holds_the_estimate() -> None:
    for share in np.linspace(0.0, 1.0, 21):
        found = measured(np.full(N, share))
        low, high = breathing_event_intervals(found)[EVENTS]
        assert 0.0 <= low <= found[EVENTS] <= high


@pytest.mark.parametrize("oxygen", [False, True])
def test_more_disturbed_breathing_never_lowers_an_estimate(oxygen: bool) -> None:
    shares = np.linspace(0.0, 1.0, 101)
    assert (np.diff([events_per_h(share) for share in shares]) >= 0).all()
    chances = np.array([severity(share, oxygen=oxygen) for share in shares])
    assert (np.diff(chances, axis=0) >= 0).all()
    assert ((chances >= 0) & (chances <= 1)).all()


@pytest.mark.parametrize("oxygen", [False, True])
def test_a_higher_limit_is_never_likelier(oxygen: bool) -> None:
    chances = np.array([severity(share, oxygen=oxygen) for share in np.linspace(0.0, 1.0, 101)])
    assert (np.diff(chances, axis=1) <= 0).all()
