"""The shipped mat model against its card and the frames it learned from."""

import json
from pathlib import Path

import numpy as np

from models.mat import evaluate
from models.mat.recipe import FOLDER, read_mats
from somnia_engine.resources import load_model


def test_the_card_says_that_it_knows_no_lying_on_the_front() -> None:
    card = load_model("mat").card
    assert card["classes"] == ["supine", "left", "right"]
    assert any("front" in limit for limit in card["limits"])


def test_the_shipped_model_finds_what_it_learned_from(reference: Path) -> None:
    mats = read_mats(reference, "experiment_i")
    assert mats is not None
    assert np.mean(evaluate._shipped(mats)) > 0.99


def test_people_left_out_and_other_mats_reach_their_bars() -> None:
    rows = json.loads((FOLDER / "scores.json").read_text())["rows"]
    assert [row["passed"] for row in rows] == [True, True]
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
