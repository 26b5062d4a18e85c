"""Questionnaires: what is asked, how an answer counts, and what a person answered on a day."""

from dataclasses import dataclass
from datetime import date

from somnia_engine.text import Text


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be given, and the points that it counts."""

    text: Text
    points: int


@dataclass(frozen=True, slots=True)
class Item:
    """One question."""

    text: Text
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A published questionnaire in our own words, with its published scoring.

    Parameters
    ----------
    key, name : str, Text
    about : Text
        What the answers are to be about.
    items : tuple of Item
    threshold : int
        Points from which an answer stands out; where `lower_stands_out`, points up to which it does.
    disorders : tuple of str
        Keys of the detectors that read it.
    valid_days : int
        How far a night may lie from the answers that count for it [days].
    citation : str
        Of the scoring and the threshold.
    """

    key: str
    name: Text
    about: Text
    items: tuple[Item, ...]
    threshold: int
    disorders: tuple[str, ...]
    valid_days: int
    citation: str
    lower_stands_out: bool = False

    @property
    def most(self) -> int:
        """The most points that can be reached."""
        return sum(max(choice.points for choice in item.choices) for item in self.items)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person answered: the place of the chosen answer in each item's choices."""

    key: str
    day: date
    choices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A questionnaire's points of a day, and whether they stand out."""

    key: str
    day: date
    points: int
    stands_out: bool
