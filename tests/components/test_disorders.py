"""The list of disorders and the page of one."""

from datetime import date
from urllib.parse import unquote

import pytest

from components.disorders import DisorderView, Seen, disorder_list, disorder_page, newest
from components.ribbon import marks_uri, scale_uri
from somnia_engine.catalogue import disorder, disorders
from somnia_engine.text import Text
from somnia_engine.types.findings import Evidence, Finding, Level

NAMES = {entry.key: Text(f"Name of {entry.key}") for entry in disorders()}


def found(level: Level, *, key: str = "apnea", evidence: tuple[Evidence, ...] = ()) -> Finding:
    needs = (Text("It needs more."),) if level is Level.NOT_ASSESSED else ()
    return Finding(key, level, Text("What was seen."), 0.8, evidence, needs=needs, rule="x 1")


def seen(day: int, finding: Finding, stages: tuple[int, ...] = ()) -> Seen:
    return Seen(date(2025, 11, day), f"n{day}", finding, stages)


PROOF = Evidence(Text("Falls an hour"), 9.2, "/h", 5.0, "ring.csv", "Somebody 2020", ((60.0, 120.0), (600.0, 660.0)))
LOST = Evidence(Text("Lost number"), float("nan"), "%", 5.0)


def test_the_newest_judged_night_goes_before_a_newer_one_that_tells_nothing() -> None:
    nights = [seen(1, found(Level.HIGH)), seen(2, found(Level.LOW)), seen(3, found(Level.NOT_ASSESSED))]
    assert newest(nights).night == date(2025, 11, 2)
    assert newest(nights[2:]).night == date(2025, 11, 3)
    assert newest([]) is None


def test_the_list_has_all_eight_also_without_a_night() -> None:
    said = str(disorder_list(NAMES, {}, disorders(), demo=False))
    assert all(f"/disorders/{entry.key}" in said and f"Name of {entry.key}" in said for entry in disorders())
    assert said.count("not assessed") == len(NAMES)


def test_the_page_links_every_night_and_names_its_level() -> None:
    nights = (seen(1, found(Level.LOW)), seen(2, found(Level.HIGH, evidence=(PROOF, LOST)), (0, 2, 3)))
    said = str(disorder_page(DisorderView(NAMES["apnea"], disorder("apnea"), nights)))
    assert "/night/n1" in said
    assert "Sat 1 Nov 2025: no signs in what was measured" in said
    assert "Sun 2 Nov 2025: clear signs" in said
    assert "9.2 /h" in said
    assert "threshold 5 /h" in said
    assert "2 moments, 2 min in all" in said
    assert "Not measured on Sun 2 Nov 2025" in said
    assert "Lost number" in said


def test_an_infant_has_observations_and_no_levels() -> None:
    nights = (seen(1, found(Level.NOT_ASSESSED, key="infant", evidence=(Evidence(Text("Cries"), 2.0, ""),))),)
    said = str(disorder_page(DisorderView(NAMES["infant"], disorder("infant"), nights)))
    assert "observations only" in said
    assert "Night by night" not in said
    assert "no signs" not in said


def test_without_a_night_the_page_says_what_to_do() -> None:
    said = str(disorder_page(DisorderView(NAMES["bruxism"], disorder("bruxism"), ())))
    assert "No night yet" in said
    assert "/upload" in said


@pytest.mark.parametrize(("value", "threshold"), [(0.0, 5.0), (5.0, 5.0), (500.0, 5.0), (-1.0, 0.5), (0.0, 0.0)])
def test_a_number_stands_right_of_its_threshold_only_when_it_is_over_it(value: float, threshold: float) -> None:
    drawn = unquote(scale_uri(value, threshold))
    dot = float(drawn.split("cx='")[1].split("'")[0])
    tick = float(drawn.split("class='t' x='")[1].split("'")[0]) + 1.0
    assert 0 <= dot <= 120
    assert (dot > tick + 0.1) == (abs(value) > threshold)


def test_marks_lie_where_the_moments_are() -> None:
    drawn = unquote(marks_uri(((60.0, 120.0),), n_epochs=100))
    assert "x='2.00'" in drawn
    assert "viewBox='0 0 100 8'" in drawn
