"""Access tokens: signed, short-lived, and believed only while the family of refresh tokens behind them is alive."""

import secrets
from datetime import timedelta
from typing import Any

import jwt
from flask import g, request

from somnia_server.store.actors import Actor
from somnia_server.store.house import house, now
from somnia_server.store.tokens import Refresh, actor_of_family

ALGORITHM = "HS256"
TYPE = "at+jwt"
KEY_ID = "1"
ISSUER = "somnia"
AUDIENCE = "somnia api"
LASTS = timedelta(minutes=10)
LONGEST = 2048
"""Characters of a token that are looked at; ours have some 400."""
CLAIMS = ("iss", "aud", "sub", "iat", "exp", "jti", "family", "scope")


def access_token(refresh: Refresh) -> str:
    """Return an access token for the family of a refresh token."""
    at = now()
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": refresh.user_id, "iat": at, "exp": at + LASTS, "jti": secrets.token_hex(8)}
    said |= {"family": refresh.family, "scope": refresh.scope}
    return jwt.encode(said, _key(), algorithm=ALGORITHM, headers={"typ": TYPE, "kid": KEY_ID})


def token_actor() -> Actor | None:
    """Return who the bearer token of the current request stands for; None when it brings none that is valid now."""
    if "token_actor" not in g:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        g.token_actor = actor_of_token(token.strip()) if scheme.lower() == "bearer" else None
    found: Actor | None = g.token_actor
    return found


def token_family() -> str:
    """Return the family of the current request's token, which must be valid."""
    claims = claims_of(request.headers.get("Authorization", "").partition(" ")[2].strip())
    return str(claims["family"]) if claims else ""


def actor_of_token(token: str) -> Actor | None:
    """Return who an access token stands for; None when it is not one of ours, or no longer counts."""
    claims = claims_of(token)
    if claims is None:
        return None
    return actor_of_family(claims["sub"], family=claims["family"], scopes=frozenset(claims["scope"].split()))


def claims_of(token: str) -> dict[str, Any] | None:
    """Return what an access token says, if this house signed exactly that, for itself, and lately."""
    if not token.isascii() or len(token) > LONGEST:
        return None
    try:
        head = jwt.get_unverified_header(token)
        if (head.get("alg"), head.get("typ"), head.get("kid")) != (ALGORITHM, TYPE, KEY_ID) or len(head) != 3:
            return None
        options: Any = {"require": list(CLAIMS), "strict_aud": True}
        claims: dict[str, Any] = jwt.decode(token, _key(), algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=options)
    except jwt.InvalidTokenError:
        return None
    return claims if all(isinstance(claims[name], str) for name in ("sub", "family", "scope")) else None


def _key() -> bytes:
    return house().vault.derive(b"somnia tokens")
