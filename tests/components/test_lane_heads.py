"""The heads of lanes: every lane explained in place."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder

from components.figures.night import night_figure
from components.lane_heads import NOTES, lane_heads
from tests.components.figures.test_wearable_lanes import worn


def said(lanes: list[dict[str, str]]) -> str:
    return json.dumps(lane_heads(lanes), cls=PlotlyJSONEncoder, ensure_ascii=False)


@pytest.mark.parametrize("probabilities", [False, True])
def test_every_lane_is_explained(probabilities: bool) -> None:
    lanes = night_figure(worn(), probabilities=probabilities)["layout"]["meta"]["lanes"]
    assert {lane["key"] for lane in lanes} <= set(NOTES)
    heads = lane_heads(lanes).children[0].data["heads"]
    assert [head["key"] for head in heads] == [lane["key"] for lane in lanes]
    assert all(len(head["note"]) >= 2 for head in heads)


@pytest.mark.parametrize("key", NOTES)
def test_a_usual_range_names_its_source(key: str) -> None:
    note = NOTES[key]
    assert (note.usual is None) == (note.source == "")


def test_the_heads_of_a_full_night_weigh_little() -> None:
    assert len(said(night_figure(worn())["layout"]["meta"]["lanes"]).encode()) <= 6_000
