"""The style page: the parts that pages are made of, each in every state; for whoever works on SOMNIA, so its samples are not translated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dash import html

from components import choices, fields, findings, kiosk, notices, progress, ribbon, score, states, timeline
from components.theme import TOKENS
from somnia_engine.scoring import score_of
from somnia_engine.text import Text, t
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.recording import NightSpan

Sample = tuple[str, Any]
PAGE = "styleguide"
AT = datetime(2025, 11, 15, 7, 0, tzinfo=UTC)
DAY = AT.date()
STAGES = (*([0] * 20 + [1] * 10 + [2] * 60 + [3] * 50 + [4] * 40) * 4, *[-1] * 30, *[5] * 60)
NUMBERS = {"tst_min": 424.0, "se_pct": 92.0, "long_awakenings": 1.0, "n3_min": 82.0, "rem_min": 96.0, "bedtime_off_min": 12.0, "sri": 78.0}
SENTENCE = "One sentence, as long as most of them are."
SEEN = Text(SENTENCE)
NAMES = {level.name: Text(level.name) for level in Level}


@dataclass(frozen=True, slots=True)
class _Job:
    """An analysis in one of its states."""

    state: str
    id: str = "sample"
    stage: str = "extract"
    fraction: float = 0.4
    eta_s: float | None = 90.0
    night: date | None = DAY
    night_id: str | None = "sample"
    error: Text | None = None
    error_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Notice:
    """A notice, read or not."""

    id: str
    text: Text
    read_at: datetime | None
    created_at: datetime = AT


@dataclass(frozen=True, slots=True)
class _Bed:
    """A place of a display."""

    alias: str = "Bed 11"
    dark: bool = False
    damaged: bool = False
    night: date = DAY
    stages: tuple[int, ...] = STAGES
    tst_min: float | None = 424.0
    se_pct: float | None = 92.0
    waso_min: float | None = 20.0
    age_h: float = 2.0
    score: float | None = 78.0
    stale_at: datetime = AT + timedelta(hours=34)
    arriving_at: datetime | None = None
    analyzing: bool = False


def styleguide() -> html.Div:
    """Return the page; the button of the frame turns it dark and light."""
    parts = [_tokens(), *(_section(name, make()) for name, make in SHOWN.items())]
    return fields.page(PAGE, "Styles", parts)


def _section(name: str, samples: Sequence[Sample]) -> html.Section:
    shown = [html.Div([html.H3(state, className="muted small"), html.Div(part)], className="style-sample") for state, part in samples]
    return html.Section([html.H2(name, className="numeric"), *shown], className="style-part", **{"data-part": name})


def _tokens() -> html.Section:
    squares = [
        html.Li([html.Span(className=f"style-square style-{name}", **{"aria-hidden": "true"}), html.Code(f"--{name}")]) for name in TOKENS
    ]
    return html.Section([html.H2("tokens"), html.Ul(squares, className="style-tokens")], className="style-part")


def _notices() -> list[Sample]:
    told = [_Notice("a", SEEN, None), _Notice("b", SEEN, AT)]
    return [("empty", notices.notices_card([])), ("unread and read", notices.notices_card(told))]


def _levels() -> list[Sample]:
    return [(level.name, findings.level_badge(level)) for level in Level]


def _findings() -> list[Sample]:
    shown = Evidence(SEEN, 20.0, "/h", 5.0, "ring.csv", "Someone 1999")
    made = [
        Finding(level.name, level, SEEN, 0.1 if level is Level.NOT_ASSESSED else 1.0,
                evidence=() if level is Level.NOT_ASSESSED else (shown,), rule="sample 1")
        for level in Level
    ]  # fmt: skip
    return [("empty", findings.finding_list((), {})), ("every level", findings.finding_list(tuple(made), NAMES))]


def _jobs() -> list[Sample]:
    failed = _Job("failed", error=SEEN, error_id="e-1")
    shown = [_Job("queued"), _Job("done"), failed, _Job("cancelled")]
    rows = [(job.state, progress.job_rows([job])[0]) for job in shown]
    expired = progress.job_rows([_Job("done", night_id=None)])[0]
    return [*rows, ("done, the night expired", expired), ("loading", progress.job_rows([_Job("running")]))]


def _scores() -> list[Sample]:
    part = {"tst_min": NUMBERS["tst_min"]}
    return [
        ("whole", score.score_card(score_of(NUMBERS))),
        ("compact", score.score_card(score_of(NUMBERS), compact=True)),
        ("parts not measured", score.score_card(score_of(part))),
        ("not assessed: no card", score.score_card(None)),
    ]


def _chips() -> list[Sample]:
    return [("told", score.score_chip(score_of(NUMBERS))), ("not assessed", score.score_chip(None))]


def _ribbons() -> list[Sample]:
    gone = ribbon.stage_ribbon([-1] * 200, label="unscored night")
    return [
        ("every stage", ribbon.stage_ribbon(STAGES, label="sample night")),
        ("unscored", gone),
        ("empty", ribbon.stage_ribbon([], label="no night")),
    ]


def _boards() -> list[Sample]:
    beds = (
        ("fresh", _Bed()), ("stale", _Bed(stale_at=AT)), ("not shared", _Bed(dark=True)), ("error", _Bed(damaged=True)),
        ("data arriving", _Bed(arriving_at=AT)), ("analyzing", _Bed(analyzing=True)),
        ("not assessed", _Bed(stages=(), tst_min=None, se_pct=None, waso_min=None, score=None)),
    )  # fmt: skip
    return [("empty", kiosk.board([], AT)), *((state, kiosk.board([bed], AT)) for state, bed in beds)]


def _bars() -> list[Sample]:
    known, loose = NightSpan(AT.date(), AT - timedelta(hours=8), AT, 28800.0), NightSpan(None, None, None, 28800.0)
    return [("known", timeline.day_bar(known, "UTC")), ("unknown moment", timeline.day_bar(loose, None))]


def _fields() -> dict[str, Callable[[], list[Sample]]]:
    """Return the parts of forms, those that do nothing without a page of their own."""
    pick = {"": t("choose"), "a": "One"}
    return {
        "fields.card": lambda: [("with a lead", fields.card("Card", html.P("Body"), lead="What it is for."))],
        "fields.text": lambda: [
            ("empty", fields.text(PAGE, "t", "Label", hint="A hint.")),
            ("several lines", fields.text(PAGE, "ta", "Label", "Words", kind="area")),
        ],
        "fields.number": lambda: [("filled", fields.number(PAGE, "n", "Label", 7.5, limits=(0, 24)))],
        "fields.day": lambda: [("empty", fields.day(PAGE, "d0", "Label")), ("filled", fields.day(PAGE, "d", "Label", AT.date()))],
        "fields.choice": lambda: [
            ("empty", fields.choice(PAGE, "c0", "Label", pick)),
            ("chosen", fields.choice(PAGE, "c", "Label", pick, "a")),
        ],
        "fields.switch": lambda: [
            ("on", fields.switch(PAGE, "on", "Switch", on=True)),
            ("off", fields.switch(PAGE, "off", "Switch", on=False)),
        ],
        "fields.button": lambda: [
            ("primary", fields.button(PAGE, "a", "Primary", primary=True)),
            ("plain", fields.button(PAGE, "b", "Plain")),
            ("quiet", fields.button(PAGE, "c", "Quiet", quiet=True)),
        ],
        "fields.fields": lambda: [("two", fields.fields(fields.text(PAGE, "one", "One"), fields.text(PAGE, "two", "Two")))],
        "fields.rows": lambda: [("empty", fields.rows([], empty="Nothing yet.")), ("filled", fields.rows([("A thing", [])], empty=""))],
        "fields.answer": lambda: [
            ("none", fields.answer(None)),
            ("good", fields.answer(SEEN)),
            ("error", fields.answer(SEEN, good=False)),
        ],
        "fields.table": lambda: [
            ("empty", fields.table(["a"], [], empty="Nothing yet.")),
            ("filled", fields.table(["a", "b"], [["1", "2"]], empty="")),
        ],
    }


def _tones() -> list[Sample]:
    return [(tone, states.message("One sentence that says it.", tone=tone)) for tone in ("none", "low", "moderate", "high")]


SHOWN: Mapping[str, Callable[[], list[Sample]]] = {
    "states.notice": lambda: [("empty page", states.notice("Title", "The cause.", states.action("Next", "/styleguide")))],
    "states.icon": lambda: [(name, states.icon(name)) for name in ("moon", "sun", "lock", "triangle-alert", "check", "watch")],
    "states.action": lambda: [("primary", states.action("Go", "/")), ("plain", states.action("Go", "/", primary=False))],
    "states.not_found": lambda: [("not found", states.not_found())],
    "states.damaged": lambda: [("error", states.damaged())],
    "states.account_needed": lambda: [("forbidden", states.account_needed())],
    "states.display_needed": lambda: [("forbidden", states.display_needed())],
    "states.ended": lambda: [("ended", states.ended())],
    "states.failed": lambda: [("error", states.failed("e-0000"))],
    "states.away": lambda: [("away", states.away())],
    "states.message": _tones,
    **_fields(),
    "choices.one_of": lambda: [("chosen", choices.one_of("style-one", {"a": "One", "b": "Two"}, value="a", label="Sample"))],
    "choices.some_of": lambda: [("one of two", choices.some_of("style-some", {"a": "One", "b": "Two"}, value=["a"]))],
    "findings.level_badge": _levels,
    "findings.finding_list": _findings,
    "notices.notices_card": _notices,
    "progress.job_rows": _jobs,
    "score.score_card": _scores,
    "score.score_chip": _chips,
    "ribbon.stage_ribbon": _ribbons,
    "kiosk.board": _boards,
    "timeline.day_bar": _bars,
}
"""Each public part of the building modules, and what shows it; `tests/components/test_styleguide.py` holds it whole."""
