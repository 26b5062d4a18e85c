"""Home: for a new visitor what SOMNIA is, for others last night in one sentence, its picture and four numbers."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dash import dcc, html

from components import words
from components.findings import LEVEL_WORDS
from components.nights import Night, flag, ribbon_of
from components.score import score_card
from components.states import action, icon
from components.theme import LEVEL_SHAPES
from somnia_engine.detectors import detectors
from somnia_engine.text import Text, t
from somnia_engine.types.findings import Finding, Level

CALIBRATION_NIGHTS = 7


def welcome(picture: Any, demos: Any) -> html.Div:
    """Return the page of somebody who has no night here yet."""
    hero = html.Section(
        [
            html.H1(t("See what happened in your night"), className="welcome-title"),
            html.P(
                t("SOMNIA reads the files of your watch, ring and microphone and draws your night: stages, breathing, heart, sound."),
                className="welcome-text",
            ),
            html.Div(
                [action(t("Upload a night"), "/upload"), action(t("Try it without an account"), "/demo", primary=False)],
                className="actions",
            ),
            html.Figure([picture, html.Figcaption(_legend())], className="welcome-picture"),
        ],
        className="welcome",
    )
    return html.Div([hero, html.Section([html.H2(t("Look at a demo night")), demos], className="stack-small")], className="stack home")


def _legend() -> list[Any]:
    names = (("w", t("awake")), ("r", t("REM sleep")), ("n2", t("light sleep")), ("n3", t("deep sleep")))
    return [html.Span([html.I(className=f"dot dot-{token}"), name]) for token, name in names]


def last_night(nights: Sequence[Night]) -> html.Div:
    """Return the page of somebody who has nights: the newest of them first."""
    night = nights[0]
    demo = [" ", html.Span(t("demo"), className="tag")] if night.demo else []
    head = html.Div(
        [html.P([words.day(night.night, year=True), *demo], className="muted"), html.H1(_sentence(night))], className="stack-small"
    )
    ribbon = (
        dcc.Link(ribbon_of(night, height=72), href=f"/night/{night.id}", className="big-ribbon") if night.stages.size else _no_stages(night)
    )
    quick = html.Div(
        [action(t("Open this night"), f"/night/{night.id}"), action(t("Upload a night"), "/upload", primary=False)], className="actions"
    )
    main = html.Section(
        [head, ribbon, html.Div(_times(night), className="row-between muted small numeric"), _numbers(night), quick],
        className="card-plain stack",
    )
    cards = [score_card(night.score, compact=True), _signs(night) if night.findings else None, _week(nights)]
    side = html.Div([card for card in cards if card is not None], className="stack")
    return html.Div([main, side], className="home-grid")


def _sentence(night: Night) -> str:
    if night.damaged:
        return t("This night cannot be read: what is kept of it was changed on the server.")
    asleep, awake = night.statistics.tst_min, night.statistics.waso_min
    if not math.isfinite(asleep):
        return t("This night has no sleep stages.")
    if not math.isfinite(awake):
        return t("You slept {length}.", length=words.minutes(asleep))
    return t("You slept {length} and lay awake for {awake} after that.", length=words.minutes(asleep), awake=words.minutes(awake))


def _times(night: Night) -> list[Any]:
    if night.start is None:
        return []
    end = night.start + timedelta(seconds=30 * int(night.stages.size))
    return [html.Span(words.clock(night.start, night.zone)), html.Span(night.zone or ""), html.Span(words.clock(end, night.zone))]


def _no_stages(night: Night) -> html.P:
    if night.damaged:
        return html.P(t("Damaged entry"), className="hatched")
    return html.P(t("Sleep stages need heart rate or movement; this night has neither."), className="hatched")


def _numbers(night: Night) -> html.Dl:
    found = night.statistics
    shown = (
        (words.minutes(found.tst_min), t("asleep")),
        (words.percent(found.se_pct), t("of the time in bed")),
        (words.minutes(found.sol_min), t("to fall asleep")),
        (words.minutes(found.waso_min), t("awake after that")),
    )
    return html.Dl([html.Div([html.Dt(label), html.Dd(value)]) for value, label in shown], className="four")


def _signs(night: Night) -> html.Section:
    order = (Level.HIGH, Level.MODERATE, Level.LOW, Level.NOT_ASSESSED)
    findings = sorted(night.findings, key=lambda finding: order.index(finding.level))
    return html.Section(
        [html.H2(t("What to look at")), html.Ul([_sign(finding) for finding in findings], className="signs")],
        className="card-plain stack-small",
    )


def _sign(finding: Finding) -> html.Li:
    name = next((detector.name for detector in detectors() if detector.key == finding.disorder), Text(finding.disorder))
    mark = html.Span(LEVEL_SHAPES[finding.level], className=f"shape shape-{finding.level.value}", **{"aria-hidden": "true"})
    title = html.Span([html.Strong(t(name)), " ", html.Span(t(LEVEL_WORDS[finding.level]), className="muted")])
    return html.Li([mark, html.Div([title, html.P(t(finding.summary), className="muted small")])])


def _week(nights: Sequence[Night]) -> html.Section:
    newest: dict[Any, Night] = {}
    for night in nights:
        newest.setdefault(night.night, night)
    last = [newest.get(nights[0].night - timedelta(days=back)) for back in range(6, -1, -1)]
    days = [nights[0].night - timedelta(days=back) for back in range(6, -1, -1)]
    rows = [_week_row(words.day(at), night) for at, night in zip(days, last, strict=True)]
    known = len(newest)
    said = t("Calibrating: {n} of {all} nights. Then your own range is known.", n=known, all=CALIBRATION_NIGHTS)
    note = [html.P([icon("clock"), said], className="muted small calibrating")] if known < CALIBRATION_NIGHTS else []
    return html.Section([html.H2(t("The week")), html.Div(rows, className="week"), *note], className="card-plain stack-small")


def _week_row(label: str, night: Night | None) -> Any:
    day = html.Span(label, className="muted small numeric")
    if night is None:
        return html.Div(
            [
                day,
                html.Span(className="week-gap", title=t("No night here")),
                html.Span(words.NOTHING, className="muted small"),
                html.Span(),
            ],
            className="week-row",
        )
    inside = [
        day,
        ribbon_of(night, height=20),
        html.Span(words.minutes(night.statistics.tst_min), className="small numeric"),
        html.Span(flag(night), className="week-flag"),
    ]
    return dcc.Link(inside, href=f"/night/{night.id}", className="week-row")
