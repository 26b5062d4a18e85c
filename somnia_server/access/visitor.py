"""A visitor is a random id in a signed cookie; it owns what that browser uploads."""

import re
import secrets

from flask import Response, abort, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from somnia_server.store.house import house

COOKIE = "somnia_visitor"
CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
COOKIE_DAYS = 30
OWNER = re.compile(r"v-[0-9a-f]{32}")


def cookie_name(name: str = COOKIE) -> str:
    """Return the cookie's name: bound to this host when the pages come over https."""
    return f"__Host-{name}" if house().settings.tls else name


def owner_from_cookie(value: str | None) -> str | None:
    """Return the owner that a cookie's value names; None when it is missing, forged or old."""
    if not value:
        return None
    try:
        owner = _signer().loads(value, max_age=COOKIE_DAYS * 86400)
    except BadSignature:
        return None
    return owner if isinstance(owner, str) and OWNER.fullmatch(owner) else None


def owner_known() -> str | None:
    """Return the owner of the current request; None when it brought none."""
    if "owner" not in g:
        g.owner = owner_from_cookie(request.cookies.get(cookie_name()))
    found: str | None = g.owner
    return found


def owner_now() -> str:
    """Return the owner of the current request; answers 401 when it brought none."""
    owner = owner_known()
    if owner is None:
        abort(401)
    return owner


def welcome() -> None:
    """Give a new visitor an id; the cookie goes out with the answer."""
    if owner_known() is None:
        g.owner = f"v-{secrets.token_hex(16)}"
        g.new_owner = True


def send_cookies(response: Response) -> None:
    """Set the cookies of a new visitor, and the token that callbacks echo."""
    tls = house().settings.tls
    age = COOKIE_DAYS * 86400
    if g.get("new_owner"):
        response.set_cookie(cookie_name(), _signer().dumps(g.owner), max_age=age, httponly=True, samesite="Lax", secure=tls, path="/")
    if g.get("owner") is not None and not csrf_matches(request.cookies.get(CSRF_COOKIE, ""), g.owner):
        response.set_cookie(CSRF_COOKIE, csrf_token(g.owner), max_age=age, samesite="Lax", secure=tls, path="/")


def csrf_token(owner: str) -> str:
    """Return the token that belongs to an owner."""
    return house().vault.fingerprint("csrf", owner, str(current_app.secret_key))


def csrf_matches(given: str, owner: str) -> bool:
    """Return whether a token belongs to an owner."""
    return secrets.compare_digest(given.encode(), csrf_token(owner).encode())


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="somnia visitor")
