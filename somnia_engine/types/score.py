"""The sleep score with its parts: what each counts, what it reached, what was missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of the score: `weight` is the points that it can give tonight, `reached` 0..1 of them, `inputs` the numbers behind it."""

    key: str
    weight: float
    reached: float
    inputs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SleepScore:
    """A night's score.

    Parameters
    ----------
    value : float
        0..100.
    parts : tuple of ScorePart
        Those that could be told; their weights add up to 100.
    missing : tuple of str
        Keys of the parts that could not, whose weight the others took.
    version : str
        Of the table of curves.
    """

    value: float
    parts: tuple[ScorePart, ...]
    missing: tuple[str, ...] = ()
    version: str = ""
