"""How good the judgements are: what each model and rule reached, on whom, against what, and what it does not know."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components import fields
from components.words import decimal, percent
from somnia_engine.text import Text, t

Row = dict[str, Any]

NAMES: dict[str, Text] = {
    "sleep_stages": Text("Sleep stages"),
    "actigraphy": Text("Published rules for movement"),
    "apnea": Text("Disturbed breathing, minute by minute"),
    "apnea_night": Text("Disturbed breathing of a whole night"),
    "joined_breathing": Text("Breathing events of all sensors"),
    "rhythm": Text("Irregular pulse"),
    "sound": Text("Sounds"),
    "mat": Text("Position on a pressure mat"),
    "pose": Text("Position seen by a camera"),
    "packet": Text("A night in a packet of 2 KB"),
    "rules": Text("Heartbeats and oxygen drops"),
}
"""The parts of the page, in their order; a model that is not named here comes behind them under its own name."""
LEADS: dict[str, Text] = {
    "sleep_stages": Text("Compared with stages that experts scored from brain waves in a sleep laboratory, half minute by half minute."),
    "actigraphy": Text("Rules that others published and that stand beside ours on the night page; nothing was fitted."),
    "apnea": Text("Compared with minutes in which experts saw an apnea or hypopnea in a sleep laboratory."),
    "apnea_night": Text("How near the estimate of a whole night comes to what the sleep laboratory counted."),
    "joined_breathing": Text("How near the list of single events comes to what the sleep laboratory counted."),
    "rhythm": Text("Compared with heart rhythms that cardiologists marked in ECG recordings."),
    "sound": Text(
        "Compared with sounds of known kind, second by second, from sources that the model had not heard, and with composed nights."
    ),
    "mat": Text("Compared with the positions that people were asked to take on a mat."),
    "pose": Text("Compared with a mannequin in a bed and with drawn bodies at known angles; real sleepers were not to be had."),
    "packet": Text("How near the analysis from a packet comes to that from the files of the same night."),
    "rules": Text("These are not learned. They are compared with beats that cardiologists marked and with groups of patients."),
}
FIGURES: dict[str, Text] = {
    "accuracy": Text("right in all"),
    "kappa": Text("agreement beyond chance (κ)"),
    "macro-F1": Text("F1, mean of the classes"),
    "AUC": Text("how well it ranks (AUC)"),
    "sensitivity": Text("share found"),
    "specificity": Text("share rightly left alone"),
    "calibration error": Text("error of its own certainty"),
    "recall": Text("share found"),
    "precision": Text("share of finds that were right"),
    "kappa above the ruler": Text("κ above the simple method’s"),
    "mean confidence": Text("mean certainty"),
    "nights surer than with all sensors": Text("nights surer than with all sensors"),
    "truth in the 90 % interval": Text("share of nights whose 90 % range holds the truth"),
    "width of the 90 % interval": Text("mean width of the 90 % range"),
}
PLAIN: dict[str, tuple[str, str, Text]] = {
    "sleep_stages": (
        "wake / light / deep / REM, heart rate and movement", "accuracy",
        Text("Of 100 half minutes, {n} got the stage that the experts gave: awake, light, deep or REM."),
    ),
    "apnea": ("oxygen and beats, HuGCDN", "accuracy", Text("Of 100 minutes, {n} were told rightly as disturbed or undisturbed.")),
    "apnea_night": (
        "at least 15 events per hour, oxygen", "sensitivity@0.5",
        Text("Of 100 people with severe apnea, {n} were given a probability above one half of 15 or more events per hour."),
    ),
    "rhythm": (
        "fibrillation in Holters (MIT-BIH AFDB)", "sensitivity@0.2",
        Text("Of 100 half minutes of atrial fibrillation, {n} were seen."),
    ),
    "sound": (
        "snore against everything else", "sensitivity@95",
        Text("Of 100 seconds of snoring, {n} are found when 5 of 100 other seconds may wrongly count as snoring."),
    ),
    "rules": (
        "beats within 100 ms, first lead, all records", "F1",
        Text("Of 100 heartbeats in an ECG, about {n} are found where they are (F1)."),
    ),
}  # fmt: skip
"""The figure that says most to somebody who knows none of these measures: its task, its name and the sentence."""
ABOUT = Text(
    "Every figure of a learned model is of people (or sound sources) that it was not trained on, with the range that holds it with 95 %"
    " probability. κ and AUC are 1 for a perfect answer; guessing gives a κ of 0 and an AUC of 0.5."
    " “Goal” is what we set ourselves before; “answered” is the share of the time that could be judged and was."
)


def accuracy(scores: Mapping[str, Sequence[Row]], cards: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Return a part for each model: its figures that have a goal first, all others folded, its limits and where it comes from."""
    order = [name for name in NAMES if name in scores] + sorted(name for name in scores if name not in NAMES)
    return [html.P(t(ABOUT), className="muted"), *(_model(name, scores[name], cards.get(name, {})) for name in order)]


def in_short(scores: Mapping[str, Sequence[Row]]) -> html.Ul:
    """Return the one sentence for everybody of each model that has one."""
    return html.Ul([html.Li(said) for name in NAMES if name in scores for said in _sentences(name, scores[name])])


def _model(name: str, rows: Sequence[Row], card: Mapping[str, Any]) -> Any:
    leading = [row for row in rows if row["bar"] is not None or row["figure"] == "kappa"] or list(rows)
    others = [row for row in rows if row not in leading]
    parts: list[Any] = [*(html.P(html.Strong(said)) for said in _sentences(name, rows)), *_tables(leading)]
    if others:
        parts.append(
            html.Details([html.Summary(t("All other figures ({n})", n=len(others))), html.Div(_tables(others), className="stack")])
        )
    parts += [_confusion(row) for row in rows if row.get("table")]
    if card.get("limits"):
        limits = html.Ul([html.Li(limit, lang="en") for limit in card["limits"]])
        parts.append(html.Div([html.H3(t("What it does not know")), limits]))
    data = card.get("data")
    if data:
        parts.append(html.P(t("Learned from: {data}. License: {license}.", data=data["name"], license=data["license"]), className="muted"))
    lead = t(LEADS[name]) if name in LEADS else ""
    return fields.card(t(NAMES[name]) if name in NAMES else name, html.Div(parts, className="stack"), lead=lead)


def _sentences(name: str, rows: Sequence[Row]) -> list[str]:
    """Return the one sentence for everybody; nothing when its figure is not there."""
    if name not in PLAIN:
        return []
    task, figure, sentence = PLAIN[name]
    found = [row["value"] for row in rows if (row["task"], row["figure"]) == (task, figure)]
    return [t(sentence, n=round(100 * found[-1]))] if found else []


def _tables(rows: Sequence[Row]) -> list[Any]:
    """Return a table for each way of testing, with that way above it."""
    head = [t("what"), t("measure"), t("reached"), t("simple method"), t("goal"), t("answered")]
    parts: list[Any] = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol]
        people = max(row["n_people"] for row in mine)
        tested = html.Span(
            [t("Tested with up to {n} people or sources: ", n=people), html.Span(protocol, lang="en")], className="muted small"
        )
        parts.append(html.Div([tested, fields.table(head, [_cells(row) for row in mine], empty=t("Nothing was measured."))]))
    return parts


def _confusion(row: Row) -> html.Details:
    """Return which class was taken for which, folded: rows what it was, columns what was said, in counts."""
    names = [html.Span(str(name).replace("_", " "), lang="en") for name in row["classes"]]
    lines = [
        html.Tr([html.Th(name, scope="row"), *(html.Td(n or "·") for n in line)]) for name, line in zip(names, row["table"], strict=True)
    ]
    head = html.Tr([html.Th(t("it was"), scope="col"), *(html.Th(name, scope="col") for name in names)])
    table = html.Table([html.Thead(head), html.Tbody(lines)], className="plain-table")
    tested = html.Span(row["protocol"], lang="en")
    return html.Details(
        [
            html.Summary([t("Which was taken for which: "), html.Span(row["task"], lang="en")]),
            html.P(
                [t("Rows: what it was. Columns: what was answered. Counts of {unit}. ", unit=row["unit"]), tested], className="muted small"
            ),
            html.Div(table, className="table-scroll", tabIndex=0, **{"aria-label": t("Which was taken for which: ")}),
        ]
    )


def _cells(row: Row) -> list[Any]:
    figure = row["figure"].split("@")[0]
    said = t(FIGURES[figure]) if figure in FIGURES else html.Span(row["figure"], lang="en")
    between = "" if row["low"] is None else t(" ({low} to {high})", low=_number(row["low"]), high=_number(row["high"]))
    return [
        html.Span(row["task"], lang="en"), said, f"{_number(row['value'])}{between}", _number(row["ruler"]), _goal(row),
        percent(100.0 * row["coverage"]),
    ]  # fmt: skip


def _goal(row: Row) -> str:
    if row["bar"] is None:
        return "–"
    return t("{goal}: met", goal=_number(row["bar"])) if row["passed"] else t("{goal}: not met", goal=_number(row["bar"]))


def _number(value: float | None) -> str:
    return "–" if value is None else decimal(value, 3 if abs(value) < 10 else 1)
