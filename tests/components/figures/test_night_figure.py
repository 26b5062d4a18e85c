import base64
import json
import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np
import pytest

from components.figures.night import night_figure, night_lanes
from components.theme import STAGE_TOKENS, TOKENS
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.signals import Signal
from tests.components.made import BERLIN, EPOCHS, SECONDS, events, night, stages


def unpacked(array: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype=f"<{array['dtype']}").astype(float)


def named(figure: dict[str, Any], name: str) -> dict[str, Any]:
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize("probabilities", [False, True])
def test_a_full_night_weighs_at_most_100_kb(probabilities: bool) -> None:
    figure = night_figure(night(events=events(300)), probabilities=probabilities)
    assert len(json.dumps(figure).encode()) <= 100_000


def test_a_full_night_is_drawn_within_ten_times_its_budget_of_40_ms() -> None:
    made = night()
    night_figure(made)
    began = process_time()
    night_figure(made)
    assert process_time() - began < 0.4


def test_nothing_in_the_figure_is_beyond_json() -> None:
    json.dumps(night_figure(night()), allow_nan=False)


def test_the_lanes_stand_in_their_order() -> None:
    keys = [lane.key for lane in night_lanes(night())]
    assert keys == ["stages", "device", "spo2_pct", "hr_bpm", "sound_level_db", "activity_count", "room_temp_c", "events", "quality"]


def test_the_lanes_do_not_overlap_and_fill_the_height() -> None:
    layout = night_figure(night())["layout"]
    domains = [value["domain"] for key, value in layout.items() if key.startswith("yaxis")]
    for above, below in pairwise(domains):
        assert above[0] > below[1]
    assert domains[-1][0] == pytest.approx(0, abs=0.02)


def test_every_lane_hangs_on_the_one_time_axis() -> None:
    assert {trace["xaxis"] for trace in night_figure(night())["data"]} == {"x"}


def test_the_stages_stand_awake_rem_light_deep_from_the_top() -> None:
    axis = night_figure(night())["layout"]["yaxis"]
    assert axis["ticktext"] == ["Awake", "REM", "Light", "Deep"]
    assert axis["tickvals"] == sorted(axis["tickvals"], reverse=True)


def test_rem_is_the_thickest_stage_and_red() -> None:
    figure = night_figure(night(), theme="light")
    rem = named(figure, "REM")["line"]
    others = [named(figure, name)["line"]["width"] for name in ("Awake", "Light", "Deep")]
    assert rem["width"] > max(others)
    assert rem["color"] == TOKENS["stage-r"].light


def test_the_blocks_of_a_stage_cover_exactly_its_epochs() -> None:
    trace = named(night_figure(night()), "Deep")
    x = unpacked(trace["x"]).reshape(-1, 3)
    assert (x[:, 1] - x[:, 0]).sum() / 30 == np.count_nonzero(stages() == Stage.N3)
    assert np.isnan(unpacked(trace["y"]).reshape(-1, 3)[:, 2]).all()


def test_a_dip_of_one_second_is_in_the_picture_and_the_hour_without_data_is_a_gap() -> None:
    trace = named(night_figure(night()), "Blood oxygen, %")
    x, y = unpacked(trace["x"]), unpacked(trace["y"])
    assert np.nanmin(y) == 78
    assert x[np.nanargmin(y)] == 12345
    assert trace["connectgaps"] is False
    assert np.isnan(y[(x >= 20000) & (x < 23600)]).all()


@pytest.mark.parametrize(("lowest", "bottom"), [(91.0, 80), (78.0, 70), (62.0, 60)])
def test_the_oxygen_lane_reaches_as_low_as_the_night(lowest: float, bottom: int) -> None:
    samples = np.full(SECONDS, 96, np.float32)
    samples[100] = lowest
    lanes = night_lanes(night(traces=(Signal("spo2_pct", samples, 1.0, "%"),)))
    lane = next(lane for lane in lanes if lane.key == "spo2_pct")
    assert lane.axis["range"][0] == bottom
    assert (lane.shapes[0]["y0"], lane.shapes[0]["y1"]) == (bottom, 90.0)


def test_every_event_is_in_its_lane() -> None:
    figure = night_figure(night(events=events(300)))
    assert len(unpacked(named(figure, "DS")["x"])) == 3 * 300


def test_the_probabilities_take_the_place_of_the_stages_and_add_up_to_one() -> None:
    figure = night_figure(night(), probabilities=True)
    stacked = [unpacked(trace["y"]) for trace in figure["data"] if trace.get("stackgroup") == "p"]
    total = np.sum(stacked, axis=0)
    assert len(stacked) == 4
    np.testing.assert_allclose(total[np.isfinite(total)], 1, atol=0.01)


def test_a_night_without_anything_but_oxygen_has_that_lane_only() -> None:
    made = night(
        hypnogram=None, device_hypnogram=None, traces=(Signal("spo2_pct", np.full(SECONDS, 96, np.float32), 1.0, "%"),), events=events(0)
    )
    keys = [lane.key for lane in night_lanes(made)]
    assert keys == ["spo2_pct", "activity_count", "room_temp_c", "quality"]


def test_the_device_s_stages_stand_alone_where_ours_are_missing() -> None:
    keys = [lane.key for lane in night_lanes(night(hypnogram=None))]
    assert keys[0] == "stages"
    assert "device" not in keys


@pytest.mark.parametrize("classes", [(Stage.W, Stage.S), (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R), (Stage.W, Stage.N, Stage.R)])
def test_every_set_of_stages_can_be_drawn(classes: tuple[Stage, ...]) -> None:
    table = np.resize(np.repeat([int(s) for s in classes], 20), EPOCHS).astype(np.int8)
    figure = night_figure(night(hypnogram=Hypnogram(table, classes, "x"), device_hypnogram=None))
    assert len(figure["layout"]["yaxis"]["ticktext"]) == len(classes)


def test_colors_are_names_of_tokens_until_a_theme_is_given() -> None:
    assert set(re.findall(r"var\(--([\w-]+)\)", json.dumps(night_figure(night())))) <= set(TOKENS)
    assert "var(" not in json.dumps(night_figure(night(), theme="dark"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_colors_every_stage_in_its_own_dress(theme: Any) -> None:
    figure = night_figure(night(), theme=theme)
    assert named(figure, "Deep")["line"]["color"] == getattr(TOKENS[STAGE_TOKENS[Stage.N3]], theme)


def test_no_trace_needs_webgl() -> None:
    assert not [trace for trace in night_figure(night())["data"] if trace["type"].endswith("gl")]


def test_the_night_of_a_clock_change_has_a_labelled_seam() -> None:
    figure = night_figure(night(start=datetime(2025, 10, 25, 23, 0, tzinfo=BERLIN)))
    assert [a["text"] for a in figure["layout"]["annotations"] if "clocks" in a["text"]] == ["clocks go back, 02:00 again"]
    assert not [a for a in night_figure(night())["layout"]["annotations"] if "clocks" in a["text"]]


def told(column: dict[str, Any]) -> np.ndarray:
    """Return what the page's script makes of a packed column of the cursor's."""
    return np.where((found := unpacked(column)) == column["none"], np.nan, column["from"] + found)


def test_the_cursor_finds_a_value_for_every_epoch() -> None:
    meta = night_figure(night())["layout"]["meta"]
    assert {len(told(column["values"])) for column in meta["columns"]} == {EPOCHS}
    assert len(meta["stages"]) == len(told(meta["sure"])) == EPOCHS
    assert told(meta["sure"])[0] == 70
    assert np.isnan(told(meta["sure"])[410])
    assert meta["names"][meta["stages"][410]] == "Not scored"


@pytest.mark.parametrize("values", [[-61.4, np.nan, -20.0], [0.0, 3.0, 20000.0], [np.nan, np.nan, np.nan], [40.0, 40.0, 294.6]])
def test_the_cursor_tells_every_column_as_it_was_measured(values: list[float]) -> None:
    made = night()
    made.features.columns["activity_count"][:3] = values
    column = next(c for c in night_figure(made)["layout"]["meta"]["columns"] if c["label"] == "movement")
    np.testing.assert_allclose(told(column["values"])[:3], values, atol=0.51)


def test_the_sound_s_outline_stands_on_the_lane_s_floor_with_its_own_level_on_the_axis() -> None:
    lane = next(lane for lane in night_lanes(night()) if lane.key == "sound_level_db")
    samples = next(trace for trace in night().traces if trace.channel == "sound_level_db").samples
    floor = float(lane.axis["ticktext"][0]) - lane.axis["tickvals"][0]
    assert np.nanmax(unpacked(lane.traces[0]["y"])) + floor == pytest.approx(float(samples.max()), abs=0.01)
    assert len(lane.traces) == 1


def test_what_was_not_scored_is_hatched_for_exactly_as_long() -> None:
    trace = named(night_figure(night()), "Not measured")
    assert trace["fillpattern"]["shape"] == "/"
    x = unpacked(trace["x"])
    assert (x.min(), x.max()) == (400 * 30, 420 * 30)


def test_ten_minutes_without_movement_data_are_hatched_and_nothing_is_drawn_there() -> None:
    made = night()
    made.features.columns["activity_count"][100:120] = np.nan
    lane = next(lane for lane in night_lanes(made) if lane.key == "activity_count")
    hatch, bars = lane.traces
    assert (unpacked(hatch["x"]).min(), unpacked(hatch["x"]).max()) == (3000, 3600)
    assert not [x for x in unpacked(bars["x"]) if 3000 <= x < 3600]


def test_no_short_stage_or_event_is_thinned_away_on_a_narrow_screen() -> None:
    figure = night_figure(night())
    assert all(named(figure, name)["line"]["simplify"] is False for name in ("Awake", "REM", "Light", "Deep", "DS"))


def test_the_sound_is_hatched_where_noise_hid_the_sleeper_and_not_on_nights_of_an_older_engine() -> None:
    plain = night()
    clear = np.zeros(EPOCHS, np.float32)
    clear[100:120] = np.nan
    heard = np.full(EPOCHS, -40.0, np.float32)
    columns = {**plain.features.columns, "sound_level_db": heard}
    for jaw, boxes in (({"jaw_frac": clear}, 1), ({}, 0)):
        told = replace(plain, features=replace(plain.features, columns={**columns, **jaw}))
        lane = next(lane for lane in night_lanes(told) if lane.key == "sound_level_db")
        x = [unpacked(trace["x"]) for trace in lane.traces if trace.get("fill") == "toself"]
        assert len(x) == boxes
        if boxes:
            assert (np.nanmin(x[0]), np.nanmax(x[0])) == (3000, 3600)
