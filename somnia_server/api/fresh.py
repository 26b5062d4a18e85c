"""Answers that a program need not fetch again: each carries an ETag, and the same one in `If-None-Match` is answered 304."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import current_app, request

F = TypeVar("F", bound=Callable[..., Any])


def fresh(view: F) -> F:
    """Give what a view answers an ETag of its bytes; 304 without them when the program has just these."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        response = current_app.make_response(view(*args, **kwargs))
        if response.status_code == HTTPStatus.OK:
            response.add_etag()
            response.make_conditional(request)
        return response

    return cast(F, answer)
