import math

import numpy as np
import pytest

from somnia_engine.metrics.joined_breathing import INDEX, NAMES, join_breathing, joined_measures, pauses_and_falls, position_of
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights

N = 960
LIGHTS = Lights(0.0, N * EPOCH_S)
HEARD = np.zeros(N, dtype=np.float32)


def night(p: float = 0.6, *, heard: bool = False, **columns: np.ndarray) -> NightFeatures:
    found = {"p_breathing_event": np.full(N, p, dtype=np.float32), **columns}
    sources = {"snore_frac": ("phone",)}
    return NightFeatures(None, N, found | ({"snore_frac": HEARD} if heard else {}), sources)


def fall(onset_s: float) -> Event:
    return Event(EventKind.DS, onset_s, 40.0, 1.0, "ring", 5.0)


def pause(onset_s: float, *, source: str = "phone") -> Event:
    return Event(EventKind.BP, onset_s, 18.0, 0.5, source, 60.0)


def joined(features: NightFeatures, *events: Event):
    return join_breathing(features, EventTable.of(events), lights=LIGHTS)


def test_a_pause_and_the_fall_that_follows_it_are_one_event_of_two_sensors():
    (event,) = joined(night(), pause(1000.0), fall(1022.0))
    assert (event.onset_s, event.duration_s) == (1000.0, 18.0)
    assert event.sources == ("phone", "ring")
    assert set(event.kinds) == {EventKind.BP, EventKind.DS}


def test_a_fall_tells_of_a_breath_twenty_seconds_before_it():
    (event,) = joined(night(), fall(1000.0))
    assert event.onset_s == 980.0


def test_events_far_apart_stay_apart():
    assert len(joined(night(), fall(1000.0), pause(2000.0), fall(3000.0))) == 3


def test_hearing_the_pause_makes_it_surer_and_hearing_breath_less_sure():
    (deaf,) = joined(night(), fall(1020.0))
    (agreed,) = joined(night(heard=True), fall(1020.0), pause(1000.0))
    (denied,) = joined(night(heard=True), fall(1020.0))
    assert denied.p < deaf.p < agreed.p


def test_noise_over_an_agreeing_pause_never_makes_it_surer():
    (clear,) = joined(night(heard=True), fall(1020.0), pause(1000.0))
    noisy = HEARD.copy()
    noisy[30:36] = np.nan
    (masked,) = joined(night(snore_frac=noisy), fall(1020.0), pause(1000.0))
    assert masked.p < clear.p


def test_a_camera_adds_a_source_but_no_likelihood():
    (alone,) = joined(night(), fall(1020.0))
    (seen,) = joined(night(), fall(1020.0), pause(1000.0, source="camera"))
    assert seen.sources == ("camera", "ring")
    assert seen.p == alone.p


@pytest.mark.parametrize("p", [0.0, 0.05])
def test_what_is_unlikely_is_not_listed(p: float):
    assert joined(night(p), fall(1000.0)) == ()


def test_without_oxygen_and_beats_there_is_no_list():
    silent = NightFeatures(None, N, {"snore_frac": HEARD}, {"snore_frac": ("phone",)})
    assert joined(silent, pause(1000.0)) == ()
    measures = joined_measures(silent, EventTable.of([pause(1000.0)]), hypnogram=None, lights=LIGHTS)
    assert all(math.isnan(measures[name]) for name in NAMES)


def test_a_scored_night_keeps_its_own_count():
    events = EventTable.of([fall(1000.0), Event(EventKind.OA, 900.0, 20.0, 1.0, "lab")])
    assert join_breathing(night(), events, lights=LIGHTS) == ()
    assert math.isnan(joined_measures(night(), events, hypnogram=None, lights=LIGHTS)[INDEX])


def test_events_per_hour_by_position_and_stage_come_with_their_minutes():
    position, stages = np.full(N, 1.0, dtype=np.float32), np.full(N, Stage.L, dtype=np.int8)
    position[:240], stages[480:600] = 0.0, Stage.R
    events = EventTable.of([*(fall(30.0 * k + 20.0) for k in range(2, 202, 5)), *(fall(30.0 * k + 20.0) for k in range(490, 590, 10))])
    hypnogram = Hypnogram(stages, (Stage.W, Stage.L, Stage.R), "test")
    measures = joined_measures(night(trunk_position=position), events, hypnogram=hypnogram, lights=LIGHTS)
    assert measures[INDEX] == pytest.approx(50 / 8.0)
    assert (measures["joined_supine_per_h"], measures["joined_supine_min"]) == (pytest.approx(20.0), 120.0)
    assert measures["joined_other_side_per_h"] == pytest.approx(10 / 6.0)
    assert (measures["joined_rem_per_h"], measures["joined_rem_min"]) == (pytest.approx(10.0), 60.0)
    assert measures["joined_nrem_per_h"] == pytest.approx(40 / 7.0)


def test_under_a_quarter_of_an_hour_in_a_position_has_no_index():
    position = np.full(N, 1.0, dtype=np.float32)
    position[:29] = 0.0
    measures = joined_measures(night(trunk_position=position), EventTable.of([fall(100.0)]), hypnogram=None, lights=LIGHTS)
    assert math.isnan(measures["joined_supine_per_h"])
    assert measures["joined_supine_min"] == 14.5


def test_under_four_hours_has_no_index():
    p = np.full(N, np.nan, dtype=np.float32)
    p[:479] = 0.5
    measures = joined_measures(night(p_breathing_event=p), EventTable.of([fall(100.0)]), hypnogram=None, lights=LIGHTS)
    assert all(math.isnan(measures[name]) for name in NAMES)


def test_a_mat_cannot_tell_the_back_from_the_front_and_gives_way_to_the_trunk():
    mat, trunk = np.zeros(N, dtype=np.float32), np.full(N, np.nan, dtype=np.float32)
    trunk[:10] = 3.0
    found = position_of(night(mat_position=mat, trunk_position=trunk))
    assert found[:10].tolist() == [3.0] * 10
    assert set(found[10:].tolist()) == {5.0}


def test_falls_that_follow_pauses_stand_beside_what_chance_gives():
    spo2 = np.full(N, 95.0, dtype=np.float32)
    times = np.arange(600.0, 27000.0, 600.0)
    following = EventTable.of([event for at in times for event in (pause(at), fall(at + 30.0))])
    agreement = pauses_and_falls(night(spo2_pct=spo2), following, lights=LIGHTS)
    assert agreement is not None
    assert (agreement.pauses, agreement.followed) == (len(times), len(times))
    assert 0.05 * len(times) < agreement.by_chance < 0.2 * len(times)
    apart = EventTable.of([event for at in times for event in (pause(at), fall(at + 300.0))])
    unrelated = pauses_and_falls(night(spo2_pct=spo2), apart, lights=LIGHTS)
    assert unrelated is not None
    assert unrelated.followed == 0


def test_pauses_without_blood_oxygen_are_not_compared():
    assert pauses_and_falls(night(), EventTable.of([pause(100.0)]), lights=LIGHTS) is None
