"""The shipped model of disturbed breathing against its card and against recordings."""

import json
from pathlib import Path

import pytest

from models.apnea import evaluate
from models.apnea.data import FOLDER, read_nights


def test_the_shipped_model_finds_what_it_learned_from(reference: Path) -> None:
    """This cannot show accuracy on others; it shows that trees, networks, inputs and thresholds belong together."""
    nights = [night for night in read_nights(reference) if night.name in ("a01", "a05", "c01")]
    nights += [night for night in read_nights(reference) if night.set == "hugcdn"][::25]
    if not nights:
        pytest.skip(f"no nights in {reference / 'apnea'}")
    rows = {(row["task"], row["figure"]): row["value"] for row in evaluate._shipped(nights)}
    assert rows["beats alone, Apnea-ECG", "AUC"] > 0.95
    assert rows["oxygen and beats, HuGCDN", "accuracy"] > 0.9


def test_the_scores_name_protocol_people_and_bar() -> None:
    rows = json.loads((FOLDER / "scores.json").read_text())["rows"]
    assert {row["figure"] for row in rows} >= {"accuracy", "kappa", "macro-F1", "AUC", "r per night"}
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
        assert row["passed"] in (True, False, None)
        assert 0.0 <= row["coverage"] <= 1.0
