"""The account's own pages besides the library's: the overview, where somebody is logged in, leaving."""

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_login import logout_user as forget_login
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from somnia_engine.text import t
from somnia_server.access import legal
from somnia_server.access.sessions import session_actor, session_token
from somnia_server.access.words import OUTDATED
from somnia_server.i18n import language_now
from somnia_server.store.accounts import account_of, leave_everywhere
from somnia_server.store.actors import Actor
from somnia_server.store.clients import names_of
from somnia_server.store.sessions import sessions_of
from somnia_server.store.tokens import Program, end_program, programs_of

pages = Blueprint("accounts", __name__)


def init_views(app: Flask) -> None:
    """Give an application the account's own pages."""
    app.register_blueprint(pages)
    app.register_blueprint(legal.pages)
    app.register_error_handler(CSRFError, _outdated)


@pages.get("/account")
@auth_required("session")
def overview() -> str:
    """Show how somebody logs in, and where they are logged in."""
    actor = session_actor()
    account = None if actor is None else account_of(actor.id)
    browsers = () if actor is None else sessions_of(actor, session_token())
    return render_template("security/account.html", account=account, browsers=browsers, programs=_programs(actor), when=_when)


@pages.post("/account/leave")
@auth_required("session")
def leave_all() -> Response:
    """Log somebody out in all their browsers and programs."""
    actor = session_actor()
    if actor is not None:
        leave_everywhere(actor)
    forget_login()
    flash(t("You are logged out everywhere."), "success")
    return redirect("/login")


@pages.post("/account/programs/end")
@auth_required("session")
def end_one() -> Response:
    """End what one program may do for somebody."""
    actor = session_actor()
    if actor is not None and end_program(actor, request.form.get("program", "")):
        flash(t("This program acts for you no more."), "success")
    return redirect("/account")


def _programs(actor: Actor | None) -> list[tuple[Program, str]]:
    """Return the programs that act for somebody, each with what it is called."""
    found = () if actor is None else programs_of(actor)
    names = names_of({one.client for one in found})
    return [(one, names.get(one.client, t("SOMNIA’s own programs"))) for one in found]


@pages.get("/logout")
def leave() -> str:
    """Ask whether somebody wants to leave: only a form of ours may log them out."""
    return render_template("security/logout_user.html")


def _when(at: object) -> str:
    from babel.dates import format_datetime

    return str(format_datetime(at, "short", locale=language_now()))


def _outdated(_error: CSRFError) -> tuple[str, int]:
    return render_template("security/said.html", heading=t("Out of date"), sentence=t(OUTDATED)), 400
