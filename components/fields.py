"""The parts of pages that are forms: cards with fields, and buttons that say what they do."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components import ids
from components.states import message
from somnia_engine.text import Text

UNSAID = "-"
"""The value of a choice that says nothing; an empty one would show an empty field."""


def card(title: str, *parts: Any, lead: str = "", class_name: str = "") -> html.Section:
    """Return a card with a heading and, below it, what it is for."""
    head = [html.H2(title), *([html.P(lead, className="muted small")] if lead else [])]
    return html.Section([html.Div(head, className="card-head"), *parts], className=f"card-plain stack-small {class_name}".strip())


def text(page: str, name: str, label: str, value: str | None = "", *, hint: str = "", kind: str = "text") -> html.Label:
    """Return a field for words: text, email, password, or several lines (`area`)."""
    if kind == "area":
        control: Any = dbc.Textarea(id=ids.said(page, name), value=value or "", rows=3, maxLength=2000)
    else:
        control = dbc.Input(id=ids.said(page, name), type=kind, value=value or "", maxLength=254, autocomplete="off")
    return _labelled(label, control, hint)


def number(page: str, name: str, label: str, value: float | None = None, *, limits: tuple[float, float], hint: str = "") -> html.Label:
    """Return a field for a number between two limits."""
    low, high = limits
    return _labelled(label, dbc.Input(id=ids.said(page, name), type="number", value=value, min=low, max=high, step="any"), hint)


def day(page: str, name: str, label: str, value: date | None = None, *, hint: str = "") -> html.Label:
    """Return a field for a date, as the browser shows it."""
    return _labelled(label, dbc.Input(id=ids.said(page, name), type="date", value=value.isoformat() if value else ""), hint)


def choice(page: str, name: str, label: str, options: Mapping[str, str], value: str = "") -> html.Label:
    """Return a field for one of several values; the key "" is for nothing said."""
    rows = [{"label": said, "value": key or UNSAID} for key, said in options.items()]
    return _labelled(label, dbc.Select(id=ids.said(page, name), options=rows, value=value or UNSAID), "")


def switch(page: str, name: str, label: str, *, on: bool) -> html.Div:
    """Return a field that is on or off."""
    return html.Div(dbc.Switch(id=ids.said(page, name), label=label, value=on), className="field field-switch")


def button(page: str, act: str, label: str, key: str = "", *, primary: bool = False, quiet: bool = False) -> html.Button:
    """Return a button that does something with the page's fields, or with the thing that `key` names."""
    kind = "button-primary" if primary else "button-quiet" if quiet else ""
    return html.Button(label, id=ids.do(page, act, key), type="button", className=f"button {kind}".strip())


def fields(*parts: Any) -> html.Div:
    """Return fields side by side where there is room."""
    return html.Div(list(parts), className="fields")


def rows(entries: Sequence[tuple[Any, Any]], *, empty: str) -> html.Div | html.P:
    """Return a list of things, each with what can be done with it; a sentence when there is none."""
    if not entries:
        return html.P(empty, className="muted")
    return html.Div([html.Div([html.Div(what), html.Div(acts, className="actions")], className="thing") for what, acts in entries])


def answer(said: Text | None, *, good: bool = True) -> list[Any]:
    """Return what came of the last click; nothing before the first."""
    if said is None:
        return []
    mark = {"tone": "low", "icon_name": "check"} if good else {"tone": "high", "icon_name": "triangle-alert"}
    return [html.Div(message(said, **mark), role="status")]


def page(name: str, title: str, parts: Sequence[Any]) -> html.Div:
    """Return a page of forms; its body is replaced after each click."""
    return html.Div([html.H1(title), html.Div(list(parts), id=ids.body(name), className="stack")], className="stack form-page")


def _labelled(label: str, control: Any, hint: str) -> html.Label:
    note = [html.Small(hint, className="muted")] if hint else []
    return html.Label([html.Span(label), control, *note], className="field")


def table(head: Sequence[str], body: Sequence[Sequence[Any]], *, empty: str) -> html.Div | html.P:
    """Return a plain table; a sentence when there is nothing in it."""
    if not body:
        return html.P(empty, className="muted")
    lines = [html.Tr([html.Td(cell, **{"data-label": name}) for name, cell in zip(head, row, strict=True)]) for row in body]
    return html.Div(
        html.Table([html.Thead(html.Tr([html.Th(name, scope="col") for name in head])), html.Tbody(lines)]), className="rows-table"
    )
