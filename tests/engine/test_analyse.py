"""The pipeline as a whole, on nights made by hand."""

from datetime import timedelta

import numpy as np
import pytest

from somnia_engine.analyse import AnalysisOptions, analyse, record_of
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import NightAnalysis, NightHistory
from tests.engine.make import START, activity, heart, oxygen, recording, stages

HOURS = 6 * 3600.0


def finding(analysis: NightAnalysis, key: str) -> Finding:
    return next(f for f in analysis.findings if f.disorder == key)


def test_a_whole_night_is_staged_measured_and_judged() -> None:
    watch = recording({"hr_bpm": heart(HOURS), "activity_count": activity(HOURS, 1800.0)}, name="watch")
    ring = recording({"spo2_pct": oxygen(HOURS, 4.0, every_s=120)}, name="ring")
    night = analyse([watch, ring])
    assert night.hypnogram is not None
    assert night.statistics.scorer == night.hypnogram.scorer
    assert night.device_hypnogram is None
    assert night.measures["odi3_per_h"] == pytest.approx(30.0, abs=1.0)
    assert finding(night, "apnea").level is Level.HIGH
    assert finding(night, "apnea").evidence[0].source == "ring"
    assert {t.channel for t in night.traces} == {"hr_bpm", "activity_count", "spo2_pct"}
    assert all(t.onset_s == 0.0 and len(t.samples) == round(HOURS * t.fs) for t in night.traces)
    assert night.versions["engine"]
    assert night.versions["model.stages"] == night.hypnogram.scorer


def test_without_heart_rate_or_movement_the_device_is_counted_and_named() -> None:
    night = analyse([recording({"spo2_pct": oxygen(HOURS)}, stages=stages("W" * 40 + "L" * 500 + "3" * 180, "Some Watch"))])
    assert night.hypnogram is None
    assert night.statistics.scorer == "Some Watch"
    assert str(night.statistics) == str(night.device_statistics)
    assert night.statistics.tst_min == 340.0
    assert any("device's own stages" in str(note) for note in night.notes)


def test_the_device_is_never_mixed_into_our_own_stages() -> None:
    channels = {"hr_bpm": heart(HOURS), "activity_count": activity(HOURS)}
    alone = analyse([recording(channels)])
    beside = analyse([recording(channels, stages=stages("W" * 720, "Some Watch"))])
    assert alone.hypnogram is not None
    assert beside.hypnogram is not None
    np.testing.assert_array_equal(alone.hypnogram.stages, beside.hypnogram.stages)
    assert beside.device_statistics is not None
    assert beside.device_statistics.tst_min == 0.0
    assert beside.device_hypnogram is not None
    assert (beside.device_hypnogram.stages == Stage.W).all()


def test_a_room_alone_has_no_sleep_and_no_verdict() -> None:
    times = np.arange(0.0, HOURS, 60.0)
    night = analyse([recording({"room_temp_c": (times, np.full(len(times), 19.0))})])
    assert night.hypnogram is None
    assert night.statistics.scorer == ""
    assert np.isnan(night.statistics.tst_min)
    assert np.isnan(night.measures["odi3_per_h"])
    assert {f.level for f in night.findings} == {Level.NOT_ASSESSED}


def test_spot_readings_of_oxygen_give_no_index_and_no_verdict() -> None:
    rng = np.random.default_rng(2)
    times = np.arange(0.0, HOURS, 300.0)
    night = analyse([recording({"spo2_pct": (times, rng.integers(85, 99, len(times)))})])
    assert np.isnan(night.measures["odi3_per_h"])
    assert np.isnan(night.measures["t90_pct"])
    assert np.isfinite(night.measures["spo2_mean_pct"])
    assert finding(night, "apnea").level is Level.NOT_ASSESSED


def test_tonight_is_appended_to_the_history() -> None:
    scored = recording(stages=stages("W" * 100 + "L" * 500 + "W" * 120, "watch"))
    tonight = analyse([scored])
    assert finding(tonight, "insomnia").level is Level.NOT_ASSESSED
    earlier = NightHistory((record_of(tonight),) * 6)
    assert finding(analyse([scored], history=earlier), "insomnia").level is Level.HIGH


def test_a_night_without_a_clock_is_analyzed_in_relative_time() -> None:
    night = analyse([recording({"hr_bpm": heart(HOURS), "activity_count": activity(HOURS)}, start=None)])
    assert night.start is None
    assert night.statistics.tib_min == 360.0


def test_progress_goes_up_to_one_through_the_stages() -> None:
    told: list[tuple[str, float]] = []
    analyse([recording({"hr_bpm": heart(3600)})], progress=lambda stage, share: told.append((stage, share)))
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["extract", "stage", "measure", "judge"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_slow_and_fast_hearts_are_found_asleep_only() -> None:
    times = np.arange(0.0, HOURS, 5.0)
    values = np.full(len(times), 60.0)
    values[(times >= 10000) & (times < 10060)] = 36.0
    values[(times >= 12000) & (times < 12100)] = 104.0
    values[times < 600] = 100.0
    night = analyse([recording({"hr_bpm": (times, values)}, stages=stages("W" * 30 + "L" * 690))])
    own = night.events.of_kind(EventKind.BR, EventKind.TA)
    assert len(own) >= 1
    assert all(e.onset_s >= 600 for e in own if e.kind is EventKind.BR)


def test_a_later_start_moves_the_clock_and_nothing_else() -> None:
    channels = {"hr_bpm": heart(HOURS), "spo2_pct": oxygen(HOURS, every_s=200)}
    first, later = (analyse([recording(channels, start=START + timedelta(days=d))]) for d in (0, 40))
    assert str(first.statistics) == str(later.statistics)
    assert first.events.onset_s.tolist() == later.events.onset_s.tolist()
    assert later.start == START + timedelta(days=40)


def test_unmarked_lights_are_said_to_be_assumed() -> None:
    channels = {"hr_bpm": heart(3600)}
    assert any("assumed" in str(n) for n in analyse([recording(channels)]).notes)
    marked = analyse([recording(channels)], options=AnalysisOptions(lights_off=START, lights_on=START + timedelta(minutes=50)))
    assert not any("assumed" in str(n) for n in marked.notes)
    assert marked.statistics.tib_min == 50.0


def test_a_ring_leads_before_spot_readings_that_fill_every_epoch() -> None:
    ring_times, ring_values = oxygen(HOURS, 4.0, every_s=120)
    ring = recording({"spo2_pct": (ring_times[ring_times < 0.9 * HOURS], ring_values[ring_times < 0.9 * HOURS])}, name="ring")
    spot_times = np.arange(0.0, HOURS, 30.0)
    spot = recording({"spo2_pct": (spot_times, np.full(len(spot_times), 97.0))}, name="a watch")
    night = analyse([spot, ring])
    assert night.features.sources["spo2_pct"] == ("ring", "a watch")
    assert night.measures["odi3_per_h"] == pytest.approx(30.0, abs=1.0)
    assert night.measures["spo2_valid_min"] == pytest.approx(0.9 * 360, abs=1.0)


def test_oxygen_of_a_second_ring_does_not_dilute_the_index_of_the_first() -> None:
    times, values = oxygen(HOURS, 4.0, every_s=120)
    first = recording({"spo2_pct": (times[times < 0.7 * HOURS], values[times < 0.7 * HOURS])}, name="first")
    late = times >= 0.6 * HOURS
    second = recording({"spo2_pct": (times[late], np.full(int(late.sum()), 96.0))}, name="second")
    alone, both = analyse([first]), analyse([first, second])
    assert both.measures["odi3_per_h"] == pytest.approx(alone.measures["odi3_per_h"], abs=0.5)


def test_a_night_with_much_unscored_time_says_why_numbers_are_missing() -> None:
    gap = recording(stages=stages("W" * 20 + "L" * 200 + "?" * 200 + "L" * 100, "watch"))
    night = analyse([gap])
    assert np.isnan(night.statistics.waso_min)
    assert any("no stage" in str(note) for note in night.notes)
