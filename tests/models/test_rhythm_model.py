"""The shipped rhythm model against its card and against recordings."""

import json
from pathlib import Path

import pytest

from models.rhythm import evaluate
from models.rhythm.data import FOLDER, read_records
from somnia_engine.resources import load_model


def test_the_card_names_the_inputs_and_the_limits() -> None:
    card = load_model("rhythm").card
    assert len(card["inputs"]) > 10
    assert any("ECG" in limit for limit in card["limits"])


def test_the_shipped_model_finds_what_it_learned_from(reference: Path) -> None:
    """This cannot show accuracy on others; it shows that weights, inputs and thresholds belong together."""
    records = [record for record in read_records(reference) if record.set in ("afdb", "mitdb")]
    if not records:
        pytest.skip(f"no beats in {reference / 'af'}")
    rows = {row["figure"]: row["value"] for row in evaluate._rows(records, evaluate._shipped(records), "learned from")}
    assert rows["AUC"] > 0.99


def test_the_scores_name_protocol_people_and_bar() -> None:
    rows = json.loads((FOLDER / "scores.json").read_text())["rows"]
    assert {row["figure"] for row in rows} >= {"AUC", "false windows, %"}
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"] or row["figure"].startswith("sens@")
        assert row["passed"] in (True, False, None)
        assert row["n_people"] > 0
        assert 0.0 <= row["coverage"] <= 1.0
