"""A ward's display: what a bed shows, what it does not show as a last night, and that nothing on it leads anywhere."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from components.kiosk import board, screen
from somnia_server.store.clinic_notes import ClinicNote
from somnia_server.store.kiosks import Bed

NOW = datetime(2025, 11, 15, 9, 0, tzinfo=UTC)


def bed(**values: Any) -> Bed:
    known: dict[str, Any] = {"stages": (0, 2, 3, 4), "tst_min": 424.0, "score": 78.2, "age_h": 2.0, "night": date(2025, 11, 14)}
    known |= {"stale_at": NOW + timedelta(hours=34)}
    return Bed(0, alias="Bed 4", **(known | values))


def parts(tree: Any) -> list[Any]:
    inside = tree if isinstance(tree, list | tuple) else getattr(tree, "children", None)
    below = [part for child in (inside if isinstance(inside, list | tuple) else [inside]) if child is not None for part in parts(child)]
    return below if isinstance(tree, list | tuple) else [tree, *below]


def said(tree: Any) -> str:
    return " ".join(" ".join(part for part in parts(tree) if isinstance(part, str)).split())


def test_a_bed_shows_its_alias_the_ribbon_the_score_and_how_old_they_are() -> None:
    (shown,) = board([bed()], NOW)
    assert [part.alt for part in parts(shown) if type(part).__name__ == "Img"] == ["Sleep stages of the last night"]
    for words in ("Bed 4", "7 h 04 asleep", "78 of 100", "Fri 14 Nov · 2 h ago"):
        assert words in said(shown)


def test_what_is_too_old_is_unavailable_and_not_shown_as_a_last_night() -> None:
    (shown,) = board([bed(stale_at=NOW, age_h=240.0)], NOW)
    assert "bed-stale" in shown.className
    assert "Unavailable: no data of the last night." in said(shown)
    assert "10 days ago" in said(shown)
    assert "asleep" not in said(shown)
    assert "78" not in said(shown)
    assert not [part for part in parts(shown) if type(part).__name__ == "Img"]


def test_the_browser_knows_when_a_bed_becomes_too_old_without_the_server() -> None:
    (shown,) = board([bed()], NOW)
    assert shown.to_plotly_json()["props"]["data-stale-at"] == str(round((NOW + timedelta(hours=34)).timestamp() * 1000))


def test_what_was_not_measured_is_left_out() -> None:
    (shown,) = board([bed(stages=None, tst_min=None, score=None, age_h=None)], NOW)
    assert "Sleep stages were not found." in said(shown)
    assert "of 100" not in said(shown)
    assert "ago" not in said(shown)


@pytest.mark.parametrize("beds", [(), (bed(), Bed(1, dark=True), Bed(2, alias="Bed 6", damaged=True))])
def test_nothing_on_a_display_can_be_pressed(beds: tuple[Bed, ...]) -> None:
    kinds = {type(part).__name__ for part in parts(screen(beds, NOW))}
    assert not kinds & {"A", "Link", "NavLink", "Button", "Form", "Input", "Details"}


def test_a_bed_says_what_happens_now_beside_the_last_night() -> None:
    (arriving,) = board([bed(arriving_at=NOW)], NOW)
    (analyzing,) = board([bed(analyzing=True)], NOW)
    (still,) = board([bed()], NOW)
    assert "Data arriving since" in said(arriving)
    assert "Analyzing now" in said(analyzing)
    assert "bed-live" not in str(still.to_plotly_json())


def test_messages_stand_on_the_display_as_text() -> None:
    note = ClinicNote("a", "<b>Quiet</b> hours", NOW.date())
    assert "<b>Quiet</b> hours" in said(screen([bed()], NOW, notes=[note]))
