"""The sleep score: the number, its parts as bars, and the numbers behind each; what is missing is named."""

from typing import Any

from dash import html

from components.numbers import said
from somnia_engine.text import Text, t
from somnia_engine.types.score import ScorePart, SleepScore

PARTS: dict[str, Text] = {
    "duration": Text("duration"),
    "continuity": Text("continuity"),
    "regularity": Text("regularity"),
    "stages": Text("deep and REM"),
}
INPUTS: dict[str, tuple[Text, str]] = {
    "tst_min": (Text("asleep"), "time"),
    "se_pct": (Text("efficiency"), "pct"),
    "long_awakenings": (Text("awakenings of more than 5 min"), "count"),
    "bedtime_off_min": (Text("from your usual bedtime"), "time"),
    "sri": (Text("regularity index of two weeks"), "count"),
    "n3_min": (Text("deep sleep"), "time"),
    "rem_min": (Text("REM sleep"), "time"),
}
"""What each input is called, and how its number is said."""


def score_card(score: SleepScore | None, *, compact: bool = False) -> html.Section | None:
    """Return the score with its parts; None without one. The compact card leaves out what is behind the parts."""
    if score is None:
        return None
    head = html.P([html.Span(str(round(score.value)), className="score-value"), html.Span(t("of 100"), className="muted")])
    bars = html.Div([_part(part, compact=compact) for part in score.parts], className="score-parts")
    missing = [html.P(_missing(score), className="fine")] if score.missing else []
    about = [] if compact else [_about(score)]
    return html.Section([head, bars, *missing, *about], className="score-card", **{"aria-label": t("Sleep score")})


def score_chip(score: SleepScore | None) -> list[Any]:
    """Return the score as a list shows it; nothing without one."""
    if score is None:
        return []
    return [html.Span([html.Strong(str(round(score.value)), className="numeric"), " ", html.Span(t("of 100"), className="muted small")])]


def _part(part: ScorePart, *, compact: bool) -> Any:
    name, reached = t(PARTS.get(part.key, Text(part.key))), round(part.weight * part.reached)
    points = t("{n} of {all}", n=reached, all=round(part.weight))
    bar = html.Progress(value=str(round(100 * part.reached)), max="100", className="score-bar", **{"aria-label": f"{name}: {points}"})
    row = [html.Span(name, className="score-name"), bar, html.Span(points, className="numeric small muted")]
    if compact:
        return html.Div(row, className="score-row")
    lines = [html.Li(f"{t(INPUTS[key][0])}: {said(value, INPUTS[key][1])}") for key, value in part.inputs.items() if key in INPUTS]
    return html.Details([html.Summary(row, className="score-row"), html.Ul(lines, className="score-inputs")])


def _missing(score: SleepScore) -> str:
    names = ", ".join(t(PARTS.get(key, Text(key))) for key in score.missing)
    return t("Not measured: {parts}. Their points went to the other parts.", parts=names)


def _about(score: SleepScore) -> html.P:
    said_of = t("Every sleep score is an opinion; ours shows what it counts ({version}).", version=score.version)
    return html.P(said_of, className="fine")
