"""/api/v1/demo-analysis: a made-up night as the engine reads it, for whoever wants to see what comes back."""

import json
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from somnia_engine.document import to_document
from somnia_engine.text import t
from somnia_server.api.errors import problem
from somnia_server.api.nights import NightDocument
from somnia_server.store.demo_nights import demo_folder, last_night_in

demo = APIBlueprint("demo", __name__, url_prefix="/api/v1", tag="Nights")
RETRY_S = 30
KEPT = 6
"""Documents that are kept ready, so that somebody without a token cannot make the server write them again and again."""


class Wanted(BaseModel):
    """Which demo: a quiet night, one with breathing pauses, or the last of two weeks of short ones."""

    demo: Literal["healthy", "apnea", "insomnia"] = "healthy"


@demo.get("/demo-analysis")
@demo.input(Wanted, location="query", arg_name="wanted")
@demo.output(NightDocument)
def read_demo(wanted: Wanted) -> Any:
    """Return the last night of a demo, nobody's; without a token. Just after the first start it is not there yet: 404, `Retry-After`."""
    folder = demo_folder(wanted.demo)
    if folder is None:
        message = t("The demo nights are being analyzed. Ask again in half a minute.")
        return problem(HTTPStatus.NOT_FOUND, message, headers={"Retry-After": str(RETRY_S)})
    return Response(_written(folder, folder.stat().st_mtime_ns), mimetype="application/json")


@lru_cache(maxsize=KEPT)
def _written(folder: Path, _changed_ns: int) -> bytes:
    return json.dumps(to_document(last_night_in(folder))).encode()
