"""/api/v1/packets: a device brings a sealed night; the seal itself says whose it is."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from pydantic import BaseModel

from somnia_engine.errors import PacketError
from somnia_engine.packet.seal import MOST_BYTES
from somnia_engine.text import Text, t
from somnia_server.access.doors import client_address, limit_requests
from somnia_server.api.errors import problem
from somnia_server.store.packets import ReusedNonceError, UnknownDeviceError, secret_for, take

packets = APIBlueprint("packets", __name__, url_prefix="/api/v1/packets", tag="Packets")
TOO_LARGE = Text("A packet has at most {most} bytes; this has more.")


class Taken(BaseModel):
    """What became of a packet: its job, and once that is done its night; `known`: the same packet was here before."""

    job: str
    state: str
    night: str | None
    known: bool


@packets.post("")
@packets.doc(
    description="Bring one sealed night, as docs/packet.md says. No token: the seal proves the device. 202: taken, kept, queued; "
    "200: the same packet was here before; 403: no device of this name; 409: another packet under a number that is spent.",
    responses={200: "The packet was here before"},
)
@packets.output(Taken, status_code=202)
def bring() -> Any:
    """Take a sealed night."""
    content = request.get_data(cache=False) if (request.content_length or 0) <= MOST_BYTES else None
    if content is None:
        return problem(413, t(TOO_LARGE, most=MOST_BYTES))
    try:
        secret = secret_for(content)
        limit_requests(f"device {secret.device}", 1)
        taken = take(content, secret)
    except PacketError as error:
        limit_requests(f"packets of {client_address()}", 1)
        return problem(422, t(error.text))
    except UnknownDeviceError as error:
        limit_requests(f"packets of {client_address()}", 1)
        return problem(403, t(error.text))
    except ReusedNonceError as error:
        return problem(409, t(error.text))
    return _said(Taken(job=taken.job, state=taken.state, night=taken.night_id, known=taken.known), 200 if taken.known else 202)


def _said(body: Taken, status: int) -> Response:
    response = jsonify(body.model_dump())
    response.status_code = status
    return response
