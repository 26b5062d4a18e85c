"""Requests that count once: the same `Idempotency-Key` with the same request gets the same answer, for a day."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Response, current_app, request

from somnia_engine.text import Text, t
from somnia_server.access.doors import limit_requests
from somnia_server.api.authority import caller
from somnia_server.api.errors import problem
from somnia_server.store import repeats
from somnia_server.store.house import house
from somnia_server.store.repeats import Answer, OtherRequestError, Ticket

F = TypeVar("F", bound=Callable[..., Any])
KEY = "Idempotency-Key"
MOST_CHARS = 255
KEPT_HEADERS = ("Location", "Upload-Offset", "Upload-Length", "Content-Type")
SAYING = ("Upload-Length", "Upload-Metadata", "Repr-Digest", "Content-Length")
"""What tells one upload from another before its bytes are read."""
PIECE = 1 << 18
NOT_PLAIN = Text("An Idempotency-Key has 1 to {most} printable ASCII characters.")
OTHER_BYTES = Text("This Idempotency-Key was used for other bytes. Take a new key for each new file.")


def once(view: F) -> F:
    """Answer a request with a key that was answered before as it was then; another request with that key is 409."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(KEY)
        if key is None:
            return view(*args, **kwargs)
        actor = caller()
        if not 0 < len(key) <= MOST_CHARS or not (key.isascii() and key.isprintable()):
            limit_requests(actor.id, 1)
            return problem(400, t(NOT_PLAIN, most=MOST_CHARS))
        try:
            found = repeats.claim(actor, key, asked=_asked())
        except OtherRequestError as error:
            limit_requests(actor.id, 1)
            return problem(HTTPStatus.CONFLICT, t(error.text))
        if isinstance(found, Answer):
            limit_requests(actor.id, 1)
            return _again(found)
        return _first(found, lambda: current_app.make_response(view(*args, **kwargs)))

    return cast(F, answer)


def streamed(view: F) -> F:
    """Mark a view whose body is a file: requests are told apart by what they say of it, and by its digest when it comes again."""
    view.somnia_streamed = True  # type: ignore[attr-defined]
    return view


def _first(ticket: Ticket, view: Callable[[], Response]) -> Response:
    """Answer for the first time; only what was done is kept."""
    done = False
    try:
        response = view()
        done = response.status_code < HTTPStatus.MULTIPLE_CHOICES
    finally:
        if not done:
            repeats.let_go(ticket)
    if done:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        repeats.keep(ticket, Answer(response.status_code, response.get_data(as_text=True), headers))
    return response


def _again(kept: Answer) -> Response:
    known = json.loads(kept.body).get("sha256") if _is_stream() and kept.body else None
    if known and request.content_length and _digest() != known:
        return problem(HTTPStatus.CONFLICT, t(OTHER_BYTES))
    response = Response(kept.body, status=kept.status, headers=kept.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _asked() -> str:
    if _is_stream():
        said = [f"{name}: {request.headers.get(name, '')}" for name in SAYING]
    else:
        said = [hashlib.sha256(request.get_data()).hexdigest()]
    return "\n".join([request.method, request.full_path, *said])


def _is_stream() -> bool:
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "somnia_streamed", False))


def _digest() -> str:
    """Return the digest of the bytes that come; nothing of them is kept."""
    request.max_content_length = house().settings.max_upload_bytes
    found = hashlib.sha256()
    while piece := request.stream.read(PIECE):
        found.update(piece)
    return found.hexdigest()
