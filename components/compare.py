"""Two nights side by side, and the nights before and after a day: what changed, against what is usual, and how sure that is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components import ids, words
from components.figures.trend import Mark
from components.findings import level_badge
from components.states import action, notice
from components.trends import GRAPH, METRICS, value_said
from somnia_engine.metrics.associations import Association
from somnia_engine.text import Text, t
from somnia_engine.types.findings import Finding
from somnia_engine.types.trend import TrendNight

HALF_DAY_H, DAY_H = 12.0, 24.0


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Numbers of two nights: their values and the person's own range before the later one, by metric; and what was found in each."""

    values: Mapping[str, tuple[float, float]]
    usual: Mapping[str, tuple[float, float]]
    findings: tuple[tuple[Finding, ...], tuple[Finding, ...]]
    names: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Nights before and after a day: how many of each, their medians by metric, and the comparisons that had enough of them."""

    n_before: int
    n_after: int
    medians: Mapping[str, tuple[float, float]]
    found: Sequence[Association]
    least: int
    days: int


def register_callbacks(app: Dash) -> None:
    """Dress the figure in the theme's colors in the browser."""
    app.clientside_callback(
        ClientsideFunction("somnia_compare", "dress"),
        Output(ids.COMPARE_CHART, "figure"),
        Input(ids.COMPARE_FIGURE, "data"),
        Input(ids.COMPARE_THEME, "data"),
    )


def too_few(*, own: bool) -> html.Section:
    """Return the page of somebody who has fewer than two nights; `own` offers what brings more of them."""
    cause = t("Two nights beside each other need two nights.")
    more = [action(t("Upload a night"), "/upload"), action(t("Trends"), "/trends", primary=False)] if own else []
    cause += " " + t("Upload another one, or look at a made-up history under Trends.") if own else ""
    return notice(t("Nothing to compare yet"), cause, *more, icon_name="trending-up")


def compare_page(nights: Sequence[TrendNight], chosen: tuple[str, str], marks: Sequence[Mark], *, demo: bool) -> html.Div:
    """Return the page: the choice of two nights and what follows it, the choice of a day and what follows that."""
    options = [{"label": words.day(night.night, year=True), "value": night.id} for night in reversed(nights)]
    picks = html.Div(
        [
            html.Label([html.Span(label, className="field-label"), dbc.Select(id=name, options=options, value=value)], className="field")
            for name, label, value in ((ids.COMPARE_FIRST, t("One night"), chosen[0]), (ids.COMPARE_SECOND, t("The other"), chosen[1]))
        ],
        className="fields compare-picks",
    )
    said = [html.Span(t("demo data: nobody slept these nights"), className="chip chip-demo")] if demo else []
    picture = html.Div(dcc.Graph(id=ids.COMPARE_CHART, config=GRAPH, responsive="auto"), className="chart", role="img")
    stores = [dcc.Store(id=ids.COMPARE_FIGURE), dcc.Store(id=ids.COMPARE_THEME)]
    two = html.Section(
        [html.H2(t("Two nights")), picks, picture, html.Div(id=ids.COMPARE_BODY, className="stack-small"), *stores],
        className="card-plain stack-small",
    )
    head = html.Div([html.H1(t("Compare")), html.Div([*said, action(t("Trends"), "/trends", primary=False)], className="actions")], className="trends-bar")  # noqa: E501  # fmt: skip
    return html.Div([head, two, _around_card(nights, marks)], className="stack trends")


def _around_card(nights: Sequence[TrendNight], marks: Sequence[Mark]) -> html.Section:
    first = (marks[-1].day if marks else nights[len(nights) // 2].night).isoformat()
    lead = t("Did a therapy, a new habit or a new bed change your nights? Choose the day on which it began.")
    day = html.Label(
        [html.Span(t("The day of the change"), className="field-label"), dbc.Input(id=ids.COMPARE_DAY, type="date", value=first)],
        className="field",
    )
    known = [html.Li(f"{words.day(mark.day, year=True)}: {mark.label}") for mark in marks]
    listed = [html.P(t("From your medical history:"), className="muted small"), html.Ul(known, className="small")] if known else []
    body = html.Div(id=ids.COMPARE_AROUND, className="stack-small")
    return html.Section(
        [html.H2(t("Before and after")), html.P(lead, className="muted"), html.Div(day, className="fields compare-picks"), *listed, body],
        className="card-plain stack-small",
    )


def pair_body(told: Compared) -> list[Any]:
    """Return the numbers of two nights beside each other, and their findings where these differ."""
    rows = [row for key in METRICS if (row := _pair_row(key, told)) is not None]
    head = html.Thead(html.Tr([html.Th(said, scope="col") for said in (t("number"), *told.names, t("change"), t("usual for you"))]))
    table = html.Table([head, html.Tbody(rows)], className="table compare-table")
    note = t("The range in which the middle four fifths of your 28 nights before the later one lay; ● lies outside of it.")
    return [html.Div(table, className="scroll-wide"), html.P(note, className="fine")]


def changed_findings(told: Compared, disorders: Mapping[str, Text]) -> list[Any]:
    """Return the signs whose level is not the same in both nights; nothing when all are."""
    levels = [{finding.disorder: finding.level for finding in findings} for findings in told.findings]
    names = [key for key in dict.fromkeys([*levels[0], *levels[1]]) if key in levels[0] and key in levels[1] and levels[0][key] != levels[1][key]]  # noqa: E501  # fmt: skip
    if not names:
        return []
    rows = [
        html.Li([html.Strong(t(disorders.get(key, Text(key)))), level_badge(levels[0][key]), html.Span("→"), level_badge(levels[1][key])])
        for key in names
    ]
    return [html.H3(t("Signs that changed")), html.Ul(rows, className="compare-levels")]


def _pair_row(key: str, told: Compared) -> html.Tr | None:
    first, second = told.values.get(key, (math.nan, math.nan))
    if math.isnan(first) and math.isnan(second):
        return None
    low, high = told.usual.get(key, (math.nan, math.nan))
    cells = [html.Td(_marked(key, value, low, high), className="numeric") for value in (first, second)]
    usual = words.NOTHING if math.isnan(low) else t("{low} to {high}", low=value_said(key, low), high=value_said(key, high))
    changed = html.Td(_change(key, _apart(key, first, second)), className="numeric")
    return html.Tr([html.Th(t(METRICS[key][0]), scope="row"), *cells, changed, html.Td(usual, className="numeric muted")])


def _marked(key: str, value: float, low: float, high: float) -> list[Any]:
    outside = not math.isnan(low) and (value < low or value > high)
    mark = [html.Span(" ●", className="compare-outside", title=t("outside of what is usual for you"))] if outside else []
    return [value_said(key, value), *mark]


def _apart(key: str, first: float, second: float) -> float:
    """Return the later less the earlier; of two times of the day the shorter way round the clock."""
    gap = second - first
    return gap if METRICS[key][1] != "clock" or math.isnan(gap) else (gap + HALF_DAY_H) % DAY_H - HALF_DAY_H


def _change(key: str, gap: float) -> str:
    if math.isnan(gap):
        return words.NOTHING
    size, nothing = (words.minutes(60.0 * part) if METRICS[key][1] == "clock" else value_said(key, part) for part in (abs(gap), 0.0))
    sign = "±" if size == nothing else "+" if gap > 0 else "−"
    return f"{sign}{size}"


def around_body(told: Around) -> list[Any]:
    """Return what differs after a day; a sentence where there are too few nights on one side of it."""
    counted = t("{before} nights in the {days} days before, {after} from that day on.", before=told.n_before, after=told.n_after, days=told.days)  # noqa: E501  # fmt: skip
    if not told.found:
        return [html.P([counted, " ", t("Each side needs {n} nights with a value before anything is said.", n=told.least)], className="muted")]  # noqa: E501  # fmt: skip
    head = html.Thead(
        html.Tr([html.Th(said, scope="col") for said in (t("number"), t("before"), t("after"), t("difference"), t("could it be chance?"))])
    )
    rows = [_around_row(one, told) for one in told.found]
    limits = t(
        "Before and after: medians. The difference is that of the means with its 95 % interval; the last column is corrected for all {n} comparisons (Holm). Other things may have changed on that day too, and nights that follow each other are alike.",  # noqa: E501
        n=len(told.found),
    )
    table = html.Table([head, html.Tbody(rows)], className="table compare-table")
    return [html.P(counted, className="muted"), html.Div(table, className="scroll-wide"), html.P(limits, className="fine")]


def _around_row(one: Association, told: Around) -> html.Tr:
    before, after = told.medians[one.outcome]
    span = t("{low} to {high}", low=_change(one.outcome, one.low), high=_change(one.outcome, one.high))
    effect = html.Td([_change(one.outcome, one.effect), html.Span(f" ({span})", className="muted")], className="numeric")
    sure = t("hardly, p {p}", p=_p(one.p)) if one.sure else t("it could, p {p}", p=_p(one.p))
    cells = [html.Td(value_said(one.outcome, value), className="numeric") for value in (before, after)]
    mark = html.Td([html.Span(className="goes-sure" if one.sure else "goes-open"), " ", sure])
    return html.Tr([html.Th(t(METRICS[one.outcome][0]), scope="row"), *cells, effect, mark])


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def side_name(night: date, letter: str) -> str:
    """Return what one of two nights is called: a letter and its day."""
    return f"{letter} · {words.day(night)}"
