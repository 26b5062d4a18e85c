"""What pages of forms share: which button was pressed, what the fields say, and what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import ctx, no_update

from components import fields
from somnia_engine.text import Text
from somnia_server.access import actor_now
from somnia_server.store.actors import Actor
from somnia_server.store.refusals import RefusalError

Said = Mapping[str, Any]
"""What the fields of a page say, by their names."""
Act = Callable[[Actor, str, Said], Text | None]
"""What a button does: for whom, to which thing, with what the fields say; returns what came of it."""


def answer(acts: Mapping[str, Act], body: Callable[[Actor], list[Any]]) -> Any:
    """Do what the pressed button says and return the page's new body; a refusal is said, and changes nothing."""
    asked = ctx.triggered_id
    if not isinstance(asked, dict) or not ctx.triggered[0]["value"] or asked.get("act") not in acts:
        return no_update
    actor = actor_now()
    try:
        said = acts[asked["act"]](actor, str(asked.get("key", "")), _said())
    except RefusalError as refusal:
        return [*fields.answer(refusal.text, good=False), *body(actor)]
    return [*fields.answer(said), *body(actor)]


def _said() -> dict[str, Any]:
    found = ctx.states_list[0] if ctx.states_list else []
    said = {str(state["id"]["name"]): state.get("value") for state in found if isinstance(state.get("id"), dict)}
    return {name: "" if value == fields.UNSAID else value for name, value in said.items()}
