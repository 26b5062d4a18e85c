"""Notes and tags of a night: the form of its owner, and what others read."""

from typing import Protocol

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import choices, ids
from somnia_engine.text import Text, t

TAGS: dict[str, Text] = {
    "alcohol": Text("alcohol"),
    "caffeine": Text("coffee or tea late"),
    "late_meal": Text("late meal"),
    "exercise": Text("exercise"),
    "stress": Text("stress"),
    "illness": Text("illness"),
    "pain": Text("pain"),
    "medication": Text("new medication"),
    "screen": Text("screen in bed"),
    "travel": Text("travel"),
    "other_bed": Text("another bed"),
    "period": Text("period"),
    "shift": Text("shift work"),
    "noise": Text("noise"),
}
"""Tags that everybody is offered; any other is a person's own word."""


class Remark(Protocol):
    """What was noted of a night."""

    @property
    def note(self) -> str: ...

    @property
    def tags(self) -> tuple[str, ...]: ...


def tag_name(tag: str) -> str:
    """Return what a tag is called."""
    return t(TAGS[tag]) if tag in TAGS else tag


def remark_form(remark: Remark) -> html.Div:
    """Return the form in which a person notes something of their night."""
    own = ", ".join(tag for tag in remark.tags if tag not in TAGS)
    ticked = [tag for tag in remark.tags if tag in TAGS]
    boxes = choices.some_of(ids.REMARK_TAGS, {key: t(name) for key, name in TAGS.items()}, value=ticked)
    words = dbc.Input(id=ids.REMARK_OWN, value=own, maxLength=400)
    parts = [
        html.Fieldset([html.Legend(t("Tags of this night"), className="small"), boxes], className="field"),
        html.Label([html.Span(t("Your own tags, with commas between them")), words], className="field"),
        html.Label([html.Span(t("Note")), dcc.Textarea(id=ids.REMARK_NOTE, value=remark.note, maxLength=4000)], className="field"),
        html.Div([html.Button(t("Save"), id=ids.REMARK_SAVE, className="button button-primary")], className="actions"),
        html.Div(id=ids.REMARK_ANSWER, role="status"),
        html.P(t("Sealed like the night itself. Whoever may read this night reads it too."), className="fine"),
    ]
    return html.Div(parts, className="tab-body remark-form")


def remark_text(remark: Remark) -> html.Div:
    """Return what was noted, for somebody who may only read it."""
    if not remark.note and not remark.tags:
        return html.Div(html.P(t("Nothing was noted of this night."), className="muted"), className="tab-body")
    chips = [html.Span(tag_name(tag), className="chip") for tag in remark.tags]
    lines = [html.P(line) for line in remark.note.splitlines()]
    return html.Div([html.Div(chips, className="actions"), *lines], className="tab-body stack-small")
