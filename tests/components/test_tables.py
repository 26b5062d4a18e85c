import json
from dataclasses import replace
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from components.figures.clock import Clock
from components.numbers import LEADING, NUMBERS, leading_numbers
from components.tables import event_list, event_rows, number_table, quality_view, stage_table
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.night import SleepStatistics
from tests.components.made import CLASSES, START, events, night


def words(component: Any) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_each_event_is_a_row_of_words_that_knows_where_to_jump() -> None:
    found = event_rows(night())
    assert len(found["rows"]) == 135
    assert {len(row) for row in found["rows"]} == {len(found["head"]) + 1}
    kind, onset, time, length, *_ = found["rows"][0]
    assert (kind, onset, time, length) == ("DS", 600.0, "23:10", "30 s")
    assert found["kinds"]["DS"][0] == "Desaturation"
    assert "3 %" in found["kinds"]["DS"][1]


def test_an_estimate_shows_where_nine_nights_of_ten_lie_and_how_likely_each_severity_is() -> None:
    measures = {**night().measures, "breathing_events_per_h": 12.0, "p_breathing_from_15_per_h": 0.42}
    said = words(number_table(replace(night(), measures=measures, intervals={"breathing_events_per_h": (4.0, 30.0)})))
    assert "90 %: 4.0 /h to 30.0 /h" in said
    assert "42 %" in said


def test_snores_that_follow_each_other_are_one_row_and_a_long_one_is_told_in_minutes() -> None:
    snores = [Event(EventKind.SN, 600.0 + 4.0 * i, 1.5, 0.9, "phone", 10.0 + i % 3) for i in range(200)]
    found = event_rows(night(events=EventTable.of(snores)))
    (row,) = found["rows"]
    assert (row[0], row[3], row[4]) == ("SN", "13 min", "12 dB")
    assert found["kinds"]["SN"][0] == "Snoring"


def test_a_night_of_four_hundred_events_is_listed_in_40_kb() -> None:
    assert len(words(event_list(night(events=events(400))))) <= 40_000


def test_a_night_without_events_says_so() -> None:
    assert "No events were found in what was measured." in words(event_list(night(events=events(0))))


def test_ours_and_the_device_s_numbers_stand_side_by_side() -> None:
    said = words(number_table(night()))
    assert "model 1" in said
    assert "Watch" in said
    assert "6 h 30" in said
    assert "6 h 40" in said


def test_a_number_that_was_not_measured_is_not_listed() -> None:
    said = words(number_table(night(statistics=SleepStatistics("m", tst_min=400), device_statistics=None, measures={})))
    assert "Asleep" in said
    assert "REM sleep" not in said


def test_the_leading_numbers_are_those_that_were_measured() -> None:
    assert len(leading_numbers(night()).children) == 5


def test_every_leading_number_is_explained() -> None:
    known = {number.key: number for number in NUMBERS}
    assert set(LEADING) <= set(known)
    assert all(len(known[key].what.msgid) > 10 for key in LEADING)


def test_a_usual_range_names_its_source() -> None:
    assert all(number.source for number in NUMBERS if number.usual is not None)


def test_the_quality_names_stream_source_and_share() -> None:
    said = words(quality_view(night()))
    for part in ("Blood oxygen", "ring.csv", "88 %", "You chose it.", "engine: 0.1.0"):
        assert part in said


def test_the_stages_in_words_are_as_long_as_the_night() -> None:
    made = night()
    assert made.hypnogram is not None
    table = stage_table(made.hypnogram, Clock(START, "Europe/Berlin"))
    body = next(part for part in table._traverse() if type(part).__name__ == "Tbody")
    minutes = [float(row.children[-1].children) for row in body.children]
    assert sum(minutes) == 480
    assert len(minutes) == 8 * len(CLASSES) + 1


def test_the_numbers_show_what_other_methods_make_of_the_same_movement() -> None:
    shown = str(number_table(night()))
    assert "Cole-Kripke 1992" in shown
    assert "Sadeh 1994" in shown
    assert "van Hees 2015" not in shown, "no arm angle was measured"


def test_without_movement_there_are_no_other_methods() -> None:
    made = night()
    heart_only = replace(made.features, columns={"hr_bpm": made.features["hr_bpm"]})
    assert "Other methods" not in str(number_table(night(features=heart_only)))
