"""Sentences that are translated where they are shown: the English text is its own key."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

Catalogue = Callable[[str], str]


def _english(msgid: str) -> str:
    return msgid


_catalogue: ContextVar[Catalogue] = ContextVar("catalogue", default=_english)


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence with named places, kept untranslated until somebody reads it.

    Parameters
    ----------
    msgid : str
        The English sentence with `{name}` places in `str.format` notation; also the key of its translation.
    values : mapping
        What stands in the places: numbers, strings, or further Texts (translated in turn).
    """

    msgid: str
    values: Mapping[str, "str | int | float | Text"] = field(default_factory=dict)

    def __str__(self) -> str:
        return t(self)

    def __hash__(self) -> int:
        return hash((self.msgid, tuple(sorted((k, str(v)) for k, v in self.values.items()))))


def t(msgid: str | Text, /, **values: str | float | Text) -> str:
    """Return the sentence in the current reader's language, places filled; an untranslated one stays English."""
    if isinstance(msgid, Text):
        values = {**msgid.values, **values}
        msgid = msgid.msgid
    sentence = _catalogue.get()(msgid)
    if not values:
        return sentence
    return sentence.format(**{k: t(v) if isinstance(v, Text) else v for k, v in values.items()})


@contextmanager
def speaking(catalogue: Catalogue) -> Iterator[None]:
    """Translate every `t()` inside the block with `catalogue`, a function from msgid to sentence."""
    token = _catalogue.set(catalogue)
    try:
        yield
    finally:
        _catalogue.reset(token)


Said = dict[str, str | int | float | Text]
"""What stands in the places of a Text."""
