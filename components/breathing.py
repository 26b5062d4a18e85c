"""The breathing events of a night as one list: what was seen of each, by which sensor, how likely, in which stage and position."""

import math
from typing import Any

from dash import html

from components import words
from components.figures.clock import Clock
from components.figures.lanes import stage_name
from components.numbers import said
from somnia_engine.metrics.joined_breathing import (
    INDEX,
    PARTS,
    SCORED,
    Agreement,
    JoinedEvent,
    join_breathing,
    pauses_and_falls,
    position_of,
)
from somnia_engine.text import Text, t
from somnia_engine.types.events import GLOSSARY
from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_engine.types.night import NightAnalysis

MOST = 400
"""Rows that are shown; a night with more events shows the likeliest."""
POSITION_NAMES = (
    Text("on the back"),
    Text("on the left"),
    Text("on the right"),
    Text("on the front"),
    Text("upright"),
    Text("back or front"),
)
PART_NAMES = {
    "supine": Text("On the back"),
    "other_side": Text("In other positions"),
    "rem": Text("In REM sleep"),
    "nrem": Text("In other sleep"),
}


def has_breathing(analysis: NightAnalysis) -> bool:
    """Tell whether a night has events to join: blood oxygen or beats were judged, and the source did not score apneas itself."""
    return analysis.features.coverage("p_breathing_event") > 0 and not any(kind in SCORED for kind in analysis.events.kind)


def breathing_tab(analysis: NightAnalysis) -> html.Div:
    """Return what the sensors tell together: the events per hour, in whole, by position and by stage, and each event."""
    events = join_breathing(analysis.features, analysis.events, lights=analysis.lights)
    told = t(
        "Each event once, whichever sensors saw it. The likelihood comes from blood oxygen and heart beats; a pause that was heard raises"
        " it, and breath that was heard through the event lowers it. It is an estimate and no AHI: airflow was not measured."
    )
    agreement = pauses_and_falls(analysis.features, analysis.events, lights=analysis.lights)
    parts = [html.P(told, className="muted"), *_rates(analysis), *([_agreement(agreement)] if agreement is not None else [])]
    if not events:
        return html.Div([*parts, html.P(t("No breathing events were found in what was measured."))], className="tab-body stack-small")
    shown = sorted(sorted(events, key=lambda event: -event.p)[:MOST])
    if len(shown) < len(events):
        parts.append(html.P(t("The {n} likeliest of {all} events are listed.", n=len(shown), all=len(events)), className="muted"))
    return html.Div([*parts, _list(shown, analysis)], className="tab-body stack-small")


def _rates(analysis: NightAnalysis) -> list[html.Div]:
    """Return the events per hour of the night and of its parts, with the minutes behind each."""
    rows = [(t("All of the night"), INDEX, "breathing_assessable_min")]
    rows += [(t(PART_NAMES[part]), f"joined_{part}_per_h", f"joined_{part}_min") for part in PARTS]
    body = []
    for label, rate, minutes in rows:
        watched = analysis.measures.get(minutes, math.nan)
        if math.isnan(watched):
            continue
        value = analysis.measures.get(rate, math.nan)
        cells = [html.Td(said(value, "rate"), className="numeric"), html.Td(words.minutes(watched), className="numeric")]
        body.append(html.Tr([html.Th(label, scope="row"), *cells]))
    head = html.Tr([html.Th(name, scope="col") for name in (t("part of the night"), t("events"), t("monitored"))])
    return [html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain-table"), className="table-scroll", tabIndex=0)]


def _agreement(agreement: Agreement) -> html.P:
    chance = words.decimal(agreement.by_chance, 0)
    said_of = t(
        "Of {n} pauses that another sensor noticed while blood oxygen was measured, {k} were followed by a fall of it;"
        " by chance {c} would.",
        n=agreement.pauses, k=agreement.followed, c=chance,
    )  # fmt: skip
    return html.P(said_of)


def _list(events: list[JoinedEvent], analysis: NightAnalysis) -> html.Div:
    clock, positions = Clock(analysis.start, analysis.zone), position_of(analysis.features)
    names = (t("time"), t("length"), t("seen"), t("source"), t("likelihood"), t("stage"), t("position"))
    body = [html.Tr(_cells(event, analysis, clock=clock, position=_position(positions, event))) for event in events]
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    return html.Div(html.Table([head, html.Tbody(body)], className="plain-table"), className="table-scroll", tabIndex=0)


def _cells(event: JoinedEvent, analysis: NightAnalysis, *, clock: Clock, position: str) -> list[Any]:
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    at = int(event.onset_s // EPOCH_S)
    stage = stage_name(Stage(int(hypnogram.stages[at]))) if hypnogram is not None and at < len(hypnogram.stages) else words.NOTHING
    return [
        html.Td(clock.label(event.onset_s), className="numeric"),
        html.Td(t("{s} s", s=round(event.duration_s)), className="numeric"),
        html.Td(", ".join(t(GLOSSARY[kind][0]) for kind in event.kinds)),
        html.Td(", ".join(event.sources)),
        html.Td(words.percent(100.0 * event.p), className="numeric"),
        html.Td(stage),
        html.Td(position),
    ]


def _position(positions: Any, event: JoinedEvent) -> str:
    value = float(positions[min(int(event.onset_s // EPOCH_S), len(positions) - 1)])
    return words.NOTHING if math.isnan(value) else t(POSITION_NAMES[int(value)])
