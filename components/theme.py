"""The design tokens in Python: the same names and colors as `assets/tokens.css`, for figures and pictures."""

from typing import Literal, NamedTuple

from somnia_engine.types.findings import Level
from somnia_engine.types.hypnogram import Stage

Theme = Literal["light", "dark"]


class Token(NamedTuple):
    """One color in its two dresses."""

    light: str
    dark: str


TOKENS: dict[str, Token] = {
    "background": Token("#F6F7F9", "#0E131C"),
    "surface": Token("#FFFFFF", "#161D29"),
    "line": Token("#E3E7ED", "#263041"),
    "text": Token("#18202E", "#E8ECF3"),
    "muted": Token("#5B6678", "#9AA6B8"),
    "accent": Token("#4655C6", "#8A97F5"),
    "stage-w": Token("#B7791F", "#F0B558"),
    "stage-r": Token("#C93B52", "#E4596E"),
    "stage-n1": Token("#5C97C9", "#8FBBDD"),
    "stage-n2": Token("#2F74B5", "#4E95CC"),
    "stage-n3": Token("#173A6B", "#3F6FB5"),
    "stage-none": Token("#B4BCC8", "#4A5568"),
    "level-low": Token("#2A8F82", "#45B5A6"),
    "level-moderate": Token("#B07512", "#D69A35"),
    "level-high": Token("#B83A3A", "#E06A6A"),
    "level-none": Token("#6B7688", "#98A3B5"),
    "spo2": Token("#2C7FB8", "#5BA6DA"),
    "heart": Token("#C2456B", "#E27496"),
    "snore": Token("#7A5AC2", "#A48AE4"),
    "movement": Token("#5C7A89", "#8FACBB"),
    "room": Token("#8A9A3B", "#B4C463"),
}

STAGE_TOKENS: dict[Stage, str] = {
    Stage.W: "stage-w",
    Stage.R: "stage-r",
    Stage.N1: "stage-n1",
    Stage.N2: "stage-n2",
    Stage.L: "stage-n2",
    Stage.S: "stage-n2",
    Stage.N: "stage-n2",
    Stage.T: "stage-n1",
    Stage.N3: "stage-n3",
    Stage.UNSCORED: "stage-none",
}

LEVEL_TOKENS: dict[Level, str] = {
    Level.LOW: "level-low",
    Level.MODERATE: "level-moderate",
    Level.HIGH: "level-high",
    Level.NOT_ASSESSED: "level-none",
}


def color(name: str, theme: Theme) -> str:
    """Return a token's color in one dress; an unknown name raises KeyError."""
    return getattr(TOKENS[name], theme)
