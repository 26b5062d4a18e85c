"""/api/v1/devices: which devices seal nights for the caller; a device enrolls by a code; an end to one."""

import binascii
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import BaseModel, ConfigDict, Field

from somnia_engine.text import t
from somnia_server.access.doors import door_opened, try_door
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.api.errors import problem
from somnia_server.store.devices import devices_of, end_device, enroll

devices = APIBlueprint("devices", __name__, url_prefix="/api/v1/devices", tag="Packets")


class DeviceEntry(BaseModel):
    """A device; `waits`: its code was not used yet."""

    id: str
    name: str
    created_at: datetime
    seen_at: datetime | None
    waits: bool


class DeviceEntries(BaseModel):
    """The caller's devices, newest first."""

    devices: list[DeviceEntry]


class Enrollment(BaseModel):
    """The code that the person reads from their settings, and the device's X25519 public key (32 bytes, base64)."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=4, max_length=40)
    public_key: str = Field(min_length=40, max_length=48)


class Enrolled(BaseModel):
    """The name of the device's key (12 hexadecimal digits) and the server's X25519 public key (base64)."""

    key_id: str
    public_key: str


@devices.get("")
@devices.doc(security=BEARER)
@devices.output(DeviceEntries)
@needs(Action.READ_PROFILE)
def read_devices() -> Any:
    """Return the caller's devices."""
    return {"devices": [{name: getattr(one, name) for name in DeviceEntry.model_fields} for one in devices_of(caller())]}


@devices.post("")
@devices.input(Enrollment, arg_name="said")
@devices.output(Enrolled, status_code=201)
def take_in(said: Enrollment) -> Any:
    """Take a device in by its one-time code; both sides then draw the same key, which never travels."""
    try_door(None)
    try:
        public_key = b64decode(said.public_key, validate=True)
    except (binascii.Error, ValueError):
        return problem(422, t("A public key is 32 bytes in base64."))
    found = enroll(said.code, public_key)
    if found is None:
        return problem(403, t("This code is not right, or it was used already."))
    door_opened(None)
    return {"key_id": found[0], "public_key": b64encode(found[1]).decode()}, 201


@devices.delete("/<device>")
@devices.doc(security=BEARER)
@devices.output({}, status_code=204)
@needs(Action.CHANGE_PROFILE)
def remove(device: str) -> Any:
    """End a device: no packet of it is taken any more."""
    if not end_device(caller(), device):
        abort(404)
    return Response(status=204)
