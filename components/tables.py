"""What lies below the chart: events that jump, all numbers, quality and sources."""

import math
from typing import Any

from dash import dcc, html

from components import ids, words
from components.figures.clock import Clock
from components.figures.lanes import stage_name
from components.numbers import NUMBERS, Number, said, values_of
from somnia_engine.metrics.sound import snore_bouts
from somnia_engine.staging.references import reference_statistics
from somnia_engine.text import t
from somnia_engine.types.events import GLOSSARY, Event, EventKind, EventTable
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis

IN_DECIBELS = (EventKind.SN, EventKind.BP, EventKind.CO, EventKind.TK, EventKind.CR, EventKind.GR, EventKind.NS)
"""Kinds whose own measure is a loudness; that of the others is a depth in percent points."""

LONG_S = 180.0
"""From here on a length is told in minutes."""


def event_list(analysis: NightAnalysis) -> html.Div:
    """Return the events as words for the page's script to lay out: a row is focusable, and a click or Enter moves the cursor there."""
    if not len(analysis.events):
        return html.Div(html.P(t("No events were found in what was measured."), className="muted"), className="tab-body")
    return html.Div([dcc.Store(id=ids.NIGHT_EVENTS, data=event_rows(analysis)), html.Div(id=ids.NIGHT_EVENT_LIST)], className="tab-body")


def event_rows(analysis: NightAnalysis) -> dict[str, Any]:
    """Return the heads of the columns, what the kinds are called and mean, and a row an event: kind, onset in seconds, cells."""
    clock = Clock(analysis.start, analysis.zone)
    kinds = {kind: [t(part) for part in GLOSSARY[kind]] for kind in dict.fromkeys(analysis.events.kind)}
    if EventKind.SN in kinds:
        kinds[EventKind.SN] = [t("Snoring"), t("Snores that follow each other within a minute; the loudness is that of the loudest.")]
    return {
        "head": [t("time"), t("kind"), t("length"), t("depth or loudness"), t("stage"), t("source"), t("confidence")],
        "kinds": kinds,
        "show": t("{kind} at {time}: show it in the chart", kind="\n", time="\t"),
        "rows": [_event(event, clock, analysis) for event in gathered(analysis.events)],
    }


def gathered(events: EventTable) -> list[Event]:
    """Return the events with a row for each bout of snores, not for each snore: a night can hold thousands."""
    snores = events.of_kind(EventKind.SN)
    rows = [event for event in events if event.kind is not EventKind.SN]
    for first, end in snore_bouts(snores):
        onset_s = float(snores.onset_s[first])
        length_s = float(snores.onset_s[end - 1] + snores.duration_s[end - 1]) - onset_s
        sure, loudest_db = float(snores.confidence[first:end].mean()), float(snores.value[first:end].max())
        rows.append(Event(EventKind.SN, onset_s, length_s, sure, snores.source[first], loudest_db))
    return sorted(rows, key=lambda event: event.onset_s)


def number_table(analysis: NightAnalysis) -> html.Div:
    """Return every number, ours and, where there are two scorers, the device's beside it."""
    ours = values_of(analysis.statistics, analysis.measures)
    device = analysis.device_statistics
    theirs = values_of(device, {}) if device is not None and device.scorer != analysis.statistics.scorer else None
    head = [t("number"), analysis.statistics.scorer or t("value"), *([device.scorer] if theirs and device else []), t("what it is")]
    body = []
    for number in NUMBERS:
        value = ours.get(number.key, math.nan)
        other = theirs.get(number.key, math.nan) if theirs else math.nan
        if math.isnan(value) and math.isnan(other):
            continue
        cells = [
            html.Th(t(number.label), scope="row"),
            html.Td([said(value, number.form), *_between(number, analysis)], className="numeric"),
        ]
        cells += [html.Td(said(other, number.form), className="numeric")] if theirs else []
        body.append(html.Tr([*cells, html.Td(t(number.what), className="muted")]))
    return html.Div([_table(head, body, class_name="number-table"), *_other_methods(analysis)], className="tab-body")


def _other_methods(analysis: NightAnalysis) -> list[Any]:
    """Return the sleep that published rules of movement alone would tell, beside ours; nothing without movement."""
    others = reference_statistics(analysis.features, analysis.lights)
    if not others:
        return []
    rows = [
        html.Tr(
            [
                html.Th(statistics.scorer or t("value"), scope="row"),
                *(html.Td(said(value, "time"), className="numeric") for value in (statistics.tst_min, statistics.waso_min)),
            ]
        )
        for statistics in (analysis.statistics, *others)
    ]
    told = t("Rules from the literature that read movement alone, made for other devices. They are shown for comparison only.")
    table = _table([t("method"), t("Asleep"), t("Awake after that")], rows)
    return [html.H3(t("Other methods")), html.P(told, className="muted"), table]


def _between(number: Number, analysis: NightAnalysis) -> list[Any]:
    """Return where nine nights of ten with this number lie, below it; nothing where that is not known."""
    ends = analysis.intervals.get(number.key)
    if ends is None:
        return []
    low, high = (said(end, number.form) for end in ends)
    return [html.Br(), html.Small(t("90 %: {low} to {high}", low=low, high=high), className="muted")]


def quality_view(analysis: NightAnalysis) -> html.Div:
    """Return how each stream covers the night, what was dropped, what to know, and which versions judged."""
    body = [
        html.Tr(
            [
                html.Th(t(FEATURES[q.stream].label) if q.stream in FEATURES else q.stream, scope="row"),
                html.Td(q.source),
                html.Td(
                    [html.Meter(value=str(round(q.coverage, 3)), min="0", max="1"), html.Span(f"{100 * q.coverage:.0f} %")],
                    className="numeric",
                ),
                html.Td(" ".join(t(note) for note in q.notes), className="muted"),
            ]
        )
        for q in analysis.quality
    ]
    parts: list[Any] = [_table([t("stream"), t("source"), t("coverage"), t("to know")], body)]
    dropped = [html.Li(t("{count} dropped: {reason}", count=d.count, reason=d.reason)) for d in analysis.dropped]
    notes = [html.Li(t(note)) for note in (analysis.zone_origin, *analysis.notes) if str(note)]
    versions = [html.Li(f"{key}: {value}") for key, value in analysis.versions.items()]
    for title, lines in ((t("Dropped"), dropped), (t("To know"), notes), (t("Versions"), versions)):
        if lines:
            parts += [html.H3(title), html.Ul(lines)]
    return html.Div(parts, className="tab-body")


def stage_table(hypnogram: Hypnogram, clock: Clock) -> html.Div:
    """Return the hypnogram in words: each stretch of a stage with its times, for who cannot see the chart."""
    rows, begin = [], 0
    stages = hypnogram.stages.tolist()
    for i in range(1, len(stages) + 1):
        if i == len(stages) or stages[i] != stages[begin]:
            minutes = (i - begin) * hypnogram.epoch_s / 60
            times = [clock.label(begin * hypnogram.epoch_s), clock.label(i * hypnogram.epoch_s)]
            rows.append(
                html.Tr(
                    [
                        html.Td(stage_name(Stage(stages[begin]))),
                        *(html.Td(at, className="numeric") for at in times),
                        html.Td(words.decimal(minutes, 1), className="numeric"),
                    ]
                )
            )
            begin = i
    return html.Div(_table([t("stage"), t("from"), t("to"), t("minutes")], rows), className="tab-body")


def _event(event: Event, clock: Clock, analysis: NightAnalysis) -> list[Any]:
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    stage = words.NOTHING
    if hypnogram is not None and event.onset_s >= 0:
        at = int(event.onset_s // hypnogram.epoch_s)
        stage = stage_name(Stage(int(hypnogram.stages[at]))) if at < len(hypnogram.stages) else words.NOTHING
    unit = "dB" if event.kind in IN_DECIBELS else "%"
    depth = words.NOTHING if math.isnan(event.value) else f"{event.value:.0f} {unit}"
    sure = words.NOTHING if math.isnan(event.confidence) else words.decimal(event.confidence, 2)
    length = t("{s} s", s=round(event.duration_s)) if event.duration_s < LONG_S else words.minutes(event.duration_s / 60)
    return [event.kind, round(event.onset_s, 1), clock.label(event.onset_s), length, depth, stage, event.source, sure]


def _table(head: list[str], body: list[Any], *, class_name: str = "") -> html.Div:
    table = html.Table(
        [html.Thead(html.Tr([html.Th(h, scope="col") for h in head])), html.Tbody(body)], className=f"plain-table {class_name}".strip()
    )
    return html.Div(table, className="table-scroll", tabIndex=0)
