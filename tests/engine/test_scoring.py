"""The sleep score: its weights and curves as the table says, and what becomes of what was not measured."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from somnia_engine.resources import load_table
from somnia_engine.scoring import score_night, score_of
from somnia_engine.types.events import EventTable
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightHistory, NightRecord, SleepStatistics

BEST = {"tst_min": 480.0, "se_pct": 95.0, "long_awakenings": 0.0, "bedtime_off_min": 5.0, "sri": 90.0, "n3_min": 80.0, "rem_min": 100.0}
WEIGHTS = {"duration": 40.0, "continuity": 20.0, "regularity": 20.0, "stages": 20.0}
BERLIN = ZoneInfo("Europe/Berlin")


def record(day: date, *, bed_h: float = 23.0, hours: float = 8.0, **measured: float) -> NightRecord:
    start = datetime.combine(day, datetime.min.time(), BERLIN) + timedelta(hours=bed_h)
    n = round(hours * 120)
    hypnogram = Hypnogram(np.full(n, Stage.N2, np.int8), (Stage.W, Stage.N2), "made")
    statistics = SleepStatistics("made", tib_min=hours * 60, tst_min=hours * 60, se_pct=100.0)
    measures = {"long_awakenings": 0.0, **measured}
    return NightRecord(start, "Europe/Berlin", None, statistics, measures, EventTable.empty(), hypnogram, Lights(0.0, n * 30.0))


def weeks(n: int, **last: float) -> NightHistory:
    days = [date(2025, 3, 20) + timedelta(days=i) for i in range(n)]
    return NightHistory((*(record(day) for day in days[:-1]), record(days[-1], **last)))


def test_the_best_night_has_100_and_the_weights_are_those_of_the_design() -> None:
    score = score_of(BEST)
    assert score is not None
    assert score.value == pytest.approx(100.0)
    assert {part.key: part.weight for part in score.parts} == WEIGHTS


@pytest.mark.parametrize(("minutes", "points"), [(300.0, 20.0), (420.0, 40.0), (480.0, 40.0), (540.0, 40.0), (720.0, 20.0), (60.0, 0.0)])
def test_duration_has_its_plateau_from_seven_to_nine_hours(minutes: float, points: float) -> None:
    score = score_of({**BEST, "tst_min": minutes})
    assert score is not None
    assert score.value == pytest.approx(60.0 + points)


def test_a_missing_part_gives_its_weight_to_the_others_and_is_named() -> None:
    told = {key: value for key, value in BEST.items() if key not in ("n3_min", "rem_min")}
    score = score_of({**told, "se_pct": 60.0, "long_awakenings": 4.0})
    assert score is not None
    assert score.missing == ("stages",)
    assert {part.key: part.weight for part in score.parts} == {"duration": 50.0, "continuity": 25.0, "regularity": 25.0}
    assert score.value == pytest.approx(75.0)


def test_a_missing_input_gives_its_share_to_the_others_of_its_part() -> None:
    score = score_of({**BEST, "sri": float("nan"), "bedtime_off_min": 120.0})
    assert score is not None
    assert score.missing == ()
    assert score.value == pytest.approx(80.0)


@given(key=st.sampled_from(sorted(BEST)), values=st.dictionaries(st.sampled_from(sorted(BEST)), st.floats(-100, 1500)))
def test_it_lies_between_0_and_100_and_its_weights_add_up(key: str, values: dict[str, float]) -> None:
    score = score_of({key: BEST[key], **values})
    assert score is not None
    assert 0.0 <= score.value <= 100.0 + 1e-9
    assert sum(part.weight for part in score.parts) == pytest.approx(100.0)


def test_nothing_measured_has_no_score() -> None:
    assert score_of({}) is None
    blank = NightRecord(None, None, None, SleepStatistics(tib_min=480.0), {}, EventTable.empty())
    assert score_night(NightHistory((blank,))) is None


def test_a_nap_has_no_score() -> None:
    assert score_night(NightHistory((record(date(2025, 3, 20), hours=1.0),))) is None


def test_a_single_night_has_no_regularity_and_says_so() -> None:
    score = score_night(weeks(1))
    assert score is not None
    assert score.missing == ("regularity", "stages")


def test_two_weeks_tell_regularity_also_over_a_clock_change() -> None:
    score = score_night(weeks(14))  # 20 March to 2 April 2025: clocks go forward on the 30th
    assert score is not None
    (part,) = (part for part in score.parts if part.key == "regularity")
    assert part.inputs["bedtime_off_min"] == 0.0
    assert part.inputs["sri"] > 98.5  # of eight true hours the short night ends an hour later on the clock


def test_a_late_bedtime_costs_points() -> None:
    usual, late = score_night(weeks(10)), score_night(weeks(10, bed_h=25.0))
    assert usual is not None
    assert late is not None
    assert late.parts[2].inputs["bedtime_off_min"] == 120.0
    assert late.value < usual.value


def test_a_night_without_stages_is_scored_without_them() -> None:
    history = weeks(2)
    staged = replace(history.tonight, statistics=replace(history.tonight.statistics, n3_min=0.0, rem_min=0.0))
    score = score_night(NightHistory((staged,)))
    assert score is not None
    assert "stages" not in score.missing


def test_every_curve_has_its_source_and_rises_along_its_axis() -> None:
    for part in load_table("score")["parts"]:
        assert part["weight"] == WEIGHTS[part["key"]]
        assert sum(one["share"] for one in part["inputs"]) == 1.0
        for one in part["inputs"]:
            assert "doi 10." in one["source"]
            at = [value for value, _ in one["curve"]]
            assert at == sorted(at)
            assert all(0.0 <= reached <= 1.0 for _, reached in one["curve"])
