"""The stage ribbon: every epoch at its place, every stage at its height."""

import re
from urllib.parse import unquote

import pytest

from components.ribbon import HEIGHTS, ribbon_uri, stage_ribbon
from components.theme import STAGE_TOKENS
from somnia_engine.types.hypnogram import Stage

BAR = re.compile(r"<rect class='([\w-]+)' x='(\d+)' y='([\d.]+)' width='(\d+)' height='([\d.]+)'/>")


def _bars(stages: list[Stage], height: int = 100) -> list[tuple[str, int, float, int, float]]:
    svg = unquote(ribbon_uri([int(s) for s in stages], height=height).removeprefix("data:image/svg+xml,"))
    return [(token, int(x), float(y), int(width), float(tall)) for token, x, y, width, tall in BAR.findall(svg)]


def test_unbroken_stages_become_one_bar_each_and_cover_the_night() -> None:
    bars = _bars([Stage.W, Stage.W, Stage.L, Stage.N3, Stage.N3, Stage.R])

    assert [(token, x, width) for token, x, _, width, _ in bars] == [
        ("stage-w", 0, 2),
        ("stage-n2", 2, 1),
        ("stage-n3", 3, 2),
        ("stage-r", 5, 1),
    ]


def test_bars_stand_on_the_bottom_edge() -> None:
    assert all(y + tall == pytest.approx(100) for _, _, y, _, tall in _bars(list(Stage)))


def test_deeper_sleep_stands_taller_so_that_the_ribbon_reads_in_grey() -> None:
    tall = [HEIGHTS[stage] for stage in (Stage.W, Stage.R, Stage.N1, Stage.N2, Stage.N3)]

    assert tall == sorted(tall)
    assert len(set(tall)) == len(tall)


def test_an_unscored_stretch_is_lower_than_any_stage() -> None:
    (_, _, _, _, unscored), (_, _, _, _, wake) = _bars([Stage.UNSCORED, Stage.W])

    assert unscored < wake


def test_every_stage_has_a_color() -> None:
    assert set(STAGE_TOKENS) == set(Stage)


def test_a_night_without_epochs_is_an_empty_picture() -> None:
    assert _bars([]) == []


def test_the_ribbon_says_in_words_what_it_shows() -> None:
    assert stage_ribbon([0, 2, 3], label="7 h asleep").alt == "7 h asleep"
