"""The review page: the scorer's bar and chart, agreement in the corner, the events, and what the doctor says and signs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components import fields, words
from components.figures.lanes import stage_name
from components.night import summary_sentence
from components.states import icon, message
from somnia_engine.metrics.agreement import EventAgreement, StageAgreement
from somnia_engine.text import Text, t
from somnia_engine.types.events import GLOSSARY
from somnia_engine.types.night import NightAnalysis, SleepStatistics

PAGE = "review"
DATA, MARKS, WINDOW, SIGNALS, READY = "review-data", "review-marks", "review-window", "review-signals", "review-ready"
CANVAS, AGREEMENT, READING = "review-canvas", "review-agreement", "review-reading"
STATUS, UNSAVED = "review-status", "review-unsaved"
STATES = {"started": Text("started"), "pending": Text("pending"), "signed": Text("signed")}
NUMBERS: tuple[tuple[str, Text], ...] = (
    ("tst_min", Text("Asleep")), ("sol_min", Text("To fall asleep")), ("waso_min", Text("Awake after that")),
    ("rem_min", Text("REM sleep")), ("n3_min", Text("Deep sleep")),
)  # fmt: skip
TOOLS: tuple[tuple[str, str, Text], ...] = (
    ("undo", "↶", Text("Undo (Z)")),
    ("redo", "↷", Text("Redo (Shift Z)")),
    ("earlier", "⇤", Text("Previous least certain epoch (Shift N)")),
    ("tour", "⇥", Text("Next least certain epoch (N)")),
    ("apart", "≠", Text("Next epoch in which yours differs (D)")),
    ("in", "+", Text("Zoom in (+)")),
    ("out", "−", Text("Zoom out (−)")),
    ("whole", "▭", Text("The whole night (0)")),
    ("ruler", "↔", Text("Ruler (M)")),
    ("comment", "✎", Text("Comment (C)")),
    ("off", "◐", Text("Lights off here (O)")),
    ("on", "☀", Text("Lights on here (Shift O)")),
)
"""What the bar does: the act, its sign, its words."""
STAGES = (("1", "W", "w"), ("5", "R", "r"), ("2", "N1", "1"), ("3", "N2", "2"), ("4", "N3", "3"), ("0", "?", "x"))
"""A stage's digit, letters and key."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The doctor's scoring beside another one: whose, the stages' agreement, and that of the events (None: has no events)."""

    name: str
    stages: StageAgreement
    breathing: EventAgreement | None = None


def page(analysis: NightAnalysis, head: Sequence[Any], data: dict[str, Any], sides: Sequence[Any]) -> html.Div:
    """Return the page; what changes lies in places of its own."""
    stores = [dcc.Store(id=DATA, data=data), *(dcc.Store(id=name) for name in (MARKS, WINDOW, SIGNALS, READY))]
    canvas = html.Canvas(id=CANVAS, tabIndex=0, role="img", **{"aria-label": summary_sentence(analysis)})
    readout = html.Div(id="review-readout", className="readout numeric", role="status")
    chart = html.Section(
        [_bar(), readout, html.Div(canvas, className="review-chart"), _keys()],
        className="review-card",
        **{"aria-label": t("The night as a chart")},
    )
    below = html.Section(
        [html.H2(t("Events")), _event_bar(), html.Div(id="review-list", className="table-scroll")], className="review-card"
    )
    aside = html.Aside(list(sides), className="review-side", **{"aria-label": t("Agreement and signature")})
    left = html.Div([chart, below], className="stack-small")
    return html.Div(
        [html.Header(list(head), className="review-head"), html.Div([left, aside], className="review-grid"), *stores], className="review"
    )


def _bar() -> html.Div:
    stages = [
        html.Button(
            [letters, html.Kbd(key.upper())], type="button", className=f"button stage-button stage-{digit}",
            **{"data-stage": digit, "aria-label": t("Score this epoch as {stage}", stage=letters)},
        )
        for digit, letters, key in STAGES
    ]  # fmt: skip
    tools = [
        html.Button(sign, type="button", className="icon-button", title=t(said), **{"data-act": act, "aria-label": t(said)})
        for act, sign, said in TOOLS
    ]
    return html.Div([html.Div(stages, className="review-stages"), html.Div(tools, className="review-tools")], className="review-bar")


def _event_bar() -> html.Div:
    said = html.Label(t("Kind of event"), htmlFor="review-kind", className="visually-hidden")
    choice = html.Div(dbc.Select([{"label": t(name), "value": kind.value} for kind, (name, _) in GLOSSARY.items()], "OA", id="review-kind"))
    buttons = [
        html.Button(t("Add here"), type="button", className="button", **{"data-act": "add"}),
        html.Button(t("Change the kind"), type="button", className="button", **{"data-act": "retype"}),
        html.Button(t("Remove"), type="button", className="button", **{"data-act": "delete"}),
    ]
    return html.Div([said, choice, *buttons], className="actions")


def agreement(beside: Sequence[Beside], own: SleepStatistics, automatic: SleepStatistics) -> list[Any]:
    """Return the corner: the numbers by the doctor's stages and by the automatic ones, and how well each pair agrees."""
    head = [t("by your stages"), t("automatic")]
    lines = [
        html.Tr([html.Th(t(label), scope="row"), *(html.Td(words.minutes(getattr(s, key)), className="numeric") for s in (own, automatic))])
        for key, label in NUMBERS
    ]
    table = html.Table(
        [html.Thead(html.Tr([html.Td(), *(html.Th(name, scope="col") for name in head)])), html.Tbody(lines)], className="evidence"
    )
    return [html.H2(t("Agreement")), *(_beside(one) for one in beside), table]


def _beside(one: Beside) -> html.Div:
    kappa = html.Span(["κ ", words.decimal(one.stages.kappa, 2)], className="review-kappa numeric")
    facts = [html.Span(words.percent(100 * one.stages.accuracy)), html.Span(t("{n} epochs", n=one.stages.n))]
    if one.breathing is not None and not math.isnan(one.breathing.f1):
        facts.append(html.Span(t("events F1 {f1}", f1=words.decimal(one.breathing.f1, 2))))
    return html.Div(
        [html.Strong(one.name), kappa, html.Div(facts, className="review-facts"), _confusion(one.stages)], className="review-pair"
    )


def _confusion(found: StageAgreement) -> html.Details:
    names = [stage_name(stage) for stage in found.classes]
    head = html.Tr([html.Td(), *(html.Th(name, scope="col") for name in names)])
    body = [
        html.Tr([html.Th(name, scope="row"), *(html.Td(str(count), className="hit" if i == j else "") for j, count in enumerate(row))])
        for i, (name, row) in enumerate(zip(names, found.confusion.tolist(), strict=True))
    ]
    note = html.P(t("Rows: yours. Columns: the other."), className="muted small")
    return html.Details([html.Summary(t("Epoch by epoch")), html.Table([html.Thead(head), html.Tbody(body)], className="confusion"), note])


def status(at: datetime | None, refusal: Text | None = None) -> Any:
    """Return whether the scoring is kept."""
    if refusal is not None:
        return message(refusal, tone="high")
    return "" if at is None else [icon("check"), html.Span(t("Kept at {time} UTC", time=f"{at:%H:%M:%S}"))]


def reading(found: Sequence[Any], night_id: str, *, may_sign: bool) -> list[Any]:
    """Return what was said of the night, and the form for more."""
    newest = found[0] if found else None
    open_text = newest.text if newest is not None and newest.state != "signed" else ""
    again = (
        [
            message(
                Text("This night was analyzed anew after it was signed. What was signed stays; look again and sign a new version."),
                tone="moderate",
            )
        ]
        if newest is not None and newest.again
        else []
    )
    kept = [_version(one, night_id) for one in found if one.state == "signed"]
    if not may_sign:
        return [html.H2(t("Signature")), *kept, html.P(t("A night of your own is signed by another doctor."), className="muted")]
    label = t("Addendum") if kept else t("What you say of this night")
    state = [html.Span(t(STATES[newest.state]), className="chip")] if newest is not None else []
    buttons = [
        fields.button(PAGE, "sign", t("Sign"), primary=True),
        fields.button(PAGE, "write", t("Keep for later")),
        fields.button(PAGE, "pending", t("Hand over to sign")),
    ]
    form = [fields.text(PAGE, "text", label, open_text, kind="area"), html.Div(buttons, className="actions")]
    return [html.Div([html.H2(t("Signature")), *state], className="row-between"), *again, *kept, *form]


def signed(found: Sequence[Any]) -> html.Section | None:
    """Return what doctors signed of a night, for its page; None when nobody has."""
    said = [one for one in found if one.state == "signed"]
    if not said:
        return None
    parts = [
        html.Div([html.P(one.text or t("No text."), className="review-said"), html.P(_signature(one), className="muted small")])
        for one in said
    ]
    return html.Section([html.H2(t("What your doctor says")), *parts], className="card-plain stack-small")


def _signature(one: Any) -> str:
    when = f"{words.day(one.signed_at, year=True)} {one.signed_at:%H:%M} UTC"
    return t("Version {n}, signed by {name}, {when}", n=one.version, name=one.name, when=when)


def _version(one: Any, night_id: str) -> html.Details:
    head = html.Summary(_signature(one))
    link = dcc.Link(t("The night as it was signed"), href=f"/review/{night_id}?version={one.version}")
    return html.Details([head, html.P(one.text or t("No text."), className="review-said"), link], className="review-version", open=True)


def _keys() -> html.Details:
    said = (
        ("← →", t("epoch by epoch, with Shift a selection, Page keys by ten")),
        ("W R 1 2 3 X", t("score the epoch and go on")),
        ("N", t("to the next least certain epoch")),
        ("D", t("to the next epoch in which yours differs")),
        ("Z", t("undo, with Shift redo")),
        ("+ − 0", t("zoom: 30 s to the whole night")),
        ("E", t("add an event; drag to move it, drag its end to change its length")),
        ("Del", t("remove the chosen event")),
        ("M", t("ruler")),
        ("C", t("comment")),
        ("O", t("lights off here, with Shift on")),
        ("G", t("write; Ctrl Enter signs")),
    )
    rows = [part for key, text in said for part in (html.Dt(html.Kbd(key)), html.Dd(text))]
    return html.Details([html.Summary(t("Keys")), html.Dl(rows, className="keys")], className="worklist-more")


def register_callbacks(app: Dash) -> None:
    """Draw the night in the browser when it arrives, and its signals when they are asked for more finely."""
    load, finer = ClientsideFunction("somnia_review", "load"), ClientsideFunction("somnia_review", "signals")
    app.clientside_callback(load, Output(READY, "data"), Input(DATA, "data"))
    app.clientside_callback(finer, Output(CANVAS, "title"), Input(SIGNALS, "data"))
