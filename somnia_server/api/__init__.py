"""The API: what programs may ask, one file a resource; `/api/docs` shows it, `/api/openapi.json` describes it."""

from importlib import import_module
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Flask
from flask.json.provider import DefaultJSONProvider

from somnia_server import failures
from somnia_server.api import standards
from somnia_server.api.authority import SCHEMES
from somnia_server.api.described import describe
from somnia_server.api.errors import PLACES, ErrorBody, init_errors

TITLE = "SOMNIA"
DOCUMENT = "/api/openapi.json"
ROOMS = (
    "admin",
    "auth",
    "clinic",
    "demo",
    "devices",
    "disorders",
    "docs",
    "health",
    "hooks",
    "jobs",
    "mydata",
    "nights",
    "notes",
    "packets",
    "profile",
    "programs",
    "reports",
    "sharing",
    "team",
    "trends",
    "uploads",
)
"""The files of this folder that answer requests."""


class Json(DefaultJSONProvider):
    """JSON as the library reads it; what is nested without end is no JSON to us."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what a text says; ValueError when it is no JSON, or too deep."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None


class Application(APIFlask):
    """An application whose document describes the API alone, not the pages and forms beside it."""

    json_provider_class = Json

    def log_exception(self, exc_info: Any) -> None:
        """Note an unforeseen error under an id: the address itself is not written down, since some carry tokens."""
        failures.note_request(exc_info[1])

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Add a part; one that is no part of the API stays out of the document."""
        if not isinstance(blueprint, APIBlueprint):
            blueprint.enable_openapi = False
        super().register_blueprint(blueprint, **options)


def new_application() -> Application:
    """Return an empty application that describes its API; it serves no files and says no errors of its own."""
    from somnia_server.api.health import VERSION

    app = Application("somnia", title=TITLE, version=VERSION, spec_path=DOCUMENT, docs_path=None, json_errors=False, static_folder=None)  # type: ignore[arg-type]
    app.config["VALIDATION_ERROR_STATUS_CODE"] = 422
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.security_schemes = SCHEMES
    app.spec_processor(_say_errors)
    return app


def _say_errors(document: Any) -> Any:
    """Say in the document that every refusal has one shape."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    shape = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**shape.pop("$defs"), "ErrorBody": shape}
    refusal = {"description": "Refused", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}}
    document["paths"] = {path: found for path, found in document["paths"].items() if path.startswith(PLACES)}
    schemas |= standards.SCHEMAS
    document["paths"] |= standards.PATHS
    document["webhooks"] = standards.WEBHOOKS
    document["tags"] = list({tag["name"]: tag for tag in document.get("tags", ())}.values())
    describe(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = {**operation["responses"], "default": refusal}
    return document


def init_api(app: Flask) -> None:
    """Give an application the API."""
    from somnia_server.access.addresses import init_addresses
    from somnia_server.access.oauth import oauth

    init_errors(app)
    init_addresses(app)
    app.register_blueprint(oauth)
    for room in ROOMS:
        module = import_module(f"{__name__}.{room}")
        for blueprint in (
            found for found in vars(module).values() if isinstance(found, Blueprint) and found.import_name == module.__name__
        ):
            app.register_blueprint(blueprint)
