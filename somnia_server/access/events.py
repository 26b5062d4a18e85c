"""What the log says of doors: who came in, who did not, what was refused and shut; by digests, never by a name or an address."""

import logging
import time

from flask import Flask, Response, g, request, session
from flask_security import user_authenticated

from somnia_server.access.doors import client_address
from somnia_server.access.gate import CACHEABLE
from somnia_server.store.house import house
from somnia_server.store.tables import UserRow

log = logging.getLogger(__name__)

ASKS = frozenset({"security.login", "security.two_factor_token_validation", "security.mf_recovery", "security.wan_signin_response"})
REFUSED = frozenset({401, 403, 404, 412, 429})
PENDING, PENDING_AT = "tf_user_id", "somnia_pending_at"
PENDING_S = 600.0
"""How long a log-in waits for its second proof."""


def init_events(app: Flask) -> None:
    """Let an application write down what happens at its doors, and forget log-ins that wait too long for their second proof."""
    app.before_request(_forget_pending)
    app.after_request(_written)
    user_authenticated.connect(_came_in, app)


def mark(kind: str, value: str) -> str:
    """Return what the log calls somebody: the same for the same one, and nothing that leads to them without the house's key."""
    return house().vault.fingerprint("log", kind, value)[:16] if value else "-"


def note_login(user_id: str, *, right: bool) -> None:
    """Write down that somebody came in, or did not."""
    rule = request.url_rule.rule if request.url_rule is not None else "-"
    log.log(
        logging.INFO if right else logging.WARNING, "log-in %s at %s by %s from %s", _word(right), rule, mark("actor", user_id), _from()
    )


def _word(right: bool) -> str:
    return "ok" if right else "failed"


def _from() -> str:
    return mark("address", client_address())


def _came_in(_app: Flask, *, user: UserRow, **_: object) -> None:
    g.came_in = True
    session.pop(PENDING_AT, None)
    note_login(user.id, right=True)


def _written(response: Response) -> Response:
    """Write down what was refused, and log-ins that led nowhere; a log-in that waits for its second proof gets its time."""
    waits = PENDING in session
    if waits and PENDING_AT not in session:
        session[PENDING_AT] = time.time()
    stayed = response.status_code == 200 or (response.status_code < 400 and not waits)
    if request.method == "POST" and request.endpoint in ASKS and "came_in" not in g and stayed:
        note_login("", right=False)
    if response.status_code in REFUSED and not request.path.startswith(CACHEABLE):
        actor, rule = g.get("actor"), request.url_rule.rule if request.url_rule is not None else "-"
        who = mark("actor", actor.id) if actor is not None else "-"
        log.warning("refused %d %s %s by %s from %s", response.status_code, request.method, rule, who, _from())
    return response


def _forget_pending() -> None:
    at = session.get(PENDING_AT) if PENDING in session else None
    if isinstance(at, float) and time.time() - at > PENDING_S:
        for name in [one for one in session if one.startswith("tf_")] + [PENDING_AT]:
            session.pop(name, None)
