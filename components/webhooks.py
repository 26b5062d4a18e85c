"""Other systems that are told of news: a card that lists them and removes them; they are named by programs, through the API."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

PAGE = "sharing"
EVENTS = {
    "night.ready": Text("a night is ready"),
    "night.signed": Text("a night was signed"),
    "grant.changed": Text("sharing changed"),
}


def webhooks_card(webhooks: Sequence[Any]) -> html.Section:
    """Return the card of the systems that are told."""
    entries = [(_entry(one), _acts(one)) for one in webhooks]
    lead = t("Programs that you let in asked to have these addresses told when something happens: what and when, with ids, never a number.")
    return fields.card(t("Other systems that are told"), fields.rows(entries, empty=t("None")), lead=lead)


def _entry(one: Any) -> html.Div:
    said = [t(EVENTS[event]) for event in one.events if event in EVENTS]
    state = [t("switched off since {day}: it did not answer", day=day(one.disabled_at))] if one.disabled_at else []
    return html.Div([html.Strong(one.url), html.Span(f" · {', '.join([*said, *state])}", className="muted small")])


def _acts(one: Any) -> list[html.Button]:
    again = [fields.button(PAGE, "ping_webhook", t("Switch on again"), one.id, quiet=True)] if one.disabled_at else []
    return [*again, fields.button(PAGE, "remove_webhook", t("Remove"), one.id, quiet=True)]
