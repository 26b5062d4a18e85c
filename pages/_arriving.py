"""What goes into the upload page: where files are dropped, or why none may be brought now, and how cameras and mats stand."""

import threading
from dataclasses import replace
from typing import Any

from dash import MATCH, Input, Output, callback, ctx, dcc, html, set_props

from components import ids, states, upload
from pages import _analysing as analysing
from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.store import persons
from somnia_server.store.actors import Actor
from somnia_server.store.processing import processing_refusal
from somnia_server.store.refusals import RefusalError

_keeping = threading.Lock()
"""Two answers given at once: the second must not be kept over settings that do not know the first."""


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


def standing(actor: Actor) -> dict[str, str]:
    """Return how the visitor's cameras and mats stand, by the name of the setting, as it was last said."""
    settings = persons.load_settings(actor)
    return {name: getattr(settings, name) for _, name, *_ in upload.STANDING}


@callback(Output(ids.upload("stands", MATCH), "valid"), Input(ids.upload("stands", MATCH), "value"), prevent_initial_call=True)
def keep_standing(value: str) -> bool:
    """Keep how a camera or a mat stands, for this recording and those to come."""
    actor, name = actor_now(), str(ctx.triggered_id["upload"]).partition("/")[0] if ctx.triggered_id else ""
    with _keeping:
        if name not in standing(actor):
            return False
        return persons.save_settings(actor, replace(persons.load_settings(actor), **{name: value}))
