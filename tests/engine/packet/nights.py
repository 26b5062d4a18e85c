"""Constructed nights for tests of the packet."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from somnia_engine.dsp.heart_waves import WAVES
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights
from somnia_engine.types.packet import FeaturePacket

START = datetime(2026, 3, 28, 22, 41, 7, 250000, tzinfo=timezone(timedelta(hours=1)))


def a_night(n: int = 960, *, seed: int = 1, events: int = 120, full: bool = True) -> FeaturePacket:
    """Return a night of `n` epochs with heart rate, movement, oxygen and sound; a sixth of the heart rate is missing."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    slow = 6.0 * np.cos(t / n * 5.0) + np.convolve(rng.standard_normal(n), np.ones(9) / 3.0, "same")
    moves = np.where(rng.random(n) < 0.12, rng.exponential(60.0, n), 0.0)
    columns = {
        "hr_bpm": 58.0 + slow + moves / 30.0,
        "hr_sd_bpm": 1.0 + rng.gamma(2.0, 0.6, n) + moves / 60.0,
        **{name: 0.3 + rng.gamma(2.0, 0.4, n) + moves / 100.0 for name in WAVES},
        "hr_rise_bpm": rng.gamma(2.0, 1.0, n) + moves / 40.0,
        "hr_dip_bpm": rng.gamma(2.0, 0.8, n),
        "activity_count": moves,
    }
    if full:
        columns |= {
            "spo2_pct": 96.0 - rng.gamma(1.5, 0.4, n),
            "spo2_min_pct": 95.0 - rng.gamma(1.5, 1.0, n),
            "snore_frac": np.clip(np.sin(t / 80.0) + 0.2 * rng.standard_normal(n), 0.0, 1.0),
            "p_breathing_event": np.clip(rng.beta(0.5, 4.0, n), 0.0, 1.0),
            "trunk_position": np.repeat(rng.integers(0, 5, n // 120 + 1), 120)[:n].astype(float),
            "room_temp_c": 19.0 + np.sin(t / 300.0),
            "light_lux": np.where(t < 20, 80.0, 0.2),
        }
    gone = slice(n // 2, n // 2 + n // 6)
    for name in columns:
        if name.startswith("hr_"):
            columns[name][gone] = np.nan
    at = np.sort(rng.uniform(0.0, 30.0 * n - 60.0, events))
    rows = [Event(EventKind.DS, float(s), float(rng.integers(10, 60)), 1.0, "ring", float(rng.integers(3, 12))) for s in at]
    features = NightFeatures(START, n, {name: column.astype(np.float32) for name, column in columns.items()})
    measures = {
        "odi3_per_h": 14.96,
        "t90_min": 12.4,
        "breathing_event_pct": 11.38,
        "breathing_assessable_min": n / 2.0,
        "spo2_valid_min": n / 2.0,
    }
    lights = Lights(90.0, 30.0 * n, True, False)
    return FeaturePacket(START, "Europe/Berlin", lights, features, EventTable.of(rows), measures, "Watch X")


def golden_night() -> FeaturePacket:
    """Return the night of the golden packet of version 1: short, plain numbers, the same on every machine."""
    n = 40
    rate = np.array([60.0 + (i % 7) for i in range(n)], dtype=np.float32)
    counts = np.array([50.0 if i % 9 == 0 else 0.0 for i in range(n)], dtype=np.float32)
    features = NightFeatures(datetime(2026, 1, 1, 22, tzinfo=UTC), n, {"hr_bpm": rate, "activity_count": counts})
    rows = [Event(EventKind.DS, 300.0, 30.0, 1.0, "", 4.0), Event(EventKind.BP, 601.0, 12.0, 0.5, "", 21.0)]
    return FeaturePacket(features.start, "UTC", Lights(0.0, 1200.0), features, EventTable.of(rows), {"odi3_per_h": 3.0}, "golden")
