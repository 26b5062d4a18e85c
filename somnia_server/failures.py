"""What is written down of an unforeseen error: an id that the person sees too, and where it happened; never what was sent or kept."""

import logging
import secrets
from traceback import format_tb
from typing import TYPE_CHECKING

from somnia_engine.text import t

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>SOMNIA</title></head>'
    '<body><h1>SOMNIA</h1><p>{sentence}</p><p>{error_id}</p><p><a href="/">{home}</a></p></body></html>'
)
"""Drawn without a template: what a template asks for may be what has just failed."""


def noted(error: BaseException, what: str) -> str:
    """Log an error under a new id, and return the id."""
    error_id = secrets.token_hex(4)
    log.error("%s failed, error id %s\n%s", what, error_id, trace(error))
    return error_id


def trace(error: BaseException) -> str:
    """Return the types and the lines of an error and of its causes, without its message, which may quote a name, a value or a token."""
    said, seen = [], set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        said.append("".join([f"{type(link).__module__}.{type(link).__qualname__}\n", *format_tb(link.__traceback__)]))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "caused by ".join(said)


def note_request(error: BaseException) -> str:
    """Log an error of the current request, once, and return its id; of the address only the rule, since tokens stand in some."""
    from flask import g, request  # here, because the room of an analysis has no web in it

    if "error_id" not in g:
        rule = request.url_rule.rule if request.url_rule is not None else "no rule"
        g.error_id = noted(error, f"{request.method} {rule}")
    found: str = g.error_id
    return found


def page(error: "HTTPException") -> "Response":
    """Return a plain page for an error of the current request, with its id."""
    from flask import Response

    error_id = note_request(getattr(error, "original_exception", None) or error)
    sentence = t("That did not work, and the cause is noted. Try again later.")
    return Response(PAGE.format(sentence=sentence, error_id=error_id, home=t("Start page")), 500, mimetype="text/html")
