"""What stands in the place of something that was changed on the disk: it is named so, and the rest of its list can be read."""

import logging
from collections.abc import Callable
from typing import TypeVar

from somnia_engine.text import Text, t
from somnia_server.store.vault import TamperedError

log = logging.getLogger(__name__)
T = TypeVar("T")

DAMAGED = "damaged"
"""The state of a row that cannot be read."""
NAME = Text("Damaged entry")
SENTENCE = Text("This cannot be read: what is kept of it was changed on the server.")


def read_or(read: Callable[[], T], instead: T, *, what: str) -> T:
    """Return what was read; where that was changed a line in the log, naming it by its id, and what stands instead."""
    try:
        return read()
    except TamperedError:
        log.error("%s cannot be read: what is kept of it was changed", what)
        return instead


def named(read: Callable[[], str], *, what: str) -> str:
    """Return a name, or words that say that it is damaged."""
    return read_or(read, t(NAME), what=what)
