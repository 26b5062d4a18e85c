"""/api/v1/webhooks: where somebody wants to be told of what happened."""

from datetime import datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import BaseModel, ConfigDict, Field

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.api.once import once
from somnia_server.store import webhooks
from somnia_server.store.webhooks import MOST_URL, Webhook

hooks = APIBlueprint("hooks", __name__, url_prefix="/api/v1/webhooks", tag="Webhooks")
Event = Literal["night.ready", "night.signed", "grant.changed"]


class HookBody(BaseModel):
    """Where to tell, about what, and the secret that signs it: `whsec_` and 24 to 64 bytes in base64; without one, one is made."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=8, max_length=MOST_URL, examples=["https://clinic.example.org/somnia"])
    events: list[Event] = Field(default=["night.ready", "night.signed", "grant.changed"], min_length=1, max_length=3)
    secret: str | None = Field(default=None, max_length=128)


class HookEntry(BaseModel):
    """A webhook; `failures` tries in a row failed, `disabled_at`: it was switched off for that (a ping switches it on again)."""

    id: str
    url: str
    events: list[str]
    created_at: datetime
    failures: int
    disabled_at: datetime | None


class HookEntries(BaseModel):
    """The caller's webhooks, newest first; secrets are not shown again."""

    webhooks: list[HookEntry]


class Made(BaseModel):
    """The new webhook's id, and its secret, which is shown this once."""

    id: str
    secret: str


@hooks.get("")
@hooks.doc(security=BEARER)
@hooks.output(HookEntries)
@needs(Action.SHARE)
def read_webhooks() -> Any:
    """Return the caller's webhooks."""
    return {"webhooks": [_entry(one) for one in webhooks.webhooks_of(caller())]}


@hooks.post("")
@hooks.doc(security=BEARER)
@once
@hooks.input(HookBody, arg_name="said")
@hooks.output(Made, status_code=201)
@needs(Action.SHARE)
def add(said: HookBody) -> Any:
    """Have an address told of what happens to the nights that the caller may read, and to their sharing."""
    webhook_id, secret = webhooks.add_webhook(caller(), said.url, events=tuple(dict.fromkeys(said.events)), secret=said.secret)
    return {"id": webhook_id, "secret": secret}


@hooks.get("/<webhook_id>")
@hooks.doc(security=BEARER)
@hooks.output(HookEntry)
@needs(Action.SHARE)
def read_webhook(webhook_id: str) -> Any:
    """Return one webhook."""
    found = [one for one in webhooks.webhooks_of(caller()) if one.id == webhook_id]
    return _entry(found[0]) if found else abort(404)


@hooks.delete("/<webhook_id>")
@hooks.doc(security=BEARER)
@hooks.output({}, status_code=204)
@needs(Action.SHARE)
def remove(webhook_id: str) -> Any:
    """Delete a webhook and what waits for it."""
    if not webhooks.remove_webhook(caller(), webhook_id):
        abort(404)
    return Response(status=204)


@hooks.post("/<webhook_id>/ping")
@hooks.doc(security=BEARER)
@hooks.output({}, status_code=204)
@needs(Action.SHARE)
def ping(webhook_id: str) -> Any:
    """Tell a webhook something of no matter, soon; one that was switched off is on again."""
    if not webhooks.ping(caller(), webhook_id):
        abort(404)
    return Response(status=204)


def _entry(one: Webhook) -> dict[str, Any]:
    return {name: getattr(one, name) for name in HookEntry.model_fields if name != "events"} | {"events": list(one.events)}
