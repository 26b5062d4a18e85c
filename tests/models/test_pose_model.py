"""The card of the pose models, and what was measured with them."""

import json
from pathlib import Path

import numpy as np

from models.pose import evaluate
from models.pose.render import View, empty, render
from somnia_engine.resources import load_card, load_model


def test_the_card_says_that_real_sleepers_were_not_shown() -> None:
    card = load_card("pose")
    assert any("real sleepers" in limit for limit in card["limits"])
    assert all(load_model("pose").weights.values())


def test_four_turns_find_more_of_the_mannequin_than_before_and_empty_beds_have_no_position() -> None:
    rows = {row["task"]: row for row in json.loads((evaluate.FOLDER / "scores.json").read_text())["rows"]}
    assert rows["mannequin found, four turns"]["passed"]
    assert rows["mannequin found, four turns"]["value"] > rows["mannequin found, upright only"]["value"]
    assert rows["false positions: empty beds"]["passed"]
    assert rows["false positions: crumpled blankets"]["passed"]


def test_the_stored_figures_are_those_of_the_mannequin(reference: Path) -> None:
    pictures = evaluate.mannequin(reference)
    found = sum(evaluate.finder().find(picture) is not None for picture in pictures)
    rows = {row["task"]: row for row in json.loads((evaluate.FOLDER / "scores.json").read_text())["rows"]}
    assert round(found / len(pictures), 4) == rows["mannequin found, four turns"]["value"]


def test_a_rendered_body_and_an_empty_bed_are_told_apart() -> None:
    assert evaluate.position_of(render(View(0, heading_deg=180, seed=5)), "above") == (True, 0.0)
    assert np.isnan(evaluate.position_of(empty(0), "above")[1])
