"""The report of a night on its page: the sentences, the table as clinics write it, and the same on paper."""

from typing import Any

from dash import html

from components import words
from somnia_engine.report import Report, Row, Table
from somnia_engine.text import t
from somnia_engine.types.night import Worded


def report_tab(report: Report, *, href: str, worded: Worded | None = None) -> html.Div:
    """Return the report: what it says in words, where it comes as a PDF (`href`), its tables, its limits."""
    short = f"{href}?form=short"
    papers = [
        html.A(t("Report as PDF"), href=href, className="button button-primary", download=""),
        html.A(t("On one or two pages"), href=short, className="button", download=""),
    ]
    forms = [(f"{href}?form={form}", name) for form, name in (("edf", "EDF+"), ("fhir", "HL7 FHIR"), ("csv", "CSV"), ("json", "JSON"))]
    others = [html.A(name, href=file, download="", className="chip chip-link") for file, name in forms]
    parts: list[Any] = [
        html.Div([html.P(t(sentence)) for sentence in report.summary], className="stack-small"),
        *_worded(worded),
        html.Div(papers, className="actions"),
        html.P(t("To file or to take to your doctor: no name stands on it, serial numbers are masked."), className="muted small"),
        html.Div([html.Span(t("For other programs:"), className="muted small"), *others], className="chips"),
        html.Details([html.Summary(t("As clinics write it")), html.Div([_table(table) for table in report.tables], className="stack")]),
        html.H3(t("Limits")),
        html.Ul([html.Li(t(limit)) for limit in report.limits], className="muted"),
    ]
    return html.Div(parts, className="tab-body stack-small")


def _worded(worded: Worded | None) -> list[html.Div]:
    """Return a model's words, and that they are one's."""
    if worded is None:
        return []
    said = t("Worded by a language model ({model}); each number was checked against this report.", model=worded.model)
    return [html.Div([*(html.P(sentence) for sentence in worded.sentences), html.P(said, className="muted")], className="stack-small")]


def _table(table: Table) -> html.Div:
    head = html.Thead(html.Tr([html.Th(said, scope="col") for said in (t("number"), t("what it is"), t("value"), t("rule"))]))
    body = html.Table([head, html.Tbody([_row(row) for row in table.rows])], className="plain-table")
    return html.Div([html.H3(t(table.title)), html.Div(body, className="table-scroll", tabIndex=0)])


def _row(row: Row) -> html.Tr:
    why = "" if row.rule is None else t(row.rule)
    if row.blank is not None:
        why = t(row.blank)
    return html.Tr(
        [
            html.Th(row.term, scope="row"),
            html.Td(t(row.label)),
            html.Td(row.said() or words.NOTHING, className="numeric"),
            html.Td(why, className="muted"),
        ]
    )
