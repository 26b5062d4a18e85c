"""What the document says of headers and of bodies that are no JSON: the library writes neither by itself."""

from typing import Any

from somnia_server.api.examples import give_examples
from somnia_server.api.nights import MEDIA
from somnia_server.api.once import KEY, MOST_CHARS

OCTETS, PIECES = "application/octet-stream", "application/offset+octet-stream"
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
TEXT: dict[str, Any] = {"type": "string"}


def _header(name: str, said: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": said, "schema": schema}


def _body(*media: str, required: bool) -> dict[str, Any]:
    return {"required": required, "content": {one: {"schema": {"type": "string", "contentMediaType": one}} for one in media}}


ONCE = _header(
    KEY,
    "A text of your own: the same key with the same request, within a day, gets the same answer and does nothing twice.",
    {"type": "string", "minLength": 1, "maxLength": MOST_CHARS},
)
LENGTH = _header("Upload-Length", "Bytes of the whole file, when this request brings none of them, or only the first.", NUMBER)
WHOLE = _header("Repr-Digest", "Of the whole file: sha-256=:base64: (RFC 9530).", TEXT)
CHECKSUM = _header("Upload-Checksum", "Of this request's bytes: sha256, a space, base64 (tus 1.0).", TEXT)
OFFSET = _header("Upload-Offset", "Where in the file this request's bytes begin.", NUMBER, required=True)
REPEATABLE = {(f"/api/v1/{path}", "post") for path in ("analyze", "grants", "nights/{night_id}/interpretations", "webhooks")}
"""Requests whose `Idempotency-Key` counts, besides uploads."""
EXTRA: dict[tuple[str, str], dict[str, Any]] = {
    ("/api/v1/upload/{kind}", "post"): {
        "parameters": [ONCE, LENGTH, CHECKSUM, WHOLE],
        "requestBody": _body(OCTETS, PIECES, required=False),
    },
    ("/api/v1/uploads/{upload_id}", "patch"): {
        "parameters": [OFFSET, CHECKSUM, WHOLE],
        "requestBody": _body(PIECES, required=True),
    },
    ("/api/v1/packets", "post"): {"requestBody": _body(OCTETS, required=True)},
}
RESPONSE_HEADERS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("/api/v1/upload/{kind}", "post"): ("201", {"Location": TEXT, "Upload-Offset": NUMBER}),
    ("/api/v1/analyze", "post"): ("202", {"Location": TEXT}),
    ("/api/v1/uploads/{upload_id}", "patch"): ("204", {"Upload-Offset": NUMBER}),
}

FRESH = ("/api/v1/nights", "/api/v1/nights/{night_id}", "/api/v1/reports/{user_id}", "/api/v1/trends/{user_id}")
"""What is answered with an ETag."""
KNOWN = _header("If-None-Match", "The ETag of what the program has: 304 when it is still that.", TEXT)

VERBS = {"get": "read", "post": "add", "put": "write", "patch": "change", "delete": "remove"}
NAMES = {
    ("get", "authorize"): "authorize",
    ("post", "login"): "login",
    ("post", "logout"): "logout",
    ("post", "refresh"): "refresh",
    ("post", "revoke"): "revoke",
    ("post", "token"): "exchange",
    ("post", "analyze"): "analyze",
    ("post", "devices"): "enroll_device",
    ("post", "packets"): "bring_packet",
    ("post", "ping"): "ping_webhook",
    ("post", "upload/"): "upload",
    ("patch", "uploads/"): "continue_upload",
    ("delete", "jobs/"): "cancel_job",
    ("delete", "user"): "erase_user",
    ("get", "reports/"): "read_reports",
    ("get", "trends/"): "read_trends",
}
"""What operations are called for which the rule makes no word; a slash at the end stands for one of many."""


def name_of(method: str, path: str) -> str:
    """Return what an operation is called: `read_nights`, `read_night`, `remove_tag`."""
    parts = path.strip("/").split("/")
    one = parts[-1].startswith("{")
    noun = parts[-2] if one else parts[-1]
    named = NAMES.get((method, f"{noun}/" if one else noun))
    single = one or method == "post"
    return named or f"{VERBS[method]}_{(noun.removesuffix('s') if single else noun).replace('-', '_')}"


def describe(document: dict[str, Any]) -> None:
    """Add names, headers, bodies and examples to the document."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = name_of(method, path)
    for (path, method), more in (EXTRA | {place: {"parameters": [ONCE]} for place in REPEATABLE}).items():
        operation = document["paths"][path][method]
        operation["parameters"] = [*operation.get("parameters", ()), *more.get("parameters", ())]
        operation |= {name: value for name, value in more.items() if name == "requestBody"}
    kind = next(one for one in document["paths"]["/api/v1/upload/{kind}"]["post"]["parameters"] if one["name"] == "kind")
    kind["schema"] = TEXT | {"enum": ["audio", "video", "recording"]}
    for path in FRESH:
        operation = document["paths"][path]["get"]
        operation["parameters"] = [*operation.get("parameters", ()), KNOWN]
        operation["responses"]["200"]["headers"] = {"ETag": {"schema": TEXT}}
        operation["responses"]["304"] = {"description": "Not changed"}
    night = document["paths"]["/api/v1/nights/{night_id}"]["get"]["responses"]["200"]
    night["content"] |= {media: {"schema": {"type": "string", "contentMediaType": media}} for media in MEDIA[1:]}
    for (path, method), (status, headers) in RESPONSE_HEADERS.items():
        response = document["paths"][path][method]["responses"][status]
        response["headers"] = {name: {"schema": schema} for name, schema in headers.items()}
    packet = document["paths"]["/api/v1/packets"]["post"]["responses"]
    packet["200"]["content"] = {"application/json": dict(packet["202"]["content"]["application/json"])}
    give_examples(document)
