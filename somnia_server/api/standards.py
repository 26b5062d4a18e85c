"""What the document says of the endpoints that OAuth 2.0 shapes: bodies are forms, and refusals are as RFC 6749 has them."""

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
ERROR: dict[str, Any] = {
    "description": "Refused, as RFC 6749 (5.2) says it",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OAuthError"}}},
}
SCHEMAS: dict[str, Any] = {
    "OAuthError": {
        "type": "object",
        "description": "A refusal in the words of RFC 6749",
        "required": ["error"],
        "properties": {"error": TEXT, "error_description": TEXT, "error_uri": TEXT},
    }
}


def _form(summary: str, fields: dict[str, Any], required: list[str], found: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": fields}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    return {"post": {"tags": ["Tokens"], "summary": summary, "requestBody": body, "responses": {"200": found, "400": ERROR, "401": ERROR}}}


def _asked(name: str, *, required: bool = True, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {**TEXT, **schema}}


PATHS: dict[str, Any] = {
    "/auth/authorize": {
        "get": {
            "tags": ["Tokens"],
            "summary": "Ask a person, in their browser, whether a program may act for them",
            "parameters": [
                _asked("response_type", enum=["code"]),
                _asked("client_id"),
                _asked("redirect_uri", format="uri"),
                _asked("scope"),
                _asked("state", required=False),
                _asked("code_challenge", minLength=43, maxLength=128),
                _asked("code_challenge_method", enum=["S256"]),
            ],
            "responses": {
                "200": {"description": "The page that asks the person", "content": {"text/html": {"schema": TEXT}}},
                "302": {"description": "To the log-in; or back to the program, with `error` and `state`"},
                "400": ERROR,
                "401": ERROR,
            },
        }
    },
    "/auth/token": _form(
        "Turn a code, or a refresh token, into tokens",
        {
            "grant_type": {**TEXT, "enum": ["authorization_code", "refresh_token"]},
            "client_id": TEXT,
            "code": TEXT,
            "redirect_uri": TEXT,
            "code_verifier": TEXT,
            "refresh_token": TEXT,
        },
        ["grant_type", "client_id"],
        {"description": "Tokens", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tokens"}}}},
    ),
    "/auth/revoke": _form(
        "Give a refresh token back; its whole family ends",
        {"client_id": TEXT, "token": TEXT, "token_type_hint": TEXT},
        ["client_id", "token"],
        {"description": "It is over, or was none of ours", "content": {"application/json": {"schema": {"type": "object"}}}},
    ),
}


def _told(event: str, thing: str, said: str) -> dict[str, Any]:
    data = {"type": "object", "required": ["user", thing], "properties": {"user": TEXT, thing: TEXT}}
    schema = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {"type": {"const": event}, "timestamp": {**TEXT, "format": "date-time"}, "data": data},
    }
    example = {"type": event, "timestamp": "2026-03-02T07:00:00+00:00", "data": {"user": f"u-{'5f0c' * 8}", thing: "5f0c" * 8}}
    signed = [{"name": f"webhook-{one}", "in": "header", "required": True, "schema": TEXT} for one in ("id", "timestamp", "signature")]
    body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
    answers = {"2XX": {"description": "Taken"}, "410": {"description": "Gone: the webhook is switched off"}}
    return {"post": {"tags": ["Webhooks"], "summary": said, "parameters": signed, "requestBody": body, "responses": answers}}


WEBHOOKS: dict[str, Any] = {
    "night.ready": _told("night.ready", "night", "A night is ready"),
    "night.signed": _told("night.signed", "night", "A doctor signed what they say of a night"),
    "grant.changed": _told("grant.changed", "grant", "A grant was given, or ended before its time"),
    "ping": _told("ping", "webhook", "Somebody asked for a ping"),
}
"""What is told to webhooks, signed as Standard Webhooks has it."""
