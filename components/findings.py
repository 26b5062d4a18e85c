"""Findings: level as shape, color and word, with the evidence behind it and what is missing."""

import math

from dash import html

from components import words
from components.theme import LEVEL_TOKENS
from somnia_engine.text import Text, t
from somnia_engine.types.findings import LEVEL_ORDER, LEVEL_SHAPES, LEVEL_WORDS, Evidence, Finding, Level

UNITS = {"/week": Text("per week"), "h/day": Text("h per day")}
"""Units that are words; the others are said alike in every language."""


def level_badge(level: Level) -> html.Span:
    """Return a level as shape and word in its color."""
    shape = html.Span(LEVEL_SHAPES[level], className="level-shape", **{"aria-hidden": "true"})
    return html.Span([shape, html.Span(t(LEVEL_WORDS[level]))], className=f"level {LEVEL_TOKENS[level]}")


def finding_list(findings: tuple[Finding, ...], names: dict[str, Text]) -> html.Div:
    """Return the findings, the strongest first; `names` gives each disorder's name."""
    ordered = sorted(findings, key=lambda f: LEVEL_ORDER.index(f.level))
    return html.Div([_finding(f, names.get(f.disorder, Text(f.disorder))) for f in ordered], className="findings")


def _finding(finding: Finding, name: Text) -> html.Details:
    head = html.Summary([html.Span(t(name), className="finding-name"), level_badge(finding.level)])
    body: list[object] = [html.P(t(finding.summary))]
    if finding.evidence:
        body.append(_evidence(finding.evidence))
    body += [html.P(t(need), className="muted") for need in finding.needs if str(need) != str(finding.summary)]
    if finding.next_step is not None:
        body.append(html.P(t(finding.next_step), className="next-step"))
    body.append(
        html.P(
            t("Rule {rule}; data for {share:.0f} % of what it needs.", rule=finding.rule, share=100 * finding.coverage), className="fine"
        )
    )
    return html.Details(
        [head, html.Div(body, className="finding-more")], className="finding", open=finding.level in (Level.HIGH, Level.MODERATE)
    )


def _evidence(rows: tuple[Evidence, ...]) -> html.Table:
    head = html.Thead(html.Tr([html.Th(t("measured")), html.Th(t("value")), html.Th(t("threshold"))]))
    return html.Table([head, html.Tbody([_row(row) for row in rows])], className="evidence")


def number_of(value: float | None, unit: str) -> str:
    """Return a number of the evidence with its unit; a dash where there is none."""
    if value is None or math.isnan(value):
        return words.NOTHING
    places = 1 if abs(value) >= 1 else 2
    while places and round(value, places) == round(value, places - 1):
        places -= 1
    spoken = t(UNITS[unit]) if unit in UNITS else unit
    return f"{words.decimal(value, places)} {spoken}".strip()


def _row(row: Evidence) -> html.Tr:
    where = " · ".join(part for part in (row.source, row.citation) if part)
    label = html.Td([html.Span(t(row.label)), html.Small(where, className="fine")] if where else t(row.label))
    threshold, value = number_of(row.threshold, row.unit), number_of(row.value, row.unit)
    return html.Tr([label, html.Td(value, className="numeric"), html.Td(threshold, className="numeric")])
