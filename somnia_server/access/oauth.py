"""/auth/authorize, /auth/token, /auth/revoke: a person lets another's program act for them, and the program gets its tokens."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, render_template, request

from somnia_engine.text import Text
from somnia_server.access.doors import door_opened, try_door
from somnia_server.access.gate import CSP
from somnia_server.access.sessions import recently, session_actor
from somnia_server.store.actors import Actor
from somnia_server.store.clients import add_client
from somnia_server.store.refusals import RefusalError

oauth = Blueprint("oauth", __name__, url_prefix="/auth")
LONGEST = 120
OPENS = {
    "nights:read": Text("read your nights and reports"),
    "nights:write": Text("add nights and change them"),
    "profile:read": Text("read your profile, your notices and who looked at your data"),
    "profile:write": Text("change your profile and settings"),
    "sharing": Text("share your nights, have other systems told of them, and answer for your consents"),
    "account": Text("take a copy of everything, and erase everything"),
    "clinic": Text("do what you do as a doctor"),
    "admin": Text("do what you do as an administrator"),
}
"""What a person is told that a scope opens; what is not named here is opened to no program of others."""


@oauth.route("/authorize", methods=["GET", "POST"])
@recently
def authorize() -> Response:
    """Ask a person whether a program may act for them; lead them back to it with a code when they say yes."""
    from somnia_server.access.oauth_server import OAuth2Error, server

    actor, made = session_actor(), server()
    if actor is None:
        abort(401)
    try:
        grant = made.get_consent_grant(end_user=actor)
    except OAuth2Error as error:
        return _answered(made.handle_error_response(None, error))
    if request.method == "POST":
        user = actor if request.form.get("answer") == "yes" else None
        return _answered(made.create_authorization_response(grant_user=user, grant=grant))
    client, scopes = grant.request.client.client, grant.request.scope.split()
    back = urlsplit(grant.request.payload.redirect_uri)
    page = make_response(
        render_template("security/authorize.html", name=client.name, opens=[OPENS[one] for one in scopes], host=back.netloc)
    )
    page.headers["Content-Security-Policy"] = CSP.format(scripts="").replace(
        "form-action 'self'", f"form-action 'self' {back.scheme}://{back.netloc}"
    )
    return page


@oauth.post("/token")
def token() -> Response:
    """Give a program its tokens, for a code or a refresh token."""
    from somnia_server.access.oauth_server import server

    try_door(None)
    answer = _answered(server().create_token_response())
    if answer.status_code == 200:
        door_opened(None)
    return answer


@oauth.post("/revoke")
def revoke() -> Response:
    """Take a program's tokens back."""
    from somnia_server.access.oauth_server import server

    return _answered(server().create_endpoint_response("revocation"))


class ClientError(RefusalError):
    """A program cannot be registered; the sentence says why."""


def register_client(actor: Actor, *, name: str, redirect_uris: tuple[str, ...], scope: str) -> str:
    """Register a program of others and return its id; ClientError says why it cannot be."""
    if not 0 < len(name.strip()) <= LONGEST:
        raise ClientError(Text("A program has a name of at most 120 characters."))
    if not redirect_uris or not all(map(_is_address, redirect_uris)):
        raise ClientError(Text("A program is answered at https addresses, or at http on loopback: without spaces, users or fragments."))
    if not scope.split() or not set(scope.split()) <= set(OPENS):
        raise ClientError(Text("Scopes are: {scopes}.", {"scopes": ", ".join(OPENS)}))
    client_id = add_client(actor, name=name.strip(), redirect_uris=redirect_uris, scope=scope)
    if client_id is None:
        raise ClientError(Text("Only an administrator registers programs."))
    return client_id


def _is_address(said: str) -> bool:
    parts = urlsplit(said)
    plain = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    tidy = said.isascii() and said.isprintable() and not set(said) & set(" ;,'\"#*\\") and len(said) <= 500
    return tidy and bool(parts.netloc) and "@" not in parts.netloc and (parts.scheme == "https" or plain)


def _answered(answer: Any) -> Response:
    found: Response = answer
    return found
