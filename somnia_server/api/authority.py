"""What every request to the API passes: who asks by their token, which scope that takes, and how much was asked for lately."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, g

from somnia_server.access.doors import limit_requests
from somnia_server.access.permissions import Action, require
from somnia_server.access.tokens import token_actor
from somnia_server.store.actors import Actor

F = TypeVar("F", bound=Callable[..., Any])
BEARER = "Bearer"
SCHEMES = {BEARER: {"type": "http", "scheme": "bearer", "description": "An access token from POST /auth/login: it counts for 10 minutes."}}
"""How the document says that a token is needed; the check is `caller`."""


def caller() -> Actor:
    """Return whose token came with the current request; answers 401 when none came that counts."""
    actor = token_actor()
    if actor is None:
        abort(401)
    return actor


def needs(action: Action, *, cost: int = 1) -> Callable[[F], F]:
    """Let only callers through whose token opens an action on their own data; `cost` is counted against 100 a minute."""

    def guarded(view: F) -> F:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            actor = caller()
            limit_requests(actor.id, cost)
            require(actor, action, actor.id)
            g.actor = actor
            return view(*args, **kwargs)

        return cast(F, answer)

    return guarded
