"""The session of a browser: a signed cookie carries a random name, and the database says at each request whether it still counts."""

import time
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_security import auth_required, password_changed, password_reset, user_authenticated
from flask_security.utils import set_request_attr

from somnia_server.settings import Settings
from somnia_server.store.accounts import PASSWORD, has_chosen_password, has_first_password, note_own, row_of
from somnia_server.store.actors import Actor
from somnia_server.store.sessions import actor_of_session, begin_session, end_session, end_sessions, role_of
from somnia_server.store.tables import UserRow

COOKIE = "somnia"
TOKEN = "somnia"
"""Where in Flask's session the name of ours stands."""
CSRF = "csrf_token"
UNUSED = "/still/"
"""What open pages ask by themselves: nobody need be there."""
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))
"""What stands in a browser's own description; the first that fits counts, because each also names those it resembles."""


recently = auth_required("session", within=lambda: current_app.config["SECURITY_FRESHNESS"])
"""Opens a view only to whoever is logged in and has proved who they are lately; others are asked for their password again."""


def session_actor() -> Actor | None:
    """Return the account that the current request's session stands for; None when it brings none that is alive."""
    if "session_actor" not in g:
        token = session.get(TOKEN)
        used = not request.path.startswith(UNUSED)
        g.session_actor = actor_of_session(token, used=used) if isinstance(token, str) else None
    found: Actor | None = g.session_actor
    return found


def must_choose_password() -> bool:
    """Return whether the current request's session was opened by a password that somebody else chose."""
    actor = session_actor()
    return actor is not None and has_first_password(actor.id)


def session_token() -> str:
    """Return the name of the current request's session, empty when it has none."""
    token = session.get(TOKEN)
    return token if isinstance(token, str) else ""


def configure_cookie(app: Flask, settings: Settings) -> None:
    """Say how the cookie is sent: bound to this host under TLS, never read by scripts, gone with the browser."""
    app.config["SESSION_COOKIE_NAME"] = f"__Host-{COOKIE}" if settings.tls else COOKIE
    app.config["SESSION_COOKIE_SECURE"] = settings.tls
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_PATH"] = "/"


def follow_accounts(app: Flask, login_manager: Any) -> None:
    """Begin a session at each log-in, end sessions when a password changes, and let the library believe ours only."""
    user_authenticated.connect(_began, app)
    password_changed.connect(_password_changed, app)
    password_reset.connect(_password_reset, app)
    login_manager.user_loader(_user_of_session)
    login_manager._request_callback = None  # the library would also take tokens of its own from headers and addresses


def end_now() -> None:
    """End the current request's session."""
    if session_token():
        end_session(session_token())
    forget()


def forget() -> None:
    """Drop what this request knows of its session."""
    session.pop(TOKEN, None)
    for name in ("session_actor", "actor"):
        g.pop(name, None)


def _began(_app: Flask, *, user: UserRow, **_: object) -> None:
    """Give the browser a new session; what it had before is over, its form tokens too."""
    end_now()
    for place in (session, g):
        place.pop(CSRF, None)
    session[TOKEN] = begin_session(user.id, browser_name(request.user_agent.string))


def browser_name(agent: str) -> str:
    """Return what people call a browser and the system that it runs on; the first word of what it calls itself otherwise."""
    found = [next((name for sign, name in names if sign in agent), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or agent.partition("/")[0][:40]


def _password_changed(_app: Flask, *, user: UserRow, **_: object) -> None:
    note_own(Actor(user.id, role_of(user.roles)), PASSWORD, "changed")
    has_chosen_password(user.id)
    end_sessions(user.id, keep=session_token())


def _password_reset(_app: Flask, *, user: UserRow, **_: object) -> None:
    note_own(Actor(user.id, role_of(user.roles)), PASSWORD, "reset")
    has_chosen_password(user.id)
    end_sessions(user.id)


def _user_of_session(uniquifier: str) -> UserRow | None:
    """Return the library's object of the session's account, while both the session and the account's own mark are current."""
    actor = session_actor()
    user = None if actor is None else row_of(actor.id)
    if user is None or user.fs_uniquifier != uniquifier:
        return None
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return user


def refresh_proof() -> None:
    """Note that the person has just proved who they are: what needs a recent proof is open for a while."""
    session["fs_paa"] = time.time()
