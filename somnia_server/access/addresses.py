"""Where requests come from: administrators' endpoints answer only there, and other sites' scripts may ask only when they are named."""

from ipaddress import ip_address, ip_network

from flask import Flask, Response, abort, current_app, request

from somnia_engine.text import t
from somnia_server.store.house import house

ADMIN = "/api/v1/admin"
OPEN_TO_SITES = "/api/"
METHODS = "GET, PUT, POST, PATCH, DELETE"
HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Repr-Digest, Tus-Resumable, "
    "Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset"
)
EXPOSED = (
    "Retry-After, WWW-Authenticate, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "ETag, Idempotent-Replayed, Location, Tus-Resumable, Upload-Length, Upload-Offset"
)
PREFLIGHT_S = "600"


def init_addresses(app: Flask) -> None:
    """Close the administrators' endpoints to other addresses, and let the named sites' scripts ask the API."""
    app.before_request(_only_from_here)
    app.before_request_funcs.setdefault(None, []).insert(0, _preflight)  # before the gate: a browser asks this without a token
    app.after_request(_allow_site)


def admin_address_ok() -> bool:
    """Return whether the current request comes from where administrators may work."""
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(allowed) for allowed in house().settings.access.admin_addresses)


def _only_from_here() -> None:
    if (request.path == ADMIN or request.path.startswith(f"{ADMIN}/")) and not admin_address_ok():
        abort(403, t("Administration is closed to this address; SOMNIA_ADMIN_ADDRESSES names those that it is open to."))


def _site() -> str | None:
    """Return the site whose script asks, when it may ask the API; cookies never come with it."""
    origin = request.headers.get("Origin")
    allowed = origin in house().settings.access.cors_origins and request.path.startswith(OPEN_TO_SITES)
    return origin if allowed else None


def _preflight() -> Response | None:
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or _site() is None:
        return None
    answer = current_app.response_class(status=204)
    answer.headers["Access-Control-Allow-Methods"] = METHODS
    answer.headers["Access-Control-Allow-Headers"] = HEADERS
    answer.headers["Access-Control-Max-Age"] = PREFLIGHT_S
    return answer


def _allow_site(response: Response) -> Response:
    if house().settings.access.cors_origins and request.path.startswith(OPEN_TO_SITES):
        response.headers.add("Vary", "Origin")
    site = _site()
    if site is not None:
        response.headers["Access-Control-Allow-Origin"] = site
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response
