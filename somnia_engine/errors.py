"""Everything that the engine refuses, as one tree of exceptions.

SomniaError
├── ReadError            a file cannot be read
│   ├── UnknownFormat    no reader recognises it
│   ├── DamagedFile      recognised, but broken beyond use
│   └── MissingChannel   read, but without what was asked for
├── NightChoiceNeeded    the files hold several nights and none was chosen
├── PacketError          a sealed feature packet cannot be opened
└── ModelError           a trained model is missing or not the one its card describes
"""

from collections.abc import Sequence
from datetime import date

from somnia_engine.text import Text


class SomniaError(Exception):
    """Base of the tree; `text` says what was given, what is allowed and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class ReadError(SomniaError):
    """A file cannot be read."""


class UnknownFormat(ReadError):
    """No reader recognises the file."""


class DamagedFile(ReadError):
    """The format is known, but nothing usable could be read."""


class MissingChannel(ReadError):
    """The file was read, but lacks a channel that was asked for."""


class NightChoiceNeeded(SomniaError):
    """The files hold several nights; `nights` lists their keys."""

    def __init__(self, text: Text, nights: Sequence[date]) -> None:
        super().__init__(text)
        self.nights = tuple(nights)


class PacketError(SomniaError):
    """A feature packet is not genuine, not whole, or of an unknown version."""


class ModelError(SomniaError):
    """A trained model is missing or differs from its card."""
