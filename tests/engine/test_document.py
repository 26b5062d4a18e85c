"""The JSON document and its schema."""

import copy
import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from somnia_engine.analyse import analyse
from somnia_engine.document import number, numbers, to_document
from somnia_engine.types.events import GLOSSARY, EventKind
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from tests.engine.make import activity, heart, oxygen, recording, stages

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
SCHEMA = json.loads((DOCS / "night.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def analysis() -> NightAnalysis:
    hours = 6 * 3600.0
    channels = {"hr_bpm": heart(hours), "activity_count": activity(hours, 1200.0), "spo2_pct": oxygen(hours, every_s=120)}
    return analyse([recording(channels, stages=stages("W" * 30 + "L" * 600 + "R" * 90), lights_off_s=0.0)])


@pytest.fixture(scope="module")
def document(analysis: NightAnalysis) -> dict[str, Any]:
    return to_document(analysis)


def test_the_document_fits_its_schema(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)


def test_the_document_survives_json_unchanged(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_stages_are_letters_and_probabilities_stand_in_the_order_of_the_classes(document: dict[str, Any], analysis: NightAnalysis) -> None:
    assert analysis.hypnogram is not None
    assert document["hypnogram"]["classes"] == ["W", "L", "N3", "R"]
    assert len(document["hypnogram"]["stages"]) == analysis.features.n_epochs == 720
    assert {len(row) for row in document["hypnogram"]["probabilities"]} == {4}
    assert document["device_hypnogram"]["stages"][:31] == ["W"] * 30 + ["L"]


def test_statistics_have_a_key_for_every_number(document: dict[str, Any]) -> None:
    assert set(document["statistics"]) == {field.name for field in fields(SleepStatistics)}


def test_an_interval_has_its_two_ends(analysis: NightAnalysis) -> None:
    document = to_document(replace(analysis, intervals={"tst_min": (340.0, 380.25)}))
    assert document["intervals"] == {"tst_min": [340.0, 380.25]}
    jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(
    "change", [{"extra": 1}, {"epoch_s": 20}, {"statistics": {}}, {"events": [{"kind": "XX"}]}, {"features": {"hr": []}}]
)
def test_the_schema_refuses_what_is_not_a_night(document: dict[str, Any], change: dict[str, Any]) -> None:
    broken = copy.deepcopy(document) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_the_schema_misses_every_key(document: dict[str, Any], key: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({k: v for k, v in document.items() if k != key}, SCHEMA)


def test_what_was_not_measured_is_null() -> None:
    assert number(math.nan) is None
    assert number(math.inf) is None
    assert numbers(np.array([1.5, np.nan, 0.1], dtype=np.float32)) == [1.5, None, 0.1]


def test_every_event_kind_is_explained_in_the_docs_and_allowed_by_the_schema() -> None:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    for kind in EventKind:
        name, meaning = GLOSSARY[kind]
        assert f"| {kind} | {name} | {meaning} |" in page
    assert SCHEMA["$defs"]["event"]["properties"]["kind"]["enum"] == [str(kind) for kind in EventKind]
