"""A doctor's worklist: a dense grid of patients, the chips of its filters, and the drawer that previews a night."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from components import fields, ids, words
from components.findings import level_badge
from components.numbers import leading_numbers
from components.ribbon import stage_ribbon
from components.states import action
from somnia_engine.text import Text, t
from somnia_engine.types.findings import LEVEL_SHAPES, Level
from somnia_engine.types.night import NightAnalysis

PAGE = "worklist"
GRID = "worklist-grid"
DRAWER = "worklist-drawer"
FILTERS = "worklist-filters"
TICK = "worklist-tick"
FIND = "worklist-find"
STALE_DAYS = 7
"""Without a newer night for this long, a patient's data are stale [d]."""
STATES: dict[str, tuple[str, Text]] = {
    "recording": ("accent", Text("files arriving")),
    "processing": ("accent", Text("processing")),
    "review": ("low", Text("to review")),
    "short": ("moderate", Text("short")),
    "incomplete": ("moderate", Text("incomplete")),
    "damaged": ("high", Text("damaged")),
    "demo": ("none", Text("demo")),
    "none": ("none", Text("no night")),
}
"""A state's color and word."""
READINGS: dict[str, tuple[str, Text]] = {
    "new": ("accent", Text("new")),
    "started": ("moderate", Text("started")),
    "pending": ("moderate", Text("pending")),
    "signed": ("low", Text("signed")),
    "resign": ("high", Text("to sign again")),
}
VIEWS: dict[str, tuple[Text, dict[str, Any]]] = {
    "all": (Text("All"), {}),
    "new": (Text("New"), {"new": {"filterType": "number", "type": "greaterThan", "filter": 0}}),
    "flagged": (Text("Flagged"), {"flagged": {"filterType": "number", "type": "greaterThan", "filter": 0}}),
    "stale": (Text("Stale"), {"age": {"filterType": "number", "type": "greaterThan", "filter": STALE_DAYS}}),
    "unsigned": (Text("Unsigned"), {"unsigned": {"filterType": "number", "type": "greaterThan", "filter": 0}}),
}
THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--surface)', foregroundColor: 'var(--text)', borderColor: 'var(--line)',"
    " accentColor: 'var(--accent)', headerBackgroundColor: 'var(--surface)', headerTextColor: 'var(--muted)', fontFamily: 'inherit',"
    " fontSize: 14, headerFontWeight: 560, spacing: 6, wrapperBorderRadius: 10, browserColorScheme: 'inherit'})"
)
NUMBER, WORDS = "agNumberColumnFilter", "agTextColumnFilter"


def page(rows: Sequence[dict[str, Any]], saved: Sequence[Any]) -> html.Div:
    """Return the worklist."""
    label = t("Find a patient")
    find = dcc.Input(id=FIND, type="search", placeholder=label, className="worklist-find", debounce=False, autoComplete="off")
    bar = html.Div([html.Label(label, htmlFor=FIND, className="visually-hidden"), find, html.Div(filters(saved), id=FILTERS)])
    bar.className = "worklist-bar"
    side = html.Aside(html.Div(empty_drawer(), id=DRAWER), className="worklist-side", **{"aria-label": t("The night in short")})
    parts = [
        html.Div([html.H1(t("Worklist")), html.Span(t("Patients: {n}", n=len(rows)), className="muted numeric")], className="row-between"),
        bar,
        html.Div([grid(rows), side], className="worklist-body"),
        keys(),
        dcc.Interval(id=TICK, interval=60_000),
    ]
    return html.Div(parts, className="worklist stack-small")


def grid(rows: Sequence[dict[str, Any]]) -> dag.AgGrid:
    """Return the grid; it can be sorted and filtered by every column, and is worked by keys."""
    options = {
        "theme": {"function": THEME},
        "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
        "rowHeight": 40,
        "headerHeight": 38,
        "animateRows": False,
        "suppressCellFocus": False,
        "ensureDomOrder": True,
        "localeText": {"noRowsToShow": t("No patient here. Whoever shares with you appears by itself.")},
    }
    return dag.AgGrid(
        id=GRID,
        rowData=list(rows),
        columnDefs=columns(),
        defaultColDef={"sortable": True, "filter": True, "resizable": True, "floatingFilter": False, "minWidth": 70},
        dashGridOptions=options,
        getRowId="params.data.patient",
        className="worklist-grid",
    )


def columns() -> list[dict[str, Any]]:
    """Return the columns, each with its words."""
    return [
        _column("name", t("Patient"), WORDS, width=128, tooltipField="name"),
        _column("state", t("State"), WORDS, width=116, cellRenderer="WorklistMark"),
        _column("reading", t("Reading"), WORDS, width=114, cellRenderer="WorklistMark"),
        _column("night", t("Night"), WORDS, width=92, cellRenderer="WorklistNight"),
        _column("age", t("Age"), NUMBER, width=76, cellRenderer="WorklistAge"),
        _column("ribbon", t("Stages"), None, width=120, cellRenderer="WorklistRibbon", sortable=False),
        _column("asleep", t("Asleep"), NUMBER, width=92, cellRenderer="WorklistAsleep"),
        _column("flagged", t("Flags"), NUMBER, width=150, cellRenderer="WorklistFlags", sort="desc"),
        _column("new", t("New"), NUMBER, width=64, suppressHeaderFilterButton=True),
        _column("unsigned", t("Unsigned"), NUMBER, width=96, suppressHeaderFilterButton=True),
    ]


def _column(name: str, label: str, kind: str | None, **more: Any) -> dict[str, Any]:
    wide = more.pop("width")
    return {"field": name, "headerName": label, "filter": kind or False, "flex": wide, "minWidth": wide, **more}


def row(found: Any, disorders: Mapping[str, Text], now: datetime) -> dict[str, Any]:
    """Return a patient as the grid takes them: words are said here, shapes and colors are drawn in the browser."""
    face, state, reading = found.face, STATES[found.state], READINGS[found.reading]
    marks = [[LEVEL_SHAPES[Level(level)], level, t(disorders.get(key, Text(key)))] for key, level in face.flags]
    return {
        "patient": found.patient,
        "name": found.name or t("no name given"),
        "night_id": found.night_id,
        "state": t(state[1]),
        "state_tone": state[0],
        "reading": t(reading[1]) if found.night_id else "",
        "reading_tone": reading[0],
        "night": found.night.isoformat() if found.night else "",
        "night_said": words.day_month(found.night) if found.night else "",
        "age": None if found.night is None else max((now.date() - found.night).days, 0),
        "age_said": "" if found.night is None else t("{n} d", n=max((now.date() - found.night).days, 0)),
        "ribbon": face.ribbon,
        "asleep": face.tst_min,
        "asleep_said": words.minutes(face.tst_min) if face.tst_min is not None else words.NOTHING,
        "flagged": len(marks),
        "flags": marks,
        "new": found.new,
        "unsigned": found.unsigned,
        "may_upload": found.may_upload,
    }


def filters(saved: Sequence[Any]) -> list[Any]:
    """Return the chips: the filters that everybody has, a doctor's own, and the field for one more."""
    chips = [_chip("view", key, t(label), str(number)) for number, (key, (label, _)) in enumerate(VIEWS.items(), 1)]
    for one in saved:
        remove = html.Button(
            "×", id=ids.do(PAGE, "forget", one.id), className="chip-x", type="button",
            title=t("Remove this filter"), **{"aria-label": t("Remove the filter {name}", name=one.name)},
        )  # fmt: skip
        chips.append(html.Span([_chip("view", one.id, one.name), remove], className="chip-pair"))
    name = fields.text(PAGE, "name", t("Name"))
    keep = html.Details(
        [
            html.Summary(t("Keep this filter")),
            html.Div([name, fields.button(PAGE, "keep", t("Keep"), primary=True)], className="worklist-keep"),
        ],
        className="worklist-more",
    )
    return [html.Div(chips, className="worklist-chips", role="group", **{"aria-label": t("Filters")}), keep]


def _chip(act: str, key: str, label: str, number: str = "") -> html.Button:
    inside = [label, html.Kbd(number)] if number else label
    return html.Button(inside, id=ids.do(PAGE, act, key), className="chip chip-button", type="button", **{"data-view": number})


def empty_drawer() -> list[Any]:
    """Return what stands in the drawer before a night is chosen."""
    return [html.P(t("Choose a patient to see the last night here."), className="muted")]


def drawer(data: Mapping[str, Any], analysis: NightAnalysis | None, *, disorders: Mapping[str, Text], compare: bool) -> list[Any]:
    """Return the preview of a patient's newest night, and the ways on; `compare` says whether there is a page to compare nights on."""
    patient = f"/patient/{data['patient']}"
    head = [html.H2(str(data.get("name", ""))), html.P(str(data.get("night", "")), className="muted numeric")]
    if analysis is None:
        none = html.P(t("No night of this patient is open to you now."), className="muted")
        return [*head, none, html.Div([action(t("Patient"), patient), *_bring(data)], className="actions")]
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    drawn = [] if hypnogram is None else [stage_ribbon(hypnogram.stages.tolist(), label=t("The stages of this night"), height=56)]
    found = [finding for finding in analysis.findings if finding.level in (Level.HIGH, Level.MODERATE)]
    lines = [
        html.Div([html.Strong(t(disorders.get(f.disorder, Text(f.disorder)))), level_badge(f.level), html.P(t(f.summary))]) for f in found
    ]
    night = str(data["night_id"])
    ways = [
        action(t("Review"), f"/review/{night}"),
        action(t("Night"), f"/night/{night}", primary=False),
        action(t("Patient"), patient, primary=False),
    ]
    ways += [action(t("Compare"), f"/compare?patient={data['patient']}", primary=False)] if compare else []
    ways += _bring(data)
    nothing = [] if lines else [html.P(t("Nothing stands out in what was measured."), className="muted")]
    return [*head, *drawn, html.Div(ways, className="actions"), *lines, *nothing, leading_numbers(analysis)]


def _bring(data: Mapping[str, Any]) -> list[Any]:
    """Return the way to bring files for a patient, where the grant allows it."""
    return [action(t("Upload"), f"/bring/{data['patient']}", primary=False)] if data.get("may_upload") else []


def keys() -> html.Details:
    """Return the keys of the page."""
    said = (
        ("J K", t("next and previous patient")), ("Enter", t("review the night")), ("/", t("find a patient")),
        ("1 – 5", t("choose a filter")), ("P", t("open the patient")),
    )  # fmt: skip
    rows = [part for key, text in said for part in (html.Dt(html.Kbd(key)), html.Dd(text))]
    return html.Details([html.Summary(t("Keys")), html.Dl(rows, className="keys")], className="worklist-more")
