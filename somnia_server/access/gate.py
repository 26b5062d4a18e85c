"""The gate: every rule is closed unless it stands here; what passes gets the headers that keep a browser safe."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request

from somnia_server.access import visitor
from somnia_server.store.house import house

OPEN_RULES = frozenset({"/healthz", "/favicon.ico", "/_favicon.ico", "/robots.txt"})
OPEN_PREFIXES = ("/assets/", "/_dash-component-suites/", "/static/")
READS = frozenset({"GET", "HEAD", "OPTIONS"})
CALLBACK = "/_dash-update-component"
TUS = "/upload/tus"
CSP = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def init_access(app: Flask) -> None:
    """Put the gate before every request of an application and the headers behind it."""
    app.before_request(_gate)
    app.after_request(_headers)


def allow_scripts(app: Flask, hashes: tuple[str, ...]) -> None:
    """Name the inline scripts (by their hashes) that pages may run: `tuple(dash_app.csp_hashes())` once all callbacks stand."""
    app.extensions["somnia_scripts"] = " ".join(hashes)


def _gate() -> None:
    if _is_open(request.path) and request.method in READS:
        return
    if request.method in READS and _is_page():
        visitor.welcome()
        return
    owner = visitor.owner_now()
    if request.method in READS:
        return
    if not _same_origin():
        abort(403)
    if request.path == TUS or request.path.startswith(f"{TUS}/"):
        if "Tus-Resumable" not in request.headers:  # a header that no other site can send
            abort(412)
    elif not visitor.csrf_matches(request.headers.get(visitor.CSRF_HEADER, ""), owner):
        abort(403)


def _is_open(path: str) -> bool:
    return path in OPEN_RULES or path.startswith(OPEN_PREFIXES)


def _is_page() -> bool:
    """Return whether the request reaches Dash's own index (any path that is no other rule), its layout or its list of callbacks."""
    rule = request.url_rule.rule if request.url_rule is not None else ""
    return rule in ("/", "/<path:path>") or request.path in ("/_dash-layout", "/_dash-dependencies")


def _same_origin() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:  # the browser itself says where the request comes from
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _headers(response: Response) -> Response:
    if "owner" in g:
        visitor.send_cookies(response)
    headers = response.headers
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", CSP.format(scripts=_scripts()))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if house().settings.tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if not _is_open(request.path):
        headers["Cache-Control"] = "no-store"
    return response


def _scripts() -> str:
    found: str = current_app.extensions.get("somnia_scripts", "")
    return found
