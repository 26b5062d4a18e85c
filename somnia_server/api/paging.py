"""Long lists in pages: `limit` entries after the one that `after` names, and where the next page is."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import abort, request
from pydantic import BaseModel, Field

from somnia_engine.text import t

T = TypeVar("T")
MOST, USUAL = 1000, 200


class Page(BaseModel):
    """Which part of a list: at most `limit` entries, after the entry with the id `after`."""

    limit: int = Field(default=USUAL, ge=1, le=MOST)
    after: str = Field(default="", max_length=64, description="The id of the last entry of the page before.")


class Whose(Page):
    """Whose list: the caller's, or that of somebody for whom they act or bring files."""

    subject: str = Field(default="me", max_length=64)


def page_of(entries: Sequence[T], page: Page, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """Return the entries of a page, and the address of the next one; None after the last."""
    first = 0
    if page.after:
        places = [at for at, entry in enumerate(entries) if key(entry) == page.after]
        if not places:
            abort(422, t("There is no entry “{id}” in this list; begin again without “after”.", id=page.after))
        first = places[0] + 1
    shown = entries[first : first + page.limit]
    more = first + page.limit < len(entries)
    said: dict[str, Any] = {name: value for name, value in request.args.items() if name not in ("limit", "after")}
    following = said | {"limit": page.limit, "after": key(shown[-1])} if more else None
    return shown, None if following is None else f"{request.path}?{urlencode(following)}"
