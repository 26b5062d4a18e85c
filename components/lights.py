"""Lights off and on of a night: the form of its person, what counts, and the numbers by it beside those of the recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html

from components import fields, ids, words
from components.figures.clock import Clock
from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Lights, NightAnalysis, SleepStatistics

PAGE = "lights"
ROWS: tuple[tuple[str, Text], ...] = (
    ("tib_min", Text("Time in bed")), ("tst_min", Text("Asleep")), ("sol_min", Text("To fall asleep")),
    ("waso_min", Text("Awake after that")), ("se_pct", Text("Efficiency")),
)  # fmt: skip
"""The numbers that lights off and on move."""


@dataclass(frozen=True, slots=True)
class Said:
    """An edit for the page: the clock times, by whom and when."""

    off: str
    on: str
    name: str
    at: datetime


def lights_body(clock: Clock, kept: Lights, *, edits: Sequence[Said], numbers: Sequence[SleepStatistics], may_edit: bool) -> list[Any]:
    """Return the tab: `numbers` are those of the recording and, where edited, those by the edit."""
    off, on = (edits[0].off, edits[0].on) if edits else (clock.label(kept.off_s), clock.label(kept.on_s))
    origin = t("marked in the recording") if kept.off_marked and kept.on_marked else t("assumed from the recording's bounds")
    recorded = t("As recorded: off {off}, on {on}, {origin}.", off=clock.label(kept.off_s), on=clock.label(kept.on_s), origin=origin)
    form = _form(off, on, undo=bool(edits)) if may_edit else []
    made = [html.Li(t("off {off}, on {on}: {name}, {when} UTC", off=e.off, on=e.on, name=e.name, when=_when(e.at))) for e in edits]
    history = [html.H3(t("Changes, newest first")), html.Ul(made, className="small")] if made else []
    return [html.P(recorded), *form, _table(numbers), *history]


def second_of(clock: Clock, said: str, n_epochs: int) -> float | None:
    """Return the second of the night at which the clock first shows a time such as "23:40"; None when it never does."""
    hours, _, minutes = said.strip().lstrip("+").partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2):
        return None
    sign = "+" if clock.start is None else ""
    wanted = f"{sign}{int(hours)}:{minutes}" if sign else f"{int(hours):02d}:{minutes}"
    end = int(n_epochs * EPOCH_S)
    first = 0 if clock.start is None else -clock.start.second % 60
    return next((float(second) for second in (0, *range(first, end + 1, 60), end) if clock.label(second) == wanted), None)


def window_of(analysis: NightAnalysis) -> str:
    """Return from when to when a night was recorded, by its own clock."""
    clock = Clock(analysis.start, analysis.zone)
    return f"{clock.label(0)} – {clock.label(analysis.features.n_epochs * EPOCH_S)}"


def _form(off: str, on: str, *, undo: bool) -> list[Any]:
    hint = t("By the clock of the night, like 23:40.")
    buttons = [fields.button(PAGE, "set", t("Save"), primary=True)]
    buttons += [fields.button(PAGE, "undo", t("Undo the last change"))] if undo else []
    times = fields.fields(fields.text(PAGE, "off", t("Lights off"), off, hint=hint), fields.text(PAGE, "on", t("Lights on"), on, hint=hint))
    note = html.P(t("What was recorded stays as it is; your times stand beside it."), className="fine")
    return [times, html.Div(buttons, className="actions"), note]


def _table(numbers: Sequence[SleepStatistics]) -> html.Table:
    head = [t("as recorded"), t("by your times")][: len(numbers)]
    rows = [
        html.Tr([html.Th(t(label), scope="row"), *(html.Td(_shown(one, key), className="numeric") for one in numbers)])
        for key, label in ROWS
    ]
    top = html.Tr([html.Td(), *(html.Th(name, scope="col") for name in head)])
    return html.Table([html.Thead(top), html.Tbody(rows)], className="evidence")


def _shown(found: SleepStatistics, key: str) -> str:
    value = getattr(found, key)
    return words.percent(value) if key.endswith("_pct") else words.minutes(value)


def _when(at: datetime) -> str:
    return f"{words.day_month(at)} {at:%H:%M}"


def place(parts: Sequence[Any]) -> html.Div:
    """Return where the tab's body lies, which is replaced after each click."""
    return html.Div(list(parts), id=ids.body(PAGE), className="tab-body stack-small")
