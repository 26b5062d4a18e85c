"""The night page: header, numbers and findings at the side, the stacked chart, what lies below it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components import choices, ids, words
from components.breathing import breathing_tab, has_breathing
from components.figures.clock import Clock
from components.figures.night import night_figure
from components.findings import finding_list
from components.infant import infant_panel
from components.lane_heads import lane_heads
from components.numbers import leading_numbers
from components.ribbon import stage_ribbon
from components.room import room_panel
from components.score import score_card
from components.states import icon
from components.tables import event_list, gathered, number_table, quality_view, stage_table
from somnia_engine.report import slept_sentence
from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NightAnalysis

STREAMS: tuple[tuple[str, Text, Text], ...] = (
    ("hr_bpm", Text("heart"), Text("No heart rate: a watch, ring or chest belt would give stages and rhythm.")),
    ("spo2_pct", Text("oxygen"), Text("No blood oxygen: a ring or finger sensor would show how you breathe.")),
    ("sound_level_db", Text("sound"), Text("No sound: a phone on the night table would show snoring and noise.")),
    ("activity_count", Text("movement"), Text("No movement counts: a watch would show when you turned and lay awake.")),
)
GRAPH = {"displayModeBar": False, "doubleClick": False, "responsive": True, "showTips": False}


@dataclass(frozen=True, slots=True, eq=False)
class NightView:
    """What the page shows: the analysis, its day, its neighbors and the comparison (addresses or None), until when it is kept."""

    analysis: NightAnalysis
    night: date
    before: str | None
    after: str | None
    expires_at: datetime | None
    demo: bool
    disorders: dict[str, Text]
    compare: str | None = None
    report: str | None = None
    """Where the night is as a PDF; None for whoever may not share it."""
    tab: str = ""


def register_callbacks(app: Dash) -> None:
    """Dress the figure in the theme's colors in the browser, on arrival and whenever the theme changes; and list the events there."""
    app.clientside_callback(
        ClientsideFunction("somnia_night", "dress"),
        Output(ids.NIGHT_CHART, "figure"),
        Input(ids.NIGHT_FIGURE, "data"),
        Input(ids.NIGHT_THEME, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("somnia_night", "heads"), Output(ids.NIGHT_HEADS, "children"), Input(ids.NIGHT_LANES, "data")
    )
    app.clientside_callback(
        ClientsideFunction("somnia_night", "list"),
        Output(ids.NIGHT_EVENT_LIST, "children"),
        Input(ids.NIGHT_EVENTS, "data"),
    )


def night_view(view: NightView) -> html.Div:
    """Return the whole page of one night."""
    analysis = view.analysis
    side = html.Aside(
        [
            *filter(None, [score_card(analysis.score), infant_panel(analysis.findings)]),
            leading_numbers(analysis),
            html.H2(t("Findings")),
            finding_list(analysis.findings, view.disorders),
            *filter(None, [room_panel(analysis)]),
        ],
        className="night-side",
        **{"aria-label": t("Numbers and findings")},
    )
    return html.Div(
        [_header(view), html.Div([side, _chart(analysis)], className="night-grid"), _below(analysis, view.tab)], className="night"
    )


def summary_sentence(analysis: NightAnalysis) -> str:
    """Return the night in one sentence, for the page and for whoever cannot see the chart."""
    return t(slept_sentence(analysis))


def _header(view: NightView) -> html.Header:
    analysis = view.analysis
    clock, end = Clock(analysis.start, analysis.zone), analysis.features.n_epochs * EPOCH_S
    span = f"{clock.label(0)} – {clock.label(end)}"
    chips = [_chip(analysis, column, label) for column, label, _ in STREAMS if analysis.features.coverage(column) > 0]
    marks = [html.Span(t("demo"), className="chip chip-demo")] if view.demo else []
    if view.expires_at is not None:
        marks.append(
            html.Span(t("kept until {time} UTC", time=f"{words.day_month(view.expires_at)} {view.expires_at:%H:%M}"), className="chip")
        )
    other = view.compare
    compare = [dcc.Link(t("Compare with another night"), href=other, className="chip chip-link")] if other else []
    paper = view.report
    share = [dcc.Link(t("Share with my doctor"), href="/sharing", className="chip chip-link")] if paper else []
    share += [html.A(t("Report as PDF"), href=paper, className="chip chip-link", download="")] if paper else []
    earlier, later = _arrow(view.before, "‹", t("Earlier night")), _arrow(view.after, "›", t("Later night"))
    zone = analysis.zone or t("time zone unknown")
    return html.Header(
        [
            html.Div([earlier, html.H1(words.day(view.night, year=True)), later], className="night-title"),
            html.P([html.Span(span, className="numeric"), html.Span(zone, className="muted")], className="night-span"),
            html.Div([*chips, *marks, *compare, *share], className="chips"),
            html.P(summary_sentence(analysis), className="night-summary"),
            *_ribbon(analysis),
        ],
        className="night-header",
    )  # fmt: skip


def _ribbon(analysis: NightAnalysis) -> list[html.Img]:
    """Return the stages as one strip, which a narrow screen shows before the lanes."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    label = t("The stages of this night")
    return [] if hypnogram is None else [stage_ribbon(hypnogram.stages.tolist(), label=label, height=48, class_name="ribbon phone-ribbon")]


def _arrow(href: str | None, sign: str, label: str) -> Any:
    if href is None:
        return html.Span(sign, className="night-arrow night-arrow-off", **{"aria-hidden": "true"})
    return dcc.Link(sign, href=href, className="night-arrow", title=label)


def _chip(analysis: NightAnalysis, column: str, label: Text) -> html.Span:
    share = 100 * analysis.features.coverage(column)
    source = ", ".join(analysis.features.sources.get(column, ()))
    return html.Span([html.I(className=f"dot dot-{column.split('_', 1)[0]}"), f"{t(label)} {share:.0f} %"], className="chip", title=source)


def _chart(analysis: NightAnalysis) -> html.Section:
    figure = night_figure(analysis)
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    missing = [_missing(text) for column, _, text in STREAMS if analysis.features.coverage(column) == 0 and not _covered(analysis, column)]
    views = {"stages": t("Stages"), "probabilities": t("Probabilities")}
    toggle = choices.one_of(ids.NIGHT_VIEW, views, value="stages", label=t("What the first lane shows"))
    shown = toggle if hypnogram is not None and hypnogram.probabilities is not None else html.Div(toggle, hidden=True)
    bar = [
        html.Div(id=ids.NIGHT_READOUT, className="readout numeric", role="status"),
        shown,
        html.Button(
            icon("rotate-ccw"), id=ids.NIGHT_ZOOM_OUT, className="icon-button", title=t("Zoom back"), **{"aria-label": t("Zoom back")}
        ),
        html.Button("?", id=ids.NIGHT_KEYS_BUTTON, className="icon-button", title=t("Keys"), **{"aria-label": t("Keys")}),
    ]
    graph = dcc.Graph(id=ids.NIGHT_CHART, config=GRAPH, responsive="auto")
    picture = html.Div(graph, className="chart", role="img", tabIndex=0, **{"aria-label": summary_sentence(analysis)})
    stack = html.Div([picture, lane_heads(figure["layout"]["meta"]["lanes"])], className="chart-stack")
    scrubber = dcc.Input(
        id=ids.NIGHT_SCRUBBER,
        type="range",
        min=0,
        max=analysis.features.n_epochs - 1,
        step=1,
        value=analysis.features.n_epochs // 2,
        className="scrubber",
    )
    label = html.Label(t("Time"), htmlFor=ids.NIGHT_SCRUBBER, className="visually-hidden")
    stores = [dcc.Store(id=ids.NIGHT_FIGURE, data=figure), dcc.Store(id=ids.NIGHT_THEME), dcc.Store(id=ids.NIGHT_WINDOW)]
    unstaged = [] if hypnogram is not None else [_no_stages()]
    scrub = html.Div([label, scrubber], className="scrub")
    parts = [html.Div(bar, className="chart-bar"), _keys(), stack, scrub, *missing, *unstaged, *stores]
    return html.Section(parts, className="night-chart-card", **{"aria-label": t("The night as a chart")})


def _covered(analysis: NightAnalysis, column: str) -> bool:
    return column == "activity_count" and analysis.features.coverage("motion_index") > 0


def _missing(text: Text) -> html.Div:
    return html.Div([html.Span(t(text)), dcc.Link(t("Add a file"), href="/upload")], className="lane-missing")


def _no_stages() -> html.Div:
    return html.Div(
        html.Span(t("No sleep stages: they need heart rate or movement counts for at least half of the night.")), className="lane-missing"
    )


def _keys() -> html.Dl:
    keys = (
        ("← →", t("move the cursor by 30 s, with Shift by 5 min")), ("+", t("zoom in at the cursor")),
        ("Esc", t("zoom back, like a double click")), ("Enter", t("on an event: show it")), ("?", t("show or hide this list")),
    )  # fmt: skip
    rows = [part for key, text in keys for part in (html.Dt(html.Kbd(key)), html.Dd(text))]
    return html.Dl(rows, id=ids.NIGHT_KEYS, className="keys", hidden=True)


def tab_body(analysis: NightAnalysis, tab: str | None) -> Any:
    """Return what lies in one of the tabs below the chart; each is sent when it is opened."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    if tab == "numbers":
        return number_table(analysis)
    if tab == "quality":
        return quality_view(analysis)
    if tab == "breathing" and has_breathing(analysis):
        return breathing_tab(analysis)
    if tab == "stages" and hypnogram is not None:
        return stage_table(hypnogram, Clock(analysis.start, analysis.zone))
    return event_list(analysis)


def _below(analysis: NightAnalysis, opened: str) -> html.Section:
    staged = analysis.hypnogram is not None or analysis.device_hypnogram is not None
    labels = [
        ("events", t("Events ({n})", n=len(gathered(analysis.events)))),
        ("numbers", t("Numbers")),
        ("quality", t("Quality & sources")),
        ("report", t("Report")),
        ("remarks", t("Notes & tags")),
        ("lights", t("Lights off & on")),
    ]
    labels[1:1] = [("breathing", t("Breathing"))] if has_breathing(analysis) else []
    labels += [("clips", t("Loud moments"))] if analysis.features.coverage("sound_level_db") > 0 else []
    labels += [("stages", t("Stages in words"))] if staged else []
    first = opened if opened in dict(labels) else "events"
    tabs = choices.one_of(ids.NIGHT_TABS, dict(labels), value=first, label=t("More about this night"), class_name="tab-line")
    return html.Section([tabs, html.Div(id=ids.NIGHT_TAB, className="tab-place", **{"aria-live": "polite"})], className="night-below")
