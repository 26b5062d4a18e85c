"""An example for each JSON body of the document: made from its schema, with values that one meets."""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
ID, NIGHT = "5f0c9b3d2a1e4f67890123456789abcd", "2026-03-01"
IDS = frozenset({"id", "after", "job", "patient", "doctor", "upload"})
VALUES: dict[str, Any] = {
    "access_token": "the-access-token",
    "after": ID,
    "birth_date": "1980-04-23",
    "channels": ["hr_bpm", "spo2_pct"],
    "code": "K7QM-2VXR-9TPD",
    "disabled_at": None,
    "due_date": None,
    "email": "ann@example.org",
    "error_description": "",
    "error_uri": "",
    "events": ["night.ready"],
    "expires_in": 600,
    "refresh_expires_in": 2592000,
    "refresh_token": "f4x1kq…",
    "key_id": "4f2a90c17be3",
    "media": ["application/json", "application/fhir+json"],
    "metrics": ["tst_min", "se_pct"],
    "values": {"tst_min": 412.5, "se_pct": 88.1},
    "version": "0.1.0",
    "error": None,
    "error_id": None,
    "eta_s": 12.5,
    "expires_at": "2026-04-01T07:00:00Z",
    "first_night": None,
    "format": "somnia_csv",
    "fraction": 0.4,
    "gestation_on": None,
    "gestation_weeks": None,
    "height_cm": 171.0,
    "language": "en",
    "last_night": None,
    "lights_off": "2026-03-01T23:05:00+01:00",
    "lights_on": "2026-03-02T06:58:00+01:00",
    "name": "Ann Example",
    "next": None,
    "nights": [NIGHT],
    "password": "several quiet words 7",
    "public_key": "c29tbmlhc29tbmlhc29tbmlhc29tbmlhc29tbmlhc28=",
    "revoked_at": None,
    "scope": "nights:read nights:write",
    "secret": "whsec_" + "EXAMPLE" * 4,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 48213,
    "received": 48213,
    "stage": "stage",
    "subject": "me",
    "tag": "coffee",
    "tags": ["coffee"],
    "text": "Seen.",
    "token_type": "Bearer",
    "url": "https://clinic.example.org/somnia",
    "weight_kg": 64.0,
    "zone": "Europe/Berlin",
}
"""What a field of a name holds in examples, where its schema lets it."""
NIGHT_DOCUMENT = {"start": "2026-03-01T22:41:00+01:00", "zone": "Europe/Berlin", "statistics": {"tst_min": 412.5, "se_pct": 88.1}}
"""A small part of one: docs/night.schema.json has the whole."""


def example_of(schema: Schema, known: dict[str, Schema], *, name: str = "") -> Any:
    """Return a value that a schema takes; `known` are the document's schemas, by name."""
    whole = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "$ref" in schema and schema["$ref"].endswith("/NightDocument"):
        return NIGHT_DOCUMENT
    for found in (schema, whole):
        if found.get("examples"):
            return found["examples"][0]
    kinds = [one.get("type", "object") for one in whole.get("anyOf", ())] or [whole.get("type", "object")]
    if name in VALUES and _fits(VALUES[name], kinds, whole):
        return VALUES[name]
    if "anyOf" in whole:
        return example_of(next(one for one in whole["anyOf"] if one.get("type") != "null"), known, name=name)
    if "const" in whole or "enum" in whole:
        return whole["const"] if "const" in whole else whole["enum"][0]
    return MAKERS[kinds[0]](whole, known, name)


def _fits(value: Any, kinds: list[str], schema: Schema) -> bool:
    """Return whether a value is of one of these types, by the type alone."""
    if value is None:
        return "null" in kinds
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    simple = all("$ref" not in one.get("items", {}) for one in (schema, *schema.get("anyOf", ())))
    return names[type(value)] in kinds and "enum" not in schema and simple


def _object(schema: Schema, known: dict[str, Schema], _name: str) -> Any:
    return {name: example_of(one, known, name=name) for name, one in schema.get("properties", {}).items()}


def _array(schema: Schema, known: dict[str, Schema], name: str) -> Any:
    return [example_of(schema["items"], known, name=name.removesuffix("s"))]


def _text(schema: Schema, _known: dict[str, Schema], name: str) -> Any:
    dated = {"date-time": "2026-03-02T07:00:00Z", "date": NIGHT}.get(schema.get("format", ""))
    if dated is not None:
        return dated
    if name.endswith("href"):
        return f"/api/v1/{name.removesuffix('href').rstrip('_') or 'job'}s/{ID}"
    return schema.get("default") or (ID if name in IDS or name.endswith("_id") else "text")


MAKERS: dict[str, Callable[[Schema, dict[str, Schema], str], Any]] = {
    "object": _object,
    "array": _array,
    "string": _text,
    "integer": lambda schema, _known, _name: schema.get("default", schema.get("minimum", 1)),
    "number": lambda schema, _known, _name: schema.get("default", 1.5),
    "boolean": lambda schema, _known, _name: schema.get("default", False),
    "null": lambda _schema, _known, _name: None,
}


def give_examples(document: dict[str, Any]) -> None:
    """Give each JSON body of the document, asked and answered, an example."""
    known = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = [answer for status, answer in operation["responses"].items() if status != "default"]
            for body in (operation.get("requestBody", {}), *answers):
                content = body.get("content", {}).get("application/json")
                if content is not None and content.get("schema"):
                    content["example"] = example_of(content["schema"], known)
