"""What a doctor brings for a patient: the place to drop files, what each holds, and how far the analyses are."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components import fields, ids, progress, upload, words
from components.states import message
from somnia_engine.text import Text, t

PAGE = "bring"
FILES, TICK = "bring-files", "bring-tick"


def page(name: str, patient: str, parts: Sequence[Any]) -> html.Div:
    """Return the page; files that are dropped here are the patient's from their first byte."""
    zone = upload.drop_zone()
    zone.__setattr__("data-subject", patient)
    lead = t("These files become the patient’s own: the patient sees them, the nights, and who brought them.")
    return html.Div(
        [
            html.H1(t("Upload for {name}", name=name)),
            html.P(lead, className="muted"),
            upload.step("1", t("Bring the files"), zone, html.Div(id=ids.TRANSFERS)),
            upload.step("2", t("Analyze"), html.Div(list(parts), id=FILES, className="stack-small")),
            dcc.Store(id=ids.ARRIVED),
            dcc.Interval(id=TICK, interval=2500),
        ],
        className="stack upload-page",
    )


def files(found: Sequence[upload.Looked], waiting: Sequence[Any], jobs: Sequence[Any]) -> list[Any]:
    """Return what is here, the button, and the analyses."""
    rows = [
        (_file(looked), fields.button(PAGE, "remove", t("Remove"), file.id, quiet=True))
        for looked, file in zip(found, waiting, strict=True)
    ]
    button = html.Div(fields.button(PAGE, "analyze", t("Analyze"), primary=True), className="actions")
    moving = [
        html.P(f"{t(words.WORK.get(job.stage, Text('Working')))} {words.percent(100 * job.fraction)}", className="muted numeric")
        for job in jobs
        if not job.over
    ]
    ended = progress.job_rows([job for job in jobs if job.over])
    return [fields.rows(rows, empty=t("No file is here yet.")), *([button] if waiting and not moving else []), *moving, *ended]


def _file(looked: upload.Looked) -> html.Div:
    if looked.refusal is not None:
        return html.Div([html.Strong(looked.name), message(looked.refusal, tone="high")])
    said = t("waits to be analyzed") if looked.survey is None else words.channels(looked.survey.channels)
    return html.Div([html.Strong(looked.name), html.P(said, className="muted small")])
