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
ME = "me"
"""What stands for the caller in an address."""
SCHEMES = {BEARER: {"type": "http", "scheme": "bearer", "description": "An access token from POST /auth/login: it counts for 10 minutes."}}
"""How the document says that a token is needed; the check is `caller`."""


def caller() -> Actor:
    """Return whose token came with the current request; answers 401 when none came that counts."""
    actor = token_actor()
    if actor is None:
        abort(401)
    return actor


def whose(user_id: str) -> str | None:
    """Return whom an address names: None for the caller, by `me` or their own id; another's id as it is, for the stores to ask about."""
    return None if user_id in (ME, caller().id) else user_id


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
