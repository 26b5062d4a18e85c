"""Every detector against made-up nights of known truth; the confusion table stands in docs/reports."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from somnia_engine.detectors import detectors, judge, judge_one
from somnia_engine.types.findings import Level
from somnia_engine.types.night import NightHistory
from tests.engine.detectors.scenarios import SCENARIOS, Scenario
from tests.reports import REPORTS, keep

DRAWS = 20
LEAST_RIGHT = 0.9
LEVELS = (Level.NOT_ASSESSED, Level.LOW, Level.MODERATE, Level.HIGH)
BY_KEY = {detector.key: detector for detector in detectors()}


@cache
def found(scenario: Scenario) -> Counter[Level]:
    """Return how often each level was found."""
    rng = np.random.default_rng([7, SCENARIOS.index(scenario)])
    return Counter(judge_one(BY_KEY[scenario.disorder], scenario.draw(rng)).level for _ in range(DRAWS))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{s.disorder}-{s.truth}-without {s.lost or 'nothing'}")
def test_the_level_is_the_one_that_was_drawn(scenario: Scenario) -> None:
    assert found(scenario)[scenario.truth] >= LEAST_RIGHT * DRAWS


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.truth is Level.NOT_ASSESSED], ids=lambda s: f"{s.disorder}-{s.lost}")
def test_what_was_not_measured_is_never_judged(scenario: Scenario) -> None:
    assert found(scenario) == {Level.NOT_ASSESSED: DRAWS}


def test_every_disorder_is_drawn_at_every_level_and_without_a_sensor() -> None:
    drawn = {(s.disorder, s.truth) for s in SCENARIOS}
    assert {(key, level) for key in BY_KEY if key != "infant" for level in LEVELS} <= drawn


def test_no_adult_bound_is_asked_of_an_infant() -> None:
    for scenario in SCENARIOS:
        history = scenario.draw(np.random.default_rng(3))
        findings = judge(NightHistory(history.nights, replace(history.subject, infant=True)))
        assert {f.level for f in findings} == {Level.NOT_ASSESSED}
        assert {f.disorder for f in findings if f.evidence} <= {"infant"}


def table() -> dict[str, str]:
    """Return what was found, a row for each disorder and drawn level."""
    rows: dict[tuple[str, Level], Counter[Level]] = {}
    for scenario in SCENARIOS:
        rows.setdefault((scenario.disorder, scenario.truth), Counter()).update(found(scenario))
    return {
        f"{disorder}, drawn as {truth.replace('_', ' ')}": ", ".join(
            f"{counts[level]} {level.replace('_', ' ')}" for level in LEVELS if counts[level]
        )
        for (disorder, truth), counts in rows.items()
    }


@pytest.mark.slow
def test_the_confusion_table_is_written_anew() -> None:
    title = "Disorders: levels found on made-up nights of known truth (synthetic: no person slept them)"
    keep("disorders-synthetic", title, found=table(), by="`tests/engine/detectors/test_scenarios.py`, 20 draws of each scenario")
    assert "synthetic" in (REPORTS / "disorders-synthetic.md").read_text(encoding="utf-8")


def test_the_confusion_table_is_the_one_that_is_kept() -> None:
    written = (REPORTS / "disorders-synthetic.md").read_text(encoding="utf-8")
    assert [row for row in table().items() if f"| {row[0]} | {row[1]} |" not in written] == []
