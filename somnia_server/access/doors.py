"""The doors at which something secret is asked for: how often anybody may try, by account and by address; and how fast programs may ask."""

import math
import time
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, make_response, render_template, request, session
from flask_security import user_authenticated
from flask_security.signals import tf_profile_changed
from limits import RateLimitItem, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from somnia_engine.text import t
from somnia_server.access.counters import Counters, counters
from somnia_server.access.mail import tidy_email
from somnia_server.access.sessions import session_actor
from somnia_server.access_settings import AccessSettings
from somnia_server.store.accounts import account_of, account_of_mark
from somnia_server.store.tries import acquire

PER_ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="account")
PER_ADDRESS = RateLimitItemPerMinute(30, 15, namespace="address")
REQUESTS = RateLimitItemPerMinute(100, 1, namespace="requests")
CALLS = RateLimitItemPerMinute(1200, 1, namespace="calls")
CALLS_HERE = RateLimitItemPerMinute(6000, 1, namespace="calls from")
"""What pages may ask for: a page that is opened takes some ten callbacks and then one a second, and a ward shares an address."""
API = "/api/"
EXTENSION = "somnia_doors"
ONCE_S = 86400.0
PROVEN = frozenset(f"security.{name}" for name in ("login", "verify", "change_password", "two_factor_token_validation", "mf_recovery"))
"""The forms that lead on once what was typed is right, and stay when it is not."""

CREDENTIAL_DOORS = frozenset(
    f"security.{name}"
    for name in (
        "login",
        "verify",
        "register",
        "send_confirmation",
        "forgot_password",
        "reset_password",
        "change_password",
        "change_email",
        "two_factor_setup_validate",
        "two_factor_token_validation",
        "mf_recovery",
        "wan_signin_response",
        "wan_verify_response",
    )
)
"""The forms at which something secret is tried, or mail is sent; programs and kiosks call `try_door` themselves."""


def init_doors(app: Flask, settings: AccessSettings) -> None:
    """Count the tries at the doors of an application; call it after the library's forms stand."""
    with app.app_context():
        app.extensions[EXTENSION] = tuple(counters(settings.rate_storage, otherwise) for otherwise in ("somnia+db://", "memory://"))
    app.before_request(_at_the_door)
    app.after_request(_led_on)
    app.after_request(_say_rate)
    for signal in (user_authenticated, tf_profile_changed):
        signal.connect(_entered, app)


def client_address() -> str:
    """Return where a request comes from: an IPv4 address, or the /64 that an IPv6 address lies in."""
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
    return str(address)


def try_door(account: str | None) -> None:
    """Count one try at an account (its address as it was typed; None when none is named) and from here; 429 when it is one too many."""
    tries, address = _counters()[0], client_address()
    if not tries.hit(PER_ADDRESS, address):
        raise _shut(tries, PER_ADDRESS, address)
    if account and not tries.hit(PER_ACCOUNT, _name(account)):
        raise _shut(tries, PER_ACCOUNT, _name(account))


def door_opened(account: str | None, *, entered: bool = True) -> None:
    """Take back the try from this address, because it was right; and forget the account's, when somebody is wholly in."""
    tries = _counters()[0]
    tries.give_back(PER_ADDRESS, client_address())
    if account and entered:
        tries.clear(PER_ACCOUNT, _name(account))


def limit_requests(actor_id: str, cost: int) -> None:
    """Count what a program asks for: 100 points a minute for each account; 429 when it is too much."""
    requests = _counters()[1]
    g.rate_of = actor_id
    if not requests.hit(REQUESTS, actor_id, cost=cost):
        raise _shut(requests, REQUESTS, actor_id)


def limit_calls(actor_id: str) -> None:
    """Count a callback of a page, for who asks and from where; 429 when it is too much for a person's hands."""
    calls = _counters()[1]
    for item, name in ((CALLS, actor_id), (CALLS_HERE, client_address())):
        if not calls.hit(item, name):
            raise _shut(calls, item, name)


def limit_address() -> None:
    """Count what somebody asks of the API without saying who they are: 100 points a minute for each address."""
    limit_requests(f"from {client_address()}", 1)


def _say_rate(response: Response) -> Response:
    """Tell a program how much it may ask for yet, and when that begins anew."""
    if "rate_of" not in g and request.path.startswith(API):
        g.rate_of = f"from {client_address()}"  # nobody whom we know: what is left to this address
    if "rate_of" in g:
        requests = _counters()[1]
        wait = max(0.0, requests.open_at(REQUESTS, g.rate_of) - time.time())
        said = {"Limit": REQUESTS.amount, "Remaining": requests.left(REQUESTS, g.rate_of), "Reset": math.ceil(wait)}
        for name, value in said.items():
            response.headers[f"RateLimit-{name}"] = response.headers[f"X-RateLimit-{name}"] = str(value)
    return response


def use_once(kind: str, value: str) -> bool:
    """Return True the first time that something is used, for whoever comes first."""
    return acquire(f"once {kind} {value}", 1, seconds=ONCE_S)


def _at_the_door() -> Response | None:
    """Count tries at our forms before a password is hashed; say it on a page when there were too many."""
    if request.blueprint == "security" and request.is_json:  # the library would read forms in JSON too, and trip over a list
        return make_response("", 415)
    if request.method != "POST" or request.endpoint not in CREDENTIAL_DOORS:
        return None
    g.door_account = _account()
    try:
        try_door(g.door_account)
    except TooManyRequests as shut:
        page = render_template("security/said.html", heading=t("Too many tries"), sentence=shut.description)
        answer = make_response(page, 429)
        answer.headers.extend(shut.get_headers())
        answer.mimetype = "text/html"
        return answer
    return None


def _entered(_app: Flask, **_: object) -> None:
    if "door_account" in g:
        door_opened(g.pop("door_account"))


def _led_on(response: Response) -> Response:
    """Take a try back when it was right: a ward whose doctors all log in at eight must not shut its own door."""
    if response.status_code == 302 and request.endpoint in PROVEN and "door_account" in g:
        door_opened(g.pop("door_account"), entered="tf_user_id" not in session)
    return response


def _account() -> str | None:
    """Return whose secret a form asks for: of the address in it, of who is logging in, of who is logged in."""
    if request.endpoint in ("security.wan_signin_response", "security.reset_password"):
        return None  # what is presented there names its account by itself and cannot be guessed
    actor = session_actor()
    if actor is not None:
        account = account_of(actor.id)
        return account.email if account else None
    mark = session.get("tf_user_id")
    if isinstance(mark, str) and "code" in request.form:
        return account_of_mark(mark)
    return request.form.get("email") or None


def _name(account: str) -> str:
    try:
        return tidy_email(account)
    except ValueError:
        return account.strip().lower()[:320]


def _shut(counted: Counters, item: RateLimitItem, name: str) -> TooManyRequests:
    wait = max(1, math.ceil(counted.open_at(item, name) - time.time()))
    sentence = t("This was tried too often. Try again in {minutes} min.", minutes=math.ceil(wait / 60))
    return TooManyRequests(sentence, retry_after=wait)


def _counters() -> tuple[Counters, Counters]:
    found: tuple[Counters, Counters] = current_app.extensions[EXTENSION]
    return found
