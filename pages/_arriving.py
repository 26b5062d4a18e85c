"""The first step of the upload page: where files are dropped, or why none may be brought now."""

from typing import Any

from dash import dcc, html, set_props

from components import ids, states, upload
from pages import _analysing as analysing
from somnia_engine.text import t
from somnia_server.store.actors import Actor
from somnia_server.store.processing import processing_refusal
from somnia_server.store.refusals import RefusalError


def entrance(actor: Actor) -> list[Any]:
    """Return the place for files and the demo nights; the reason instead when nothing may be worked on."""
    refusal = processing_refusal(actor.id)
    if refusal is None:
        return [upload.drop_zone(), html.Div(id=ids.TRANSFERS), analysing.demos()]
    links = [dcc.Link(t("About you"), href="/settings"), dcc.Link(t("Sharing and consent"), href="/sharing")]
    return [states.message(refusal, tone="moderate"), html.Div(links, className="actions")]


def enqueue(actor: Actor, nights: list[str] | None, zone: str | None, start: str | None) -> tuple[str, ...]:
    """Queue the chosen nights; none when nothing may be worked on any longer."""
    try:
        return analysing.enqueue(actor, nights, zone, start)
    except RefusalError as refusal:
        set_props(ids.ERROR, {"children": states.message(refusal.text, tone="moderate")})
        return ()
