"""Another's word for who somebody is: an identity provider (OpenID Connect), linked to an account by the account's own person only."""

import logging
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask_security import auth_required
from flask_security.utils import login_user
from werkzeug.wrappers import Response

from somnia_engine.text import Text, t
from somnia_server import egress
from somnia_server.access.sessions import recently, session_actor
from somnia_server.access_settings import AccessSettings
from somnia_server.store.accounts import find_by_identity, link_identity
from somnia_server.store.house import house

log = logging.getLogger(__name__)
pages = Blueprint("identity", __name__)

EXTENSION = "somnia_identity"
WAITING = "somnia_identity"
"""Where in the session stands who the provider says it is, until the person agrees that it is them."""
PATIENCE_S = 10
SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"})
"""What a provider may sign with: never with a secret that we share, never not at all."""

FAILED = Text("The identity provider did not vouch for you. Try again, or log in with your password.")
NOT_LINKED = Text("No account is linked with this identity yet. Log in with your password, then link it on the page of your account.")
TAKEN = Text("This identity is linked with another account.")
LINKED = Text("You can now log in through {host}.")
UNLINKED = Text("The link is removed.")


class IdentityError(Exception):
    """The provider's answer cannot be believed; the message says why, without what it said of the person."""


def init_identity(app: Flask, settings: AccessSettings) -> None:
    """Let an identity provider vouch for people, where the administrator names one."""
    if not settings.oidc_issuer:
        return
    from authlib.integrations.flask_client import OAuth

    app.extensions[EXTENSION] = OAuth(app).register(
        "somnia",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE_S,
            "token_endpoint_auth_method": "client_secret_basic" if settings.oidc_client_secret else "none",
        },
    )
    app.register_blueprint(pages)


@pages.get("/login/identity")
def start() -> Response:
    """Send somebody to the provider."""
    try:
        answer: Response = _provider().authorize_redirect(url_for("identity.answer", _external=True))
    except _mishaps() as error:
        return _failed(error)
    return answer


@pages.get("/login/identity/answer")
def answer() -> Response:
    """Take what the provider says: log its account in, or ask who is logged in whether to link it."""
    try:
        subject = _subject(_provider())
    except _mishaps() as error:
        return _failed(error)
    if session_actor() is not None:
        session[WAITING] = subject
        return redirect("/account/identity")
    user = find_by_identity(subject)
    if user is None or not user.active:
        flash(NOT_LINKED.msgid, "info")
        return redirect("/login")
    further: Response | None = current_app.extensions["security"].two_factor_plugins.tf_enter(user, False, "identity", next_loc=None)
    if further is not None:
        return further
    login_user(user, authn_via=["identity"])
    return redirect("/")


@pages.get("/account/identity")
@auth_required("session")
def waiting() -> str | Response:
    """Ask whether the account and the identity belong together: nobody is linked by a click on another site."""
    return render_template("security/identity.html", waiting=WAITING in session, host=_host())


@pages.post("/account/identity")
@recently
def link() -> Response:
    """Link the identity that waits with the account of who is logged in, or remove the link."""
    actor, subject = session_actor(), session.pop(WAITING, None)
    if actor is None:
        return redirect("/login")
    if request.form.get("remove"):
        link_identity(actor, None)
        flash(t(UNLINKED), "success")
    elif subject is not None:
        linked = link_identity(actor, subject)
        flash(t(LINKED, host=_host()) if linked else t(TAKEN), "success" if linked else "error")
    return redirect("/account")


def _provider() -> Any:
    egress.check("oidc")
    return current_app.extensions[EXTENSION]


def _host() -> str:
    return house().settings.access.oidc_issuer.partition("://")[2]


def _subject(provider: Any) -> str:
    """Return who the provider says it is, once its answer is checked: state, nonce, code challenge, issuer, audience, signature."""
    issuer = house().settings.access.oidc_issuer
    known = provider.load_server_metadata()
    if known.get("issuer", "").rstrip("/") != issuer:
        raise IdentityError(f"SOMNIA_OIDC_ISSUER={issuer} calls itself something else")
    offered = known.get("id_token_signing_alg_values_supported") or ["RS256"]
    known["id_token_signing_alg_values_supported"] = sorted(SIGNATURES.intersection(offered))
    said = provider.authorize_access_token().get("userinfo")
    if not said or not said.get("sub"):
        raise IdentityError("the answer names nobody")
    return f"{issuer} {said['sub']}"


def _mishaps() -> tuple[type[Exception], ...]:
    """Return what may go wrong with a provider: it is not there, talks nonsense, refuses, or somebody forges its answer."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    return AuthlibBaseError, JoseError, RequestException, IdentityError, egress.EgressRefusedError, RuntimeError, KeyError, ValueError


def _failed(error: Exception) -> Response:
    log.warning("the identity provider did not vouch: %s", type(error).__name__)
    flash(FAILED.msgid, "error")
    return redirect("/login" if session_actor() is None else "/account")
