"""The tokens: one set of colors in two files, readable, and told apart by every eye."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from components.ribbon import HEIGHTS
from components.theme import STAGE_TOKENS, TOKENS, Theme, color
from somnia_engine.types.hypnogram import Stage

CSS = (Path(__file__).parents[2] / "assets" / "tokens.css").read_text(encoding="utf-8")
THEMES: tuple[Theme, Theme] = ("light", "dark")
STAGES = ("stage-w", "stage-r", "stage-n1", "stage-n2", "stage-n3")
PLOTTED = (*STAGES, "spo2", "heart", "snore", "movement", "room", "level-low", "level-moderate", "level-high", "level-none")

MACHADO_2009 = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Linear RGB as seen with full color blindness: Machado 2009, doi 10.1109/TVCG.2009.113, severity 1.0."""
TO_XYZ = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
WHITE = np.array((0.9505, 1.0, 1.089))
DRAWN = (Stage.W, Stage.R, Stage.N1, Stage.N2, Stage.N3)
LEAST_DIFFERENCE = 10.0
"""CIE76 distance; about 2.3 is just noticeable (Mahy 1994, Color Research and Application 19), four times that is seen at a glance."""


def test_the_style_sheet_and_the_figures_name_the_same_colors() -> None:
    light = _declared(CSS[CSS.index(":root {") : CSS.index("@media (prefers-color-scheme: dark)")])
    preferred = _declared(CSS[CSS.index("@media (prefers-color-scheme: dark)") : CSS.index(':root[data-theme="dark"]')])
    chosen = _declared(CSS[CSS.index(':root[data-theme="dark"]') :])

    assert light == {name: token.light for name, token in TOKENS.items()}
    assert preferred == chosen == {name: token.dark for name, token in TOKENS.items()}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["surface", "background"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent"])
def test_text_reads_on_every_ground(ink: str, ground: str, theme: Theme) -> None:
    assert _contrast(color(ink, theme), color(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PLOTTED)
def test_what_is_drawn_stands_out_from_the_card_it_lies_on(name: str, theme: Theme) -> None:
    assert _contrast(color(name, theme), color("surface", theme)) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eye", [None, *MACHADO_2009])
def test_every_pair_of_stages_differs_for_every_eye(eye: str | None, theme: Theme) -> None:
    seen = {name: _lab(_as_seen(color(name, theme), eye)) for name in STAGES}

    differences = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in itertools.combinations(STAGES, 2)}

    assert {pair: round(d, 1) for pair, d in differences.items() if d < LEAST_DIFFERENCE} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_in_grey_stages_of_like_lightness_stand_at_different_heights(theme: Theme) -> None:
    light = {stage: float(_lab(_linear(color(STAGE_TOKENS[stage], theme)))[0]) for stage in DRAWN}

    alike = [(a, b) for a, b in itertools.combinations(DRAWN, 2) if abs(light[a] - light[b]) < LEAST_DIFFERENCE]

    assert [(a, b) for a, b in alike if abs(HEIGHTS[a] - HEIGHTS[b]) < 0.15] == []


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(KeyError):
        color("no such token", "light")


def _declared(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", block))


def _linear(code: str) -> NDArray[np.float64]:
    value = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _contrast(one: str, other: str) -> float:
    dark, light = sorted(float(_linear(code) @ TO_XYZ[1]) for code in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _as_seen(code: str, eye: str | None) -> NDArray[np.float64]:
    return _linear(code) if eye is None else np.clip(np.array(MACHADO_2009[eye]) @ _linear(code), 0, 1)


def _lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = TO_XYZ @ linear / WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))
