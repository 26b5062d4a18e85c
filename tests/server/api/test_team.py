"""Who answers for the program, and what its models reached."""

import pytest
from flask import Flask

from somnia_engine import evaluation
from somnia_server.api.health import VERSION

pytestmark = pytest.mark.sqlite


def test_everybody_may_ask_and_every_stored_figure_is_told(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).get("/api/v1/team")
    assert answer.status_code == 200
    said = answer.get_json()
    assert (said["project"], said["version"]) == ("SOMNIA", VERSION)
    assert all(one["name"] and one["role"] for one in said["maintainers"])
    told = {model["name"]: model for model in said["models"]}
    for name, rows in evaluation.stored().items():
        assert [(f["figure"], f["value"], f["passed"]) for f in told[name]["figures"]] == [
            (row["figure"], row["value"], row["passed"]) for row in rows
        ]
    for name, card in evaluation.cards().items():
        assert told[name]["limits"] == card["limits"]
        assert told[name]["task"] == card["task"]


def test_a_goal_that_was_missed_is_told_as_missed(app: Flask) -> None:
    said = app.test_client(use_cookies=False).get("/api/v1/team").get_json()
    missed = {(model["name"], f["figure"]) for model in said["models"] for f in model["figures"] if f["passed"] is False}
    assert missed == {(name, row["figure"]) for name, rows in evaluation.stored().items() for row in rows if row["passed"] is False}
