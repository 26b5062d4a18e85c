"""The eight disorders: the list with a person's newest levels, and the page of one with what was found night by night."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dash import dcc, html

from components import words
from components.findings import level_badge, number_of
from components.ribbon import marks_uri, scale_uri, stage_ribbon
from components.states import action
from components.theme import LEVEL_TOKENS
from somnia_engine.catalogue import Disorder
from somnia_engine.text import Text, t
from somnia_engine.types.findings import LEVEL_SHAPES, LEVEL_WORDS, Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S

LEAD = Text("What your nights show of each, and what was missing to tell. SOMNIA screens and describes; a doctor names it.")
DEMO = Text("These are nights of the demo: nobody slept them.")
ROWS = (Level.HIGH, Level.MODERATE, Level.LOW, Level.NOT_ASSESSED)
OBSERVED = Text("observations only")
OF_INFANTS = "infant"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one night told of a disorder.

    `stages` is the night's ribbon, empty where there is none; `made_at` when it was analyzed; `again`: the finding was made anew, with
    answers that came later.
    """

    night: date
    night_id: str
    finding: Finding
    stages: Sequence[int] = ()
    made_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DisorderView:
    """What the page of a disorder shows: its name, its entry, the nights in order of time, and whether they are the demo's."""

    name: Text
    entry: Disorder
    seen: tuple[Seen, ...]
    demo: bool = False


def newest(seen: Sequence[Seen]) -> Seen | None:
    """Return the last night that was judged or observed, else the last; None without nights."""
    told = [one for one in seen if one.finding.level is not Level.NOT_ASSESSED or one.finding.evidence]
    return told[-1] if told else seen[-1] if seen else None


def disorder_list(names: Mapping[str, Text], seen: Mapping[str, Sequence[Seen]], entries: Sequence[Disorder], *, demo: bool) -> html.Div:
    """Return the list of all, each with the newest level and its night."""
    cards = [_card(entry, names[entry.key], newest(seen.get(entry.key, ()))) for entry in entries]
    lead = [html.P(t(LEAD), className="muted"), *([html.P(t(DEMO), className="chip chip-demo")] if demo else [])]
    return html.Div([html.H1(t("Disorders")), *lead, html.Div(cards, className="disorders")], className="stack")


def _card(entry: Disorder, name: Text, last: Seen | None) -> dcc.Link:
    said = t(entry.about[0]) if last is None else t(last.finding.summary)
    when = [html.Span(words.day(last.night, year=True), className="fine")] if last is not None else []
    badge = _badge(last.finding) if last is not None else level_badge(Level.NOT_ASSESSED)
    return dcc.Link([html.H2(t(name)), badge, html.P(said, className="small"), *when], href=f"/disorders/{entry.key}", className="disorder")


def _badge(finding: Finding) -> html.Span:
    """Return the level; what is only observed, as an infant's night, says so."""
    if finding.disorder != OF_INFANTS or not finding.evidence:
        return level_badge(finding.level)
    shape = html.Span(LEVEL_SHAPES[Level.NOT_ASSESSED], className="level-shape", **{"aria-hidden": "true"})
    return html.Span([shape, html.Span(t(OBSERVED))], className="level level-none")


def disorder_page(view: DisorderView, questions: Sequence[Any] = ()) -> html.Div:
    """Return the page of one disorder; `questions` are its questionnaires."""
    last = newest(view.seen)
    head = [html.H1(t(view.name)), *([_badge(last.finding)] if last is not None else [])]
    demo = [html.P(t(DEMO), className="chip chip-demo")] if view.demo else []
    levels = [_over_time(view.seen)] if view.seen and view.entry.key != OF_INFANTS else []
    left = [_about(view.entry), *levels, *_newest(last), *questions]
    right = [_doctor(view.entry), _measured(view.entry, last), _limits(view.entry)]
    return html.Div(
        [
            dcc.Link(t("All disorders"), href="/disorders", className="small"),
            html.Div(head, className="disorder-head"),
            *demo,
            html.Div([html.Div(left, className="stack"), html.Div(right, className="stack")], className="disorder-two"),
        ],
        className="stack disorder-page",
    )


def _part(title: str, *parts: Any) -> html.Section:
    return html.Section([html.H2(title), *parts], className="card-plain stack-small")


def _lines(sentences: Sequence[Text]) -> html.Ul:
    return html.Ul([html.Li(t(sentence)) for sentence in sentences], className="plain-lines")


def _about(entry: Disorder) -> html.Section:
    return _part(t("What it is"), _lines(entry.about))


def _doctor(entry: Disorder) -> html.Section:
    return _part(t("When to see a doctor"), _lines(entry.doctor))


def _limits(entry: Disorder) -> html.Section:
    sources = html.Details([html.Summary(t("Sources")), html.Ul([html.Li(source) for source in entry.sources], className="fine")])
    return _part(t("What this cannot say"), _lines(entry.limits), sources)


def _over_time(seen: Sequence[Seen]) -> html.Section:
    names = html.Div([html.Span(t(LEVEL_WORDS[level])) for level in ROWS], className="level-names", **{"aria-hidden": "true"})
    cells = html.Ol([html.Li(_cell(one)) for one in reversed(seen)], className="level-cells", reversed="reversed")
    span = t("{first} to {last}", first=words.day(seen[0].night, year=True), last=words.day(seen[-1].night, year=True))
    return _part(t("Night by night"), html.Div([names, cells], className="levels"), html.P(span, className="fine"))


def _cell(one: Seen) -> dcc.Link:
    level = one.finding.level
    said = t("{day}: {level}", day=words.day(one.night, year=True), level=LEVEL_WORDS[level])
    shape = html.Span(LEVEL_SHAPES[level], className=f"level-shape {LEVEL_TOKENS[level]}", **{"aria-hidden": "true"})
    words_too = html.Span(said, className="visually-hidden")
    return dcc.Link([shape, words_too], href=f"/night/{one.night_id}", title=said, className=f"level-cell at-{level}")


def _newest(last: Seen | None) -> list[html.Section]:
    if last is None:
        said = html.P(t("No night yet. Bring one, and what it shows stands here."), className="muted")
        return [_part(t("Newest night"), said, html.Div(action(t("Upload"), "/upload"), className="actions"))]
    finding = last.finding
    again = (
        [html.P(t("Judged again with your answers; the night itself stays as it was analyzed."), className="fine")] if last.again else []
    )
    link = dcc.Link(t("Open the night of {day}", day=words.day(last.night, year=True)), href=f"/night/{last.night_id}")
    rows = [_evidence(row, last.stages) for row in finding.evidence]
    table = [html.Div(rows, className="proofs")] if rows else []
    step = [html.P(t(finding.next_step), className="next-step")] if finding.next_step is not None else []
    rule = t("Rule {rule}; data for {share:.0f} % of what it needs.", rule=finding.rule, share=100 * finding.coverage)
    return [_part(t("Newest night"), html.P(t(finding.summary)), *again, *table, *step, html.P(rule, className="fine"), link)]


def _evidence(row: Evidence, stages: Sequence[int]) -> html.Div:
    """Return one number with its threshold drawn, and the minutes behind it on a small night."""
    where = " · ".join(part for part in (row.source, row.citation) if part)
    head = [html.Span(t(row.label)), html.Strong(number_of(row.value, row.unit), className="numeric")]
    lines: list[Any] = [html.Div(head, className="proof-head"), *_bound(row)]
    if row.minutes:
        lines.append(_small_night(row, stages))
    return html.Div([*lines, *([html.Small(where, className="fine")] if where else [])], className="proof")


def _bound(row: Evidence) -> list[html.Div]:
    """Return the threshold in words, and drawn beside the number where that was measured; nothing without one."""
    if row.threshold is None:
        return []
    said = html.Span(t("threshold {n}", n=number_of(row.threshold, row.unit)), className="fine")
    drawn = [] if math.isnan(row.value) else [html.Img(src=scale_uri(row.value, row.threshold), alt="", className="proof-scale")]
    return [html.Div([*drawn, said], className="proof-bound")]


def _small_night(row: Evidence, stages: Sequence[int]) -> html.Div:
    n_epochs = len(stages) or math.ceil(max(end for _, end in row.minutes) / EPOCH_S)
    said = t("{n} moments, {time} in all", n=len(row.minutes), time=words.minutes(sum(end - first for first, end in row.minutes) / 60.0))
    ribbon = [stage_ribbon(stages, label=t("Sleep stages of the night"), height=20)] if len(stages) else []
    marks = html.Img(src=marks_uri(row.minutes, n_epochs=n_epochs), alt=said, className="proof-marks")
    return html.Div([*ribbon, marks, html.Small(said, className="fine")], className="proof-night")


def _measured(entry: Disorder, last: Seen | None) -> html.Section:
    """Return what is measured of it at all, what the newest night brought, and what was missing."""
    parts: list[Any] = [_lines(entry.measured)]
    if last is not None:
        there = [row for row in last.finding.evidence if not math.isnan(row.value)]
        lost = [row.label for row in last.finding.evidence if math.isnan(row.value)]
        day = words.day(last.night, year=True)
        if there:
            parts += [html.H3(t("Measured on {day}", day=day)), _lines([row.label for row in there])]
        if lost or last.finding.needs:
            parts += [html.H3(t("Not measured on {day}", day=day)), _lines([*lost, *last.finding.needs])]
    return _part(t("What is measured"), *parts)
