"""Whether an open page may still be shown: asked by the page itself, every second, when it shows another person's data."""

from flask import Blueprint, Response

from somnia_server.access.visitor import actor_now
from somnia_server.store.actors import Role
from somnia_server.store.nights import may_read
from somnia_server.store.reach import shared_with

still = Blueprint("still", __name__, url_prefix="/still")


@still.get("/night/<night_id>")
def night(night_id: str) -> Response:
    """Answer whether the night may still be shown."""
    return Response(status=204 if may_read(actor_now(), night_id) else 404)


@still.get("/patient/<patient>")
def patient(patient: str) -> Response:
    """Answer whether the patient still shares."""
    return Response(status=204 if shared_with(actor_now(), patient) else 404)


@still.get("/display")
def display() -> Response:
    """Answer whether this display is still paired."""
    return Response(status=204 if actor_now().role is Role.KIOSK else 404)
