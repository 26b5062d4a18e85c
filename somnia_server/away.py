"""What is answered while the database is away: an honest sentence, at once, made without asking it again."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, request
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from somnia_engine.text import Text, speaking, t
from somnia_server.access.gate import CALLBACK
from somnia_server.api.errors import in_api, problem
from somnia_server.i18n import catalogue, language_now
from somnia_server.store.connections import AWAY, REST_S, is_away

log = logging.getLogger(__name__)

HEADING = Text("Back in a moment")
SENTENCE = Text(
    "The database does not answer just now, so nothing can be shown or kept. What you kept before is safe: try again in a moment."
)


EXTENSION = "somnia_away"


def init_away(app: Flask) -> None:
    """Let an application answer while its database is away."""
    for kind in AWAY:
        app.register_error_handler(kind, _answer)


def show_on_pages(app: Flask, show: Callable[[], Any]) -> None:
    """Let open pages say it too: `show` returns what their callbacks are to set."""
    app.extensions[EXTENSION] = show


def _answer(error: SQLAlchemyError) -> Response:
    """Return 503 with the sentence as the asker reads it: a page, or the API's shape; other errors of the database go on as they are."""
    if not is_away(error):
        raise error
    log.warning("the database does not answer: %s", type(error.orig if isinstance(error, DBAPIError) else error).__name__)
    with speaking(catalogue(language_now())):  # the gate may have asked the database before the language was known
        if request.path == CALLBACK and EXTENSION in current_app.extensions:
            return _on_a_page(current_app.extensions[EXTENSION]())
        said = problem(503, t(SENTENCE)) if in_api() else make_response(_page(), 503)
    said.headers["Retry-After"] = str(round(REST_S) + 1)
    return said


def _on_a_page(shown: Any) -> Response:
    """Return a callback's answer that only says it; one that follows a task without a result is asked again by itself."""
    follows = "cacheKey" in request.args
    return jsonify({"sideUpdate": shown} if follows else {"sideUpdate": shown, "multi": True, "response": {}})


def _page() -> str:
    """Return a page made without what the library would add to each: who is logged in stands in the database."""
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return current_app.jinja_env.get_template("away.html").render(t=t, lang=language_now(), heading=HEADING, sentence=SENTENCE, back=back)
