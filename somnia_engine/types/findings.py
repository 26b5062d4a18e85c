"""Judgements: a level, what it rests on, and what would make it possible where it is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from somnia_engine.text import Text


class Level(StrEnum):
    """How strongly the signs of a disorder show; LOW reads "no signs in what was measured"."""

    NOT_ASSESSED = "not_assessed"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


LEVEL_ORDER = (Level.HIGH, Level.MODERATE, Level.LOW, Level.NOT_ASSESSED)
"""The order in which levels are told: the strongest first."""
LEVEL_SHAPES: dict[Level, str] = {Level.LOW: "●", Level.MODERATE: "◆", Level.HIGH: "▲", Level.NOT_ASSESSED: "○"}
"""A level is told by its shape too: colors are lost in print and to some eyes."""
LEVEL_WORDS: dict[Level, Text] = {
    Level.LOW: Text("no signs in what was measured"),
    Level.MODERATE: Text("some signs"),
    Level.HIGH: Text("clear signs"),
    Level.NOT_ASSESSED: Text("not assessed"),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number behind a finding: its value against its threshold, where it came from and who says so.

    `value` is NaN when not measured; `threshold` None when there is none; `source` names sensors; `citation` the publication.
    """

    label: Text
    value: float
    unit: str
    threshold: float | None = None
    source: str = ""
    citation: str = ""
    minutes: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A judgement on one disorder.

    Parameters
    ----------
    disorder : str
        Key of the detector.
    level : Level
    summary : Text
        One sentence for a person.
    coverage : float
        0..1: the share of what is needed that was measured.
    evidence : tuple of Evidence
    risk : float or None
        Calibrated probability of the event that `risk_of` names; None when no calibration exists.
    needs : tuple of Text
        What would make it assessable; empty when it was assessed.
    next_step : Text or None
    rule : str
        Rule and version, "apnea-oximetry 1".
    """

    disorder: str
    level: Level
    summary: Text
    coverage: float
    evidence: tuple[Evidence, ...] = ()
    risk: float | None = None
    risk_of: Text | None = None
    needs: tuple[Text, ...] = ()
    next_step: Text | None = None
    rule: str = ""
    details: Mapping[str, float] = field(default_factory=dict)
