import json

import numpy as np
from plotly.utils import PlotlyJSONEncoder

from components.breathing import MOST, breathing_tab, has_breathing
from components.night import tab_body
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import NightAnalysis
from tests.components.made import EPOCHS, START, night

P = {"p_breathing_event": np.full(EPOCHS, 0.6, np.float32), "spo2_pct": np.full(EPOCHS, 96, np.float32)}


def watched(*events: Event, **changes: object) -> NightAnalysis:
    position = np.full(EPOCHS, 2.0, np.float32)
    position[:300] = 0.0
    features = NightFeatures(START, EPOCHS, P | {"trunk_position": position}, {"spo2_pct": ("ring.csv",)})
    return night(features=features, events=EventTable.of(events), **changes)


def fall(onset_s: float) -> Event:
    return Event(EventKind.DS, onset_s, 40.0, 1.0, "ring.csv", 5.0)


def pause(onset_s: float) -> Event:
    return Event(EventKind.BP, onset_s, 20.0, 0.5, "sound.flac", 60.0)


def words(analysis: NightAnalysis) -> str:
    return json.dumps(breathing_tab(analysis), cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_an_event_of_two_sensors_is_one_row_with_both_and_its_position() -> None:
    said = words(watched(fall(3620.0), pause(3600.0), fall(15020.0)))
    assert said.count("60 %") == 2
    assert "ring.csv, sound.flac" in said
    assert "on the back" in said
    assert "on the right" in said


def test_pauses_stand_beside_the_falls_that_followed_them() -> None:
    said = words(watched(fall(3620.0), pause(3600.0), pause(9000.0)))
    assert "Of 2 pauses that another sensor noticed while blood oxygen was measured, 1 were followed by a fall of it" in said


def test_the_parts_of_the_night_have_their_minutes_and_a_dash_under_a_quarter_of_an_hour() -> None:
    measures = {"joined_events_per_h": 3.4, "breathing_assessable_min": 480.0, "joined_rem_min": 9.0, "joined_rem_per_h": float("nan")}
    said = words(watched(fall(3620.0), measures=measures))
    assert "3.4 /h" in said
    assert "8 h 00" in said
    assert "In REM sleep" in said
    assert "On the back" not in said


def test_a_night_with_very_many_events_lists_the_likeliest() -> None:
    said = words(watched(*(fall(60.0 + 55.0 * k) for k in range(MOST + 50))))
    assert f"The {MOST} likeliest of {MOST + 50} events are listed." in said


def test_without_events_it_says_so() -> None:
    assert "No breathing events were found in what was measured." in words(watched())


def test_only_a_night_that_was_judged_and_not_scored_has_the_tab() -> None:
    assert has_breathing(watched())
    assert not has_breathing(night())
    assert not has_breathing(watched(Event(EventKind.OA, 100.0, 20.0, 1.0, "lab")))
    said = json.dumps(tab_body(watched(fall(3620.0)), "breathing"), cls=PlotlyJSONEncoder)
    assert "likelihood" in said
