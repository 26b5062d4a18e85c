import json
from typing import Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from components.findings import finding_list, level_badge
from somnia_engine.text import Text
from somnia_engine.types.findings import LEVEL_SHAPES, Evidence, Finding, Level
from tests.components.made import HIGH, UNKNOWN

NAMES = {"apnea": Text("Sleep apnea and snoring"), "insomnia": Text("Insomnia")}


def words(component: Any) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


@pytest.mark.parametrize("level", list(Level))
def test_a_level_is_a_shape_and_a_word_and_a_color_of_its_own(level: Level) -> None:
    badge = level_badge(level)
    shape, word = badge.children
    assert shape.children == LEVEL_SHAPES[level]
    assert len(word.children) > 3
    assert len({words(level_badge(other)) for other in Level}) == 4


def test_the_strongest_finding_leads_and_what_was_not_assessed_comes_last() -> None:
    said = words(finding_list((UNKNOWN, HIGH), NAMES))
    assert said.index("Sleep apnea and snoring") < said.index("Insomnia")


def test_a_strong_finding_is_open_and_one_not_assessed_is_closed() -> None:
    strong, unknown = finding_list((UNKNOWN, HIGH), NAMES).children
    assert strong.open is True
    assert unknown.open is False


def test_evidence_shows_value_threshold_sensor_and_who_says_so() -> None:
    said = words(finding_list((HIGH,), NAMES))
    for part in ("20 /h", "5 /h", "ring.csv", "Someone 1999", "apnea-oximetry 1", "Show this page to a doctor."):
        assert part in said


def test_what_was_not_assessed_says_what_it_needs() -> None:
    assert "needs 7 nights" in words(finding_list((UNKNOWN,), NAMES))


def test_a_value_that_was_not_measured_is_a_dash() -> None:
    finding = Finding("x", Level.LOW, Text("…"), 1.0, evidence=(Evidence(Text("a"), float("nan"), "/h"),))
    said = words(finding_list((finding,), {}))
    assert "nan" not in said
    assert "–" in said
