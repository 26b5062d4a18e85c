"""Numbers of blood oxygen."""

import numpy as np
import pytest

from somnia_engine.metrics import respiration as r
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.night import Lights
from somnia_engine.types.signals import Signal

HOUR = Lights(0.0, 3600.0)


def trace(values: np.ndarray) -> Signal:
    return Signal("spo2_pct", values.astype(np.float32), 1.0, "%")


def falls(*rows: tuple[float, float]) -> EventTable:
    return EventTable.of(Event(EventKind.DS, onset, 20.0, 1.0, "ring", depth) for onset, depth in rows)


def test_the_index_counts_falls_of_the_asked_depth_per_valid_hour() -> None:
    events = falls((10.0, 3.0), (100.0, 4.0), (200.0, 6.0), (5000.0, 9.0))
    assert r.odi_per_h(events, 30.0, drop_pct=3.0, lights=HOUR) == 6.0
    assert r.odi_per_h(events, 30.0, drop_pct=4.0, lights=HOUR) == 4.0
    assert np.isnan(r.odi_per_h(events, 0.0, drop_pct=3.0, lights=HOUR))


def test_time_below_is_a_share_of_valid_time() -> None:
    values = np.full(3600, 95.0)
    values[:360], values[1800:] = 89.0, np.nan
    assert r.spo2_valid_min(trace(values), HOUR) == 30.0
    assert r.below_min(trace(values), HOUR, limit_pct=90.0) == 6.0
    assert r.below_pct(trace(values), HOUR, limit_pct=90.0) == pytest.approx(20.0)


def test_ninety_is_not_below_ninety() -> None:
    assert r.below_min(trace(np.full(600, 90.0)), HOUR, limit_pct=90.0) == 0.0


def test_spot_readings_are_no_valid_time() -> None:
    values = np.full(3600, np.nan)
    values[::60] = 88.0
    assert r.spo2_valid_min(trace(values), HOUR) == 0.0
    assert np.isnan(r.below_pct(trace(values), HOUR, limit_pct=90.0))
    assert r.spo2_mean_pct(trace(values), HOUR) == 88.0


def test_the_nadir_is_held_and_free_of_motion() -> None:
    values = np.full(600, 95.0)
    values[100:102], values[200:210], values[300:310] = 80.0, 84.0, 88.0
    moving = np.zeros(600, dtype=bool)
    moving[195:215] = True
    assert r.nadir_pct(trace(values), HOUR) == 84.0
    assert r.nadir_pct(trace(values), HOUR, moving=moving) == 88.0


def test_only_the_time_in_bed_counts() -> None:
    values = np.full(3600, 95.0)
    values[:600] = 85.0
    assert r.below_min(trace(values), Lights(600.0, 3600.0), limit_pct=90.0) == 0.0


def test_no_oximeter_gives_no_number() -> None:
    measures = r.oxygen_measures(None, None, events=EventTable.empty(), lights=HOUR, motion_high=10.0)
    assert measures.pop("spo2_valid_min") == 0.0
    assert len(measures) == 9
    assert all(np.isnan(value) for value in measures.values())


def test_the_burden_is_the_area_of_the_falls_below_their_own_level() -> None:
    """20 s down by 6 %, 20 s there, 20 s up hold 4 %min; two of them in an hour make 8 %min/h, in half an hour of signal 16."""
    values = np.full(3600, 96.0)
    for start in (600, 1200):
        values[start : start + 61] -= np.interp(np.arange(61), [0, 20, 40, 60], [0, 6, 6, 0])
    events = EventTable.of(Event(EventKind.DS, onset, 60.0, 1.0, "ring", 6.0) for onset in (600.0, 1200.0))
    assert r.desaturation_burden(trace(values), HOUR, events=events) == pytest.approx(8.0, rel=0.03)
    values[1800:] = np.nan
    assert r.desaturation_burden(trace(values), HOUR, events=events) == pytest.approx(16.0, rel=0.03)
    assert r.desaturation_burden(trace(values), HOUR, events=EventTable.empty()) == 0.0
