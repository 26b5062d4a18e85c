"""Snore minutes, patterns, and pauses from events made by hand."""

import numpy as np
import pytest

from somnia_engine.metrics.sound import regular_pct, rising_pauses, snore_bouts, sound_measures
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights

ALL_NIGHT = Lights(0.0, 7200.0, True, True)


def features(share: np.ndarray) -> NightFeatures:
    return NightFeatures(None, len(share), {"snore_frac": share.astype(np.float32)}, {"snore_frac": ("phone",)})


def snores(onsets: np.ndarray, peaks: np.ndarray | None = None) -> list[Event]:
    heights = np.full(len(onsets), 12.0) if peaks is None else peaks
    return [Event(EventKind.SN, float(at), 1.5, 0.9, "phone", float(db)) for at, db in zip(onsets, heights, strict=True)]


def pause(onset_s: float, duration_s: float = 20.0) -> Event:
    return Event(EventKind.BP, onset_s, duration_s, 0.5, "phone", 15.0)


def test_minutes_shares_and_rates_are_over_the_time_that_was_heard() -> None:
    share = np.zeros(240)
    share[:60], share[120:] = 0.5, np.nan
    found = sound_measures(features(share), EventTable.of([*snores(np.arange(0.0, 400.0, 4.0)), pause(500.0)]), lights=ALL_NIGHT)
    assert found["snore_heard_min"] == 60.0
    assert found["snore_min"] == 15.0
    assert found["snore_pct"] == 25.0
    assert found["snores_per_h"] == 100.0
    assert found["breathing_pause_per_h"] == 1.0
    assert found["coughs"] == 0.0


def test_what_lies_outside_the_time_in_bed_does_not_count() -> None:
    lights = Lights(3600.0, 7200.0, True, True)
    found = sound_measures(features(np.zeros(240)), EventTable.of([*snores(np.array([100.0, 4000.0])), pause(200.0)]), lights=lights)
    assert (found["snores_per_h"], found["breathing_pause_per_h"]) == (1.0, 0.0)


def test_a_night_without_sound_has_no_numbers_and_a_short_one_no_rates() -> None:
    nothing = NightFeatures(None, 240, {}, {})
    assert sound_measures(nothing, EventTable.empty(), lights=ALL_NIGHT) == {}
    short = np.full(240, np.nan)
    short[:60] = 0.1
    found = sound_measures(features(short), EventTable.of(snores(np.arange(0.0, 100.0, 4.0))), lights=ALL_NIGHT)
    assert np.isnan(found["snores_per_h"])
    assert found["snore_min"] == pytest.approx(3.0)


def test_the_tone_of_the_snores_is_the_median_of_enough_half_minutes() -> None:
    share, tone = np.full(240, 0.2), np.full(240, np.nan)
    tone[[3, 9, 30, 70, 100]] = (80.0, 90.0, 100.0, 110.0, 400.0)
    columns = {"snore_frac": share.astype(np.float32), "snore_pitch_hz": tone.astype(np.float32)}
    night = NightFeatures(None, 240, columns, {"snore_frac": ("phone",)})
    found = sound_measures(night, EventTable.of(snores(np.arange(0.0, 100.0, 4.0))), lights=ALL_NIGHT)
    assert found["snore_pitch_hz"] == 100.0
    assert np.isnan(found["snore_formant_1_hz"])


def test_even_intervals_are_regular_and_scattered_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    even = EventTable.of(snores(np.arange(0.0, 200.0, 4.0) + rng.normal(0.0, 0.2, 50)))
    scattered = EventTable.of(snores(np.sort(rng.uniform(0.0, 400.0, 50))))
    assert regular_pct(even) == 100.0
    assert regular_pct(scattered) == 0.0
    assert np.isnan(regular_pct(EventTable.of(snores(np.array([1.0, 5.0])))))


def test_a_break_of_over_a_minute_ends_a_bout() -> None:
    assert snore_bouts(EventTable.of(snores(np.array([0.0, 50.0, 120.0, 125.0])))) == [(0, 2), (2, 4)]
    assert snore_bouts(EventTable.empty()) == []


@pytest.mark.parametrize(
    ("peaks", "expected"), [((6.0, 9.0, 12.0), 1), ((12.0, 9.0, 6.0), 0), ((9.0, 9.5, 10.0), 0)], ids=["rising", "falling", "level"]
)
def test_only_growing_snores_before_a_pause_are_a_crescendo(peaks: tuple[float, ...], expected: int) -> None:
    before = EventTable.of(snores(np.array([90.0, 94.0, 98.0]), np.array(peaks)))
    assert rising_pauses(before, EventTable.of([pause(101.0)])) == expected
    assert rising_pauses(before, EventTable.of([pause(130.0)])) == 0


def test_the_mean_level_is_that_of_the_mean_power_and_only_of_a_calibrated_microphone() -> None:
    levels = np.full(240, 30.0, dtype=np.float32)
    levels[::2] = 40.0
    night = NightFeatures(None, 240, {"snore_frac": np.zeros(240, dtype=np.float32), "sound_level_dba": levels}, {})
    assert sound_measures(night, EventTable.empty(), lights=ALL_NIGHT)["sound_mean_dba"] == pytest.approx(37.4, abs=0.01)
    assert "sound_mean_dba" not in sound_measures(features(np.zeros(240)), EventTable.empty(), lights=ALL_NIGHT)


def test_breathing_has_its_mean_its_spread_and_the_minutes_of_its_waves() -> None:
    rate, waves, cycle = np.full(240, np.nan), np.full(240, np.nan), np.full(240, np.nan)
    rate[:200], waves[:200] = np.tile([14.0, 16.0], 100), 0.0
    waves[50:70], cycle[50:70] = 1.0, 60.0
    columns = {"resp_rate_bpm": rate, "periodic_breathing_frac": waves, "breathing_cycle_s": cycle, "snore_frac": np.zeros(240)}
    night = NightFeatures(None, 240, {name: column.astype(np.float32) for name, column in columns.items()}, {})
    found = sound_measures(night, EventTable.empty(), lights=ALL_NIGHT)
    assert found["resp_rate_mean_bpm"] == 15.0
    assert found["resp_rate_sd_bpm"] == pytest.approx(1.0025, abs=1e-3)
    assert (found["periodic_breathing_min"], found["breathing_cycle_s"]) == (10.0, 60.0)
    assert np.isnan(sound_measures(features(np.zeros(240)), EventTable.empty(), lights=ALL_NIGHT)["periodic_breathing_min"])
