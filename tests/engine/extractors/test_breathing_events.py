"""Disturbed breathing, on constructed beats and oxygen."""

import numpy as np
import pytest

from somnia_engine.extractors.breathing_events import extract_breathing_events
from tests.engine.make import Samples, night_of, recording

N = 360
CYCLE_S = 45.0


def oxygen(*, disturbed: tuple[float, float] = (0.0, 0.0)) -> Samples:
    times = np.arange(N * 30.0)
    inside = (times >= disturbed[0]) & (times < disturbed[1])
    phase = np.mod(times, CYCLE_S)
    falls = np.interp(phase, [0, 25, 38, 45], [0, 9, 0, 0]) * inside
    return times, np.round(96.0 - falls + 0.3 * np.sin(times / 300.0))


def beats(*, disturbed: tuple[float, float] = (0.0, 0.0)) -> Samples:
    rng = np.random.default_rng(4)
    ends, rr = [0.0], []
    while ends[-1] < N * 30.0:
        at = ends[-1]
        swing = 180.0 * np.sin(2 * np.pi * at / CYCLE_S) if disturbed[0] <= at < disturbed[1] else 0.0
        rr.append(950.0 + swing + 25.0 * np.sin(2 * np.pi * at / 4.0) + rng.normal(0.0, 12.0))
        ends.append(at + rr[-1] / 1000.0)
    return np.array(ends[1:]), np.array(rr)


def p_of(channels: dict[str, Samples]) -> np.ndarray:
    (found,) = extract_breathing_events(night_of(recording(channels), n_epochs=N))
    return found.columns["p_breathing_event"]


@pytest.mark.parametrize("kinds", [("spo2_pct",), ("spo2_pct", "rr_ms")])
def test_a_row_of_falls_stands_out_from_quiet_breathing(kinds: tuple[str, ...]) -> None:
    span = (3600.0, 7200.0)
    made = {"spo2_pct": oxygen(disturbed=span), "rr_ms": beats(disturbed=span)}
    p = p_of({kind: made[kind] for kind in kinds})
    assert np.nanmean(p[125:235]) > 0.6
    assert np.nanmean(p[10:110]) < 0.2
    assert np.nanmean(p[250:350]) < 0.2


def test_beats_alone_see_the_swings_of_the_heart() -> None:
    span = (3600.0, 7200.0)
    p = p_of({"rr_ms": beats(disturbed=span)})
    assert np.nanmean(p[125:235]) > np.nanmean(p[10:110]) + 0.3


def test_nothing_measured_gives_nothing() -> None:
    times, spo2 = oxygen()
    gone = (times >= 3600.0) & (times < 5400.0)
    p = p_of({"spo2_pct": (times[~gone], spo2[~gone])})
    assert np.isnan(p[122:179]).all()
    assert np.isfinite(p[:119]).all()
    assert extract_breathing_events(night_of(recording({"spo2_pct": (times[::60], spo2[::60])}), n_epochs=N)) == ()
    assert extract_breathing_events(night_of(recording(), n_epochs=N)) == ()


def test_the_order_of_the_files_does_not_matter() -> None:
    ring = recording({"spo2_pct": oxygen(disturbed=(3600.0, 7200.0))}, name="ring")
    belt = recording({"rr_ms": beats(disturbed=(3600.0, 7200.0))}, name="belt")
    (one,) = extract_breathing_events(night_of(ring, belt, n_epochs=N))
    (two,) = extract_breathing_events(night_of(belt, ring, n_epochs=N))
    np.testing.assert_array_equal(one.columns["p_breathing_event"], two.columns["p_breathing_event"])
    assert one.source == two.source == "ring + belt"


def test_where_one_sensor_stops_the_other_goes_on() -> None:
    times, spo2 = oxygen()
    ends, rr = beats()
    early = times < 3600.0
    p = p_of({"spo2_pct": (times[early], spo2[early]), "rr_ms": (ends, rr)})
    assert np.isfinite(p).mean() > 0.97
