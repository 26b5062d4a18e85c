"""Home: last night in one sentence and a ribbon, what needs attention, the week; for a new visitor, what this is."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components import words
from components.findings import finding_list
from components.nights import NightRow, ribbon_of, span_of, week_strip
from components.ribbon import stage_ribbon
from components.states import action, icon
from somnia_engine.synthetic import Demo
from somnia_engine.text import Text, t
from somnia_engine.types.night import SleepStatistics

BASELINE_NIGHTS = 7
LEAD = Text("SOMNIA turns the files of your watch, ring or phone into one readable night. They are analyzed here, then deleted.")
PROMISES = (
    ("audio-lines", Text("Bring what you have"), Text("A watch, a ring, a phone’s sound, a room sensor, on one clock.")),
    ("moon", Text("Read the night"), Text("Stages, oxygen, heart, sound and movement under one cursor; every number explained.")),
    ("check", Text("Know what is known"), Text("Each finding shows its evidence. What was not measured says “not assessed”.")),
)
STAGES = (("w", Text("awake")), ("r", Text("REM")), ("n2", Text("light")), ("n3", Text("deep")))


def welcome(demos: Sequence[Demo], stages: Sequence[Sequence[int]]) -> html.Div:
    """Return the page of a visitor without nights; `stages` are those of each demo's last night."""
    hero = html.Section(
        [
            html.H1(t("What your night was made of")),
            html.P(t(LEAD), className="lead-text"),
            html.Div(
                [action(t("Upload a night"), "/upload"), action(t("Try a demo night"), "/upload", primary=False)], className="actions"
            ),
            html.Figure(
                [stage_ribbon(stages[0], label=t("A demo night’s stages, from evening to morning"), height=96), _legend()],
                className="hero-figure",
            ),
        ],
        className="hero",
    )
    cards = [_promise(*promise) for promise in PROMISES]
    nights = [_demo(demo, course) for demo, course in zip(demos, stages, strict=True)]
    return html.Div(
        [hero, html.Div(cards, className="promises"), html.H2(t("Three demo nights")), html.Div(nights, className="promises")],
        className="stack home",
    )


def tonight(nights: Sequence[NightRow], names: dict[str, Text]) -> html.Div:
    """Return the page of a person with nights; the first is the last night."""
    last = nights[0]
    known = len({n.night for n in nights})
    parts: list[Any] = [
        html.Div([html.H1(sentence(last.statistics)), _date(last)]),
        dcc.Link(
            [ribbon_of(last, height=72), _legend()], href=f"/night/{last.id}", className="card-plain home-ribbon", title=t("See this night")
        ),
        html.Div(_numbers(last.statistics), className="home-numbers"),
        html.Section([html.H2(t("Findings")), finding_list(last.findings, names)], className="stack-small"),
        html.Section(
            [html.Div([html.H2(t("The week")), _calibrating(known)], className="row-between"), week_strip(nights, last.night)],
            className="stack-small",
        ),
        html.Div(
            [action(t("See this night"), f"/night/{last.id}"), action(t("Upload a night"), "/upload", primary=False)], className="actions"
        ),
    ]
    return html.Div(parts, className="stack home")


def sentence(s: SleepStatistics) -> str:
    """Return last night in one sentence."""
    if s.tst_min != s.tst_min:
        return t("Last night has no sleep stages")
    if s.sol_min > 30 and s.sol_min >= s.waso_min:
        return t("You slept {asleep}, after lying awake for {sol}", asleep=words.minutes(s.tst_min), sol=words.minutes(s.sol_min))
    if s.waso_min > 30:
        return t(
            "You slept {asleep}, and were awake for {waso} in between", asleep=words.minutes(s.tst_min), waso=words.minutes(s.waso_min)
        )
    return t("You slept {asleep}, almost without a break", asleep=words.minutes(s.tst_min))


def _promise(drawing: str, title: Text, text: Text) -> html.Div:
    return html.Div([icon(drawing), html.H2(t(title)), html.P(t(text), className="muted")], className="card-plain promise")


def _date(night: NightRow) -> html.P:
    return html.P([words.day(night.night, year=True), html.Span(span_of(night), className="numeric")], className="home-date muted")


def _numbers(s: SleepStatistics) -> list[html.Div]:
    rows = (
        (words.minutes(s.tst_min), t("asleep")),
        (words.percent(s.se_pct), t("of your time in bed")),
        (words.minutes(s.sol_min), t("to fall asleep")),
        (words.minutes(s.waso_min), t("awake after that")),
    )
    return [html.Div([html.Strong(value, className="numeric"), html.Span(label)]) for value, label in rows]


def _calibrating(known: int) -> html.Span:
    if known >= BASELINE_NIGHTS:
        return html.Span(t("{n} nights so far", n=known), className="muted small")
    return html.Span(t("calibrating: {n} of {all} nights", n=known, all=BASELINE_NIGHTS), className="muted small")


def _legend() -> html.Div:
    return html.Div([html.Span([html.I(className=f"mark-dot stage-{key}"), t(name)]) for key, name in STAGES], className="legend")


def _demo(demo: Demo, stages: Sequence[int]) -> dcc.Link:
    picture = stage_ribbon(stages, label=t("The stages of this night"), height=32)
    return dcc.Link(
        [picture, html.H3(t(demo.title)), html.P(t(demo.description), className="muted small")],
        href="/upload",
        className="card-plain demo-link",
    )
