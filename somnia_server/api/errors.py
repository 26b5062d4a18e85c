"""The one shape of an error: `{"error": {"status", "code", "message", …}}` for every refusal under /api and /auth."""

from http import HTTPStatus
from typing import Any

from apiflask import HTTPError
from flask import Response, jsonify, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException

from somnia_engine.text import Text, t
from somnia_server import failures
from somnia_server.access.permissions import ForbiddenError
from somnia_server.store.refusals import RefusalError

PLACES = ("/api/", "/auth/")
REFUSED = Text("This was refused.")
SENTENCES = {
    400: Text("The request cannot be read: its body is not the JSON that was announced."),
    401: Text("A valid access token is needed: Authorization: Bearer …"),
    404: Text("There is nothing at this address, or it is not yours."),
    405: Text("This address does not take this method; “Allow” says which."),
    413: Text("This is more than the server takes in one request."),
    415: Text("Send JSON: Content-Type: application/json."),
}


class Problem(BaseModel):
    """What was refused and why; `fields` names what is wrong in what was sent, `id` finds an unforeseen error in the log."""

    status: int
    code: str
    message: str
    id: str | None = None
    fields: dict[str, list[str]] | None = None


class ErrorBody(BaseModel):
    """The answer to a request that was refused."""

    error: Problem


def init_errors(app: Any) -> None:
    """Let every refusal of the API be said in its one shape; elsewhere errors stay as they are."""
    app.error_processor(_from_library)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(ForbiddenError, lambda error: problem(error.status, t("This is not yours to do or to see.")))
    app.register_error_handler(RefusalError, lambda error: problem(422, t(error.text)))


def problem(status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """Return a refusal."""
    said = Problem(status=status, code=_code(status), message=message, **more)
    response = jsonify(ErrorBody(error=said).model_dump(exclude_none=True))
    response.status_code = status
    response.headers.extend(headers or {})
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="somnia"'
    return response


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_") if status in set(HTTPStatus) else "checksum_mismatch"


def in_api() -> bool:
    """Return whether the current request is one of the API's."""
    return request.path.startswith(PLACES)


def _from_library(error: HTTPError) -> Any:
    detail: Any = error.detail
    fields: dict[str, list[str]] = {}
    if isinstance(detail, dict):
        for place, wrong in detail.items():
            before = "" if place == "json" else f"{place}."
            fields |= {f"{before}{name}": [str(one) for one in said] for name, said in wrong.items()} if isinstance(wrong, dict) else {}
    message = t("What was sent cannot be used; “fields” says why.") if fields else str(error.message)
    return problem(error.status_code, message, fields=fields or None)


def _from_http(error: HTTPException) -> Response | HTTPException:
    if not in_api():
        return failures.page(error) if error.code == 500 else error
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if status >= 500:
        error_id = failures.note_request(getattr(error, "original_exception", None) or error)
        return problem(status, t("That did not work, and the cause is noted. Try again later."), id=error_id)
    own = error.description if error.description != type(error).description else None  # the library's sentences speak of browsers
    return problem(status, own or t(SENTENCES.get(status, REFUSED)), headers=kept)
