"""/api/v1/health: whether the server answers, for those who watch it."""

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel

from somnia_server.store.tables import ping

VERSION = "0.1.0"
health = APIBlueprint("health", __name__, url_prefix="/api/v1", tag="Server")


class Health(BaseModel):
    """Whether the database answers, and which version this is."""

    status: Literal["ok"]
    version: str


@health.get("/health")
@health.output(Health)
def read_health() -> Any:
    """Say whether the server and its database answer."""
    ping()
    return {"status": "ok", "version": VERSION}
