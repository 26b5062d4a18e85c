"""Home: for a new visitor what SOMNIA is, for others last night in one sentence, its picture and four numbers."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dash import dcc, html

from components import words
from components.nights import Night, flag, ribbon_of
from components.score import score_card
from components.states import action, icon
from somnia_engine.detectors import detectors
from somnia_engine.text import Text, t
from somnia_engine.types.findings import LEVEL_ORDER, LEVEL_SHAPES, LEVEL_WORDS, Finding, Level

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


def last_night(nights: Sequence[Night], now: datetime | None = None) -> html.Div:
    """Return the page of somebody who has nights: the newest of them first; with `now`, whether that is last night's is said."""
    night = nights[0]
    demo = [" ", html.Span(t("demo"), className="tag")] if night.demo else []
    head = html.Div(
        [html.P([words.day(night.night, year=True), *demo], className="muted"), html.H1(_sentence(night)), *_none_since(night, now)],
        className="stack-small",
    )
    ribbon = (
        dcc.Link(ribbon_of(night, height=72), href=f"/night/{night.id}", className="big-ribbon") if night.stages.size else _no_stages(night)
    )
    others = (
        (t("Upload a night"), "/upload"),
        (t("Tag this night"), f"/night/{night.id}?tab=remarks"),
        (t("Share with my doctor"), "/sharing"),
    )
    quick = html.Div(
        [action(t("Open this night"), f"/night/{night.id}"), *(action(label, href, primary=False) for label, href in others)],
        className="actions",
    )
    main = html.Section(
        [head, ribbon, html.Div(_times(night), className="row-between muted small numeric"), _numbers(night), quick],
        className="card-plain stack",
    )
    cards = [score_card(night.score, compact=True), *_judged(nights)]
    side = html.Div([card for card in cards if card is not None], className="stack")
    return html.Div([html.Div([main, _week(nights)], className="stack"), side], className="home-grid")


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
    end = night.start.astimezone(UTC) + timedelta(seconds=30 * int(night.stages.size))
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


def _none_since(night: Night, now: datetime | None) -> list[html.P]:
    """Return that last night has no data; nothing where it has, and for made-up nights, which are of no particular day."""
    if now is None or night.demo or words.day_of(now, night.zone) - night.night <= timedelta(days=1):
        return []
    return [html.P(t("Last night has no data here; this is the newest night that has."), className="muted")]


def _judged(nights: Sequence[Night]) -> list[Any]:
    """Return the findings, those first that are others than the night before, and the one thing to do next."""
    findings = sorted(nights[0].findings, key=lambda finding: LEVEL_ORDER.index(finding.level))
    if not findings:
        return []
    before = next((night for night in nights if night.night < nights[0].night and night.findings), None)
    return [_next_step(findings), _new_signs(findings) if before is None else _changes(findings, before)]


def _new_signs(findings: Sequence[Finding]) -> html.Section:
    signs = html.Ul([_sign(finding) for finding in findings], className="signs")
    return html.Section([html.H2(t("What to look at")), signs], className="card-plain stack-small")


def _changes(findings: Sequence[Finding], before: Night) -> html.Section:
    was = {finding.disorder: finding.level for finding in before.findings}
    changed = [finding for finding in findings if was.get(finding.disorder, finding.level) is not finding.level]
    same = [finding for finding in findings if finding not in changed]
    notable = [finding for finding in same if finding.level in (Level.HIGH, Level.MODERATE)]
    quiet = [finding for finding in same if finding not in notable]
    since = words.day(before.night)
    parts: list[Any] = [html.H2(t("What changed"))]
    parts.append(
        html.Ul([_sign(finding, was[finding.disorder]) for finding in changed], className="signs")
        if changed
        else html.P(t("No level changed since {day}.", day=since), className="muted")
    )
    if notable:
        parts += [html.H3(t("As on {day}", day=since)), html.Ul([_sign(finding) for finding in notable], className="signs")]
    if quiet:
        more = html.Summary(t("{n} more as on {day}", n=len(quiet), day=since), className="muted small")
        parts.append(html.Details([more, html.Ul([_sign(finding) for finding in quiet], className="signs")]))
    return html.Section(parts, className="card-plain stack-small")


def _next_step(findings: Sequence[Finding]) -> html.Section:
    """Return one plain thing to do: what the strongest finding advises, else what would let one more be judged."""
    advised = (f.next_step for f in findings if f.next_step is not None and f.level in (Level.HIGH, Level.MODERATE))
    wanted = (need for f in findings if f.level is Level.NOT_ASSESSED for need in f.needs)
    step = next(advised, None)
    lead = t("What would show more:") if step is None else ""
    step = step or next(wanted, None)
    said = t("Nothing stands out in what was measured. There is nothing to do.") if step is None else f"{lead} {t(step)}".strip()
    return html.Section([html.H2(t("Next step")), html.P(said)], className="card-plain stack-small")


def _sign(finding: Finding, was: Level | None = None) -> html.Li:
    name = next((detector.name for detector in detectors() if detector.key == finding.disorder), Text(finding.disorder))
    mark = html.Span(LEVEL_SHAPES[finding.level], className=f"shape shape-{finding.level.value}", **{"aria-hidden": "true"})
    title = html.Span([html.Strong(t(name)), " ", html.Span(t(LEVEL_WORDS[finding.level]), className="muted")])
    earlier = [] if was is None else [html.P(t("before: {level}", level=t(LEVEL_WORDS[was])), className="small")]
    return html.Li([mark, html.Div([title, *earlier, html.P(t(finding.summary), className="muted small")])])


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
