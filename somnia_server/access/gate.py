"""The gate: every rule is closed unless it stands in `rules`; what passes gets the headers that keep a browser safe."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from somnia_server.access import visitor
from somnia_server.access.addresses import admin_address_ok
from somnia_server.access.callbacks import may_call, parts_asked
from somnia_server.access.doors import API, limit_address, limit_calls
from somnia_server.access.rules import OPEN, PEOPLE, RULES, Guard, Rule
from somnia_server.access.sessions import must_choose_password
from somnia_server.store.actors import Actor
from somnia_server.store.house import house

CACHEABLE = ("/assets/", "/_dash-component-suites/", "/_favicon.ico")
PROGRAMS = ("/api/", "/auth/")
BEFORE_CHOICE = ("/account/password", "/logout", "/login", "/reset", "/legal/")
"""What is open to somebody whose password was chosen by another."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
CALLBACK = "/_dash-update-component"
ADMIN_PART = "admin"
CSP = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

UNFRAMED = "frame-ancestors 'none'"
"""What is no page runs nothing, but may not be framed either."""


def init_access(app: Flask) -> None:
    """Put the gate before every request of an application and the headers behind it."""
    app.before_request(_gate)
    app.before_request(_count)
    app.after_request(_headers)


def allow_scripts(app: Flask, hashes: tuple[str, ...]) -> None:
    """Name the inline scripts (by their hashes) that pages may run: `tuple(dash_app.csp_hashes())` once all callbacks stand."""
    app.extensions["somnia_scripts"] = " ".join(hashes)


def _gate() -> AnyResponse | None:
    if request.url_rule is None:  # no such address, or not this method: Flask says so itself
        return None
    rule = RULES.get(request.url_rule.rule)
    if rule is None or (rule.welcomes and request.path.startswith(PROGRAMS)):  # no page lies among the addresses of programs
        abort(404)
    if rule.welcomes and request.method in READS:
        visitor.welcome()
    actor = visitor.actor_known()
    if actor is None and not rule.unknown:
        abort(401)
    if actor is not None and actor.role not in rule.roles:
        abort(404)
    if not request.path.startswith((*CACHEABLE, *PROGRAMS, *BEFORE_CHOICE)) and must_choose_password():
        if request.method in READS:
            return redirect("/account/password")
        abort(403)
    if rule.most_bytes and actor is not None and actor.role in PEOPLE:
        request.max_content_length = rule.most_bytes
    if request.method not in READS:
        _guard(rule, actor)
    if request.path == CALLBACK and actor is not None:
        limit_calls(actor.id)
    if request.path == CALLBACK and (actor is None or not may_call(actor.role, request.get_json(silent=True))):
        abort(404)
    if request.path == CALLBACK and ADMIN_PART in parts_asked(request.get_json(silent=True)) and not admin_address_ok():
        abort(403)
    return None


def _count() -> None:
    """Count what is asked of the API by whom nobody needs to know."""
    if request.path.startswith(API) and request.url_rule is not None and RULES[request.url_rule.rule] is OPEN:
        limit_address()


def _guard(rule: Rule, actor: Actor | None) -> None:
    """Refuse what another site made a browser send."""
    if rule.guard is Guard.TOKEN:
        return
    if not _same_origin():
        abort(403)
    if rule.guard is Guard.FORM and request.blueprint != "security":  # the library's own forms check theirs by themselves
        current_app.extensions["csrf"].protect()
    if rule.guard is Guard.TUS and "Tus-Resumable" not in request.headers:
        abort(412)
    if rule.guard is Guard.CALLBACK and (actor is None or not visitor.csrf_matches(request.headers.get(visitor.CSRF_HEADER, ""), actor)):
        abort(403)


def _same_origin() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:  # the browser itself says where the request comes from
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _headers(response: Response) -> Response:
    if "actor" in g and not request.path.startswith(visitor.PROGRAMS):
        visitor.send_cookies(response)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP.format(scripts=_scripts()) if response.mimetype == "text/html" else UNFRAMED)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Referrer-Policy", "no-referrer" if _carries_token() else "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.endpoint == "security.logout" and request.method not in READS:
        headers["Clear-Site-Data"] = '"cache", "storage"'
    if house().settings.tls:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if not request.path.startswith(CACHEABLE):
        headers["Cache-Control"] = "no-store"
    return response


def _carries_token() -> bool:
    """Return whether the address itself opens something once, so that no other page may learn it."""
    return request.url_rule is not None and "<token>" in request.url_rule.rule


def _scripts() -> str:
    found: str = current_app.extensions.get("somnia_scripts", "")
    return found
