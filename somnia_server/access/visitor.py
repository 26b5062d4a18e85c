"""Who asks: an account by its session, a program by its token, else a visitor, who is a random id in a signed cookie."""

import re
import secrets
from collections.abc import Mapping

from flask import Response, abort, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from somnia_server.access.kiosks import display_now
from somnia_server.access.sessions import session_actor
from somnia_server.access.tokens import token_actor
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import house

COOKIE = "somnia_visitor"
CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
COOKIE_DAYS = 30
PROGRAMS = ("/api/",)
VISITOR = re.compile(r"v-[0-9a-f]{32}")


def cookie_name(name: str = COOKIE) -> str:
    """Return the cookie's name: bound to this host when the pages come over https."""
    return f"__Host-{name}" if house().settings.tls else name


def visitor_from_cookie(value: str | None) -> Actor | None:
    """Return the visitor that a cookie's value names; None when it is missing, forged or old."""
    if not value:
        return None
    try:
        owner = _signer().loads(value, max_age=COOKIE_DAYS * 86400)
    except BadSignature:
        return None
    return Actor(owner, Role.VISITOR) if isinstance(owner, str) and VISITOR.fullmatch(owner) else None


def actor_known() -> Actor | None:
    """Return who asks in the current request; None when it is nobody that we know."""
    if "actor" not in g:
        if request.path.startswith(PROGRAMS):  # cookies do not count there, so that no other site can use them
            g.actor = token_actor()
        else:
            g.actor = session_actor() or display_now() or visitor_from_cookie(request.cookies.get(cookie_name()))
    found: Actor | None = g.actor
    return found


def actor_now() -> Actor:
    """Return who asks in the current request; answers 401 when it is nobody that we know."""
    actor = actor_known()
    if actor is None:
        abort(401)
    return actor


def actor_from_cookies(cookies: Mapping[str, str]) -> Actor:
    """Return who brings these cookies, for a process that follows a request without being in it; answers 401 when it is nobody."""
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    # a context of its own: what the request being followed keeps in `g` must not be ended here
    with current_app.app_context(), current_app.test_request_context(headers={"Cookie": header}):
        return actor_now()


def welcome() -> None:
    """Give somebody unknown a visitor's id; the cookie goes out with the answer."""
    if actor_known() is None:
        g.actor = Actor(f"v-{secrets.token_hex(16)}", Role.VISITOR)
        g.new_visitor = True


def send_cookies(response: Response) -> None:
    """Set the cookies of a new visitor, and the token that callbacks echo."""
    tls = house().settings.tls
    age = COOKIE_DAYS * 86400
    actor: Actor | None = g.actor
    if g.get("new_visitor") and actor is not None:
        response.set_cookie(cookie_name(), _signer().dumps(actor.id), max_age=age, httponly=True, samesite="Lax", secure=tls, path="/")
    if actor is not None and not csrf_matches(request.cookies.get(cookie_name(CSRF_COOKIE), ""), actor):
        response.set_cookie(cookie_name(CSRF_COOKIE), csrf_token(actor), max_age=age, samesite="Lax", secure=tls, path="/")


def csrf_token(actor: Actor) -> str:
    """Return the token that belongs to an actor."""
    return house().vault.fingerprint("csrf", actor.id, str(current_app.secret_key))


def csrf_matches(given: str, actor: Actor) -> bool:
    """Return whether a token belongs to an actor."""
    return secrets.compare_digest(given.encode(), csrf_token(actor).encode())


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="somnia visitor")
