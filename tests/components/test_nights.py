"""Home and the nights: what a night with and without stages shows."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.home import last_night
from components.nights import night_pages, nothing_yet
from somnia_engine.text import Text
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import SleepStatistics
from somnia_engine.types.score import ScorePart, SleepScore


@dataclass(frozen=True)
class Night:
    id: str = "n1"
    night: date = date(2025, 11, 14)
    start: datetime | None = datetime(2025, 11, 14, 22, 0, tzinfo=UTC)
    zone: str | None = "Europe/Berlin"
    statistics: SleepStatistics = field(default_factory=lambda: SleepStatistics(tst_min=424, se_pct=92, sol_min=14, waso_min=31))
    findings: tuple[Finding, ...] = (Finding("apnea", Level.HIGH, Text("Your blood oxygen fell 18 times an hour."), 1.0),)
    stages: NDArray[np.int8] = field(default_factory=lambda: np.zeros(960, np.int8))
    demo: bool = False
    damaged: bool = False
    score: SleepScore | None = None


def test_home_says_last_night_in_one_sentence_and_its_signs_by_shape_and_word() -> None:
    said = str(last_night([Night()]))
    assert "You slept 7 h 04 and lay awake for 31 min after that." in said
    assert "▲" in said
    assert "high" in said
    assert "Calibrating: 1 of 7 nights." in said


def judged(level: Level, **more: Any) -> tuple[Finding, ...]:
    return (Finding("apnea", level, Text("How often your oxygen fell."), 1.0, **more),)


EARLIER = date(2025, 11, 13)


def test_home_shows_which_level_changed_and_what_it_was() -> None:
    said = str(last_night([Night(findings=judged(Level.HIGH)), Night(id="n0", night=EARLIER, findings=judged(Level.LOW))]))
    assert "What changed" in said
    assert "before: no signs in what was measured" in said
    assert "No level changed" not in said


def test_home_is_calm_after_a_steady_night_and_still_shows_a_sign_that_stays() -> None:
    both = [Night(findings=judged(Level.MODERATE)), Night(id="n0", night=EARLIER, findings=judged(Level.MODERATE))]
    said = str(last_night(both))
    assert "No level changed since Thu 13 Nov." in said
    assert "As on Thu 13 Nov" in said
    assert "some signs" in said


def test_home_says_one_next_step() -> None:
    advised = str(last_night([Night(findings=judged(Level.HIGH, next_step=Text("Show this night to a doctor.")))]))
    assert "Show this night to a doctor." in advised
    wanted = str(last_night([Night(findings=judged(Level.NOT_ASSESSED, needs=(Text("4 h of oxygen"), Text("beats"))))]))
    assert "What would show more: 4 h of oxygen" in wanted
    assert "beats" not in wanted
    assert "There is nothing to do." in str(last_night([Night(findings=judged(Level.LOW))]))


def test_home_says_when_last_night_has_no_data() -> None:
    for hour, days, missing in ((8, 1, False), (8, 2, True)):
        now = datetime(2025, 11, 14 + days, hour, tzinfo=UTC)
        assert ("Last night has no data here" in str(last_night([Night()], now))) is missing
        assert "Last night has no data here" not in str(last_night([Night(demo=True)], now))


def test_home_leads_to_upload_tags_and_sharing() -> None:
    said = str(last_night([Night()]))
    for href in ("/upload", "/night/n1?tab=remarks", "/sharing"):
        assert f"href='{href}'" in said


def test_the_score_shows_its_parts_and_names_what_is_missing() -> None:
    parts = (ScorePart("duration", 50.0, 1.0, {"tst_min": 424.0}), ScorePart("continuity", 50.0, 0.5, {"se_pct": 80.0}))
    score = SleepScore(75.0, parts, ("regularity", "stages"), "score 1")
    said = str(last_night([Night(score=score)]))
    assert "Sleep score" in said
    assert "25 of 50" in said
    assert "Not measured: regularity, deep and REM. Their points went to the other parts." in said
    assert "75" in str(night_pages([Night(score=score)]))
    assert "Sleep score" not in str(last_night([Night()]))


def test_seven_nights_end_the_calibration() -> None:
    assert "Calibrating" not in str(last_night([Night(id=str(i), night=date(2025, 11, 20 - i)) for i in range(7)]))


def test_a_night_without_stages_shows_a_hatched_strip_and_dashes_not_zeros() -> None:
    bare = Night(statistics=SleepStatistics(), stages=np.empty(0, np.int8))
    said = str(last_night([bare])) + str(night_pages([bare]))
    assert "This night has no sleep stages." in said
    assert "week-gap" in said
    assert "0 min" not in said


def test_a_month_links_each_night_and_lists_it() -> None:
    said = str(night_pages([Night(), Night(id="n0", night=date(2025, 10, 31))]))
    assert said.count("/night/n1") == 2
    assert said.index("November 2025") < said.index("October 2025")
    assert "23:00 – 07:00" in said


def test_an_empty_list_leads_to_the_upload() -> None:
    assert "/upload" in str(nothing_yet())


def test_a_damaged_night_is_named_so_and_the_others_are_shown() -> None:
    broken = Night(id="n2", damaged=True, findings=(), statistics=SleepStatistics(), stages=np.empty(0, np.int8))
    assert "Damaged entry" in str(night_pages([broken, Night()]))
    assert "7 h 04" in str(night_pages([broken, Night()]))
    assert "This night cannot be read" in str(last_night([broken, Night()]))


def test_home_says_that_a_demo_night_is_one_and_shows_no_empty_card() -> None:
    said = str(last_night([Night(demo=True, findings=())]))
    assert "Span(children='demo', className='tag')" in said
    assert "What to look at" not in said
    assert "className='tag'" not in str(last_night([Night()]))
