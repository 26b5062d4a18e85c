"""A display of a clinic: paired once by a code, from then on known by a token in a cookie of its own."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from somnia_engine.text import t
from somnia_server.access.doors import door_opened, try_door
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.kiosks import kiosk_actor, pair

COOKIE = "somnia_kiosk"
STAYS_S = 365 * 86400
doors = Blueprint("kiosk", __name__, url_prefix="/kiosk")


def cookie_name() -> str:
    """Return the cookie's name: bound to this host when the pages come over https."""
    return f"__Host-{COOKIE}" if house().settings.tls else COOKIE


def display_now() -> Actor | None:
    """Return the display that asks in the current request; None when none does that is still paired."""
    token = request.cookies.get(cookie_name())
    return kiosk_actor(token) if token else None


@doors.get("/pair")
def ask() -> str:
    """Ask for the code."""
    return render_template("kiosk_pair.html")


@doors.post("/pair")
def connect() -> Response:
    """Turn a code into this display's token."""
    try_door(None)
    token = pair(request.form.get("code", ""))
    if token is None:
        flash(t("This code is not right, or it was used already."), "error")
        return redirect("/kiosk/pair")
    door_opened(None)
    response = redirect("/kiosk")
    said = {"httponly": True, "samesite": "Lax", "secure": house().settings.tls, "path": "/"}
    response.set_cookie(cookie_name(), token, max_age=STAYS_S, **said)  # type: ignore[arg-type]
    return response
