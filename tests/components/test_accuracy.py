import json
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from components.accuracy import accuracy
from somnia_engine.evaluation import cards, stored


def words(component: Any) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def row(**more: Any) -> dict[str, Any]:
    plain = {
        "task": "a task", "protocol": "a protocol", "n_people": 7, "n_units": 9, "unit": "nights", "figure": "kappa", "value": 0.5,
        "low": 0.4, "high": 0.6, "ruler": 0.45, "ruler_name": "a ruler", "bar": 0.55, "passed": False, "coverage": 1.0,
    }  # fmt: skip
    return {**plain, **more}


def test_every_shipped_figure_limit_and_source_is_on_the_page() -> None:
    said = words(accuracy(stored(), cards()))
    for rows in stored().values():
        for one in rows:
            assert one["task"] in said
    for card in cards().values():
        for limit in card["limits"]:
            assert words(limit) in said


def test_what_falls_short_says_so() -> None:
    said = words(accuracy({"rhythm": [row(), row(bar=0.4, passed=True)]}, {}))
    assert "0.550: not met" in said
    assert "0.400: met" in said
    assert "0.500 (0.400 to 0.600)" in said


def test_figures_without_a_goal_are_folded() -> None:
    parts = accuracy({"rhythm": [row(), row(bar=None, passed=None, figure="AUC")]}, {})
    assert "All other figures (1)" in words(parts)


def test_a_model_nobody_has_named_yet_is_shown_under_its_own_name() -> None:
    assert "moon_phase" in words(accuracy({"moon_phase": [row()]}, {}))


def test_a_confusion_table_names_each_class_and_counts_it() -> None:
    said = words(accuracy({"sound": [row(classes=["snore", "rain_wind"], table=[[7, 0], [2, 31]])]}, {}))
    assert "Which was taken for which" in said
    assert "rain wind" in said
    assert all(f'"children": {n}' in said for n in (7, 2, 31))
