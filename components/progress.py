"""The analyses under way and just ended, as rows of the upload page."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from dash import dcc, html

from components import ids, words
from components.states import icon, message
from somnia_engine.text import Text, t


class Job(Protocol):
    """An analysis, as the store shows it."""

    id: str
    state: str
    stage: str
    fraction: float
    eta_s: float | None
    night: date | None
    night_id: str | None
    error: Text | None
    error_id: str | None


def job_rows(jobs: Sequence[Job]) -> list[Any]:
    """Return one row a job, and the button that ends those under way."""
    rows: list[Any] = [_row(job) for job in jobs]
    if any(job.state in ("queued", "running") for job in jobs):
        rows.append(html.Button([icon("x"), t("Cancel the analysis")], id=ids.STOP, className="button button-quiet", type="button"))
    return rows


def _row(job: Job) -> html.Div:
    title = html.H3(t("Night of {day}", day=words.day(job.night)) if job.night else t("Your night"))
    inside = {"queued": _moving, "running": _moving, "done": _done, "failed": _failed}.get(job.state, _cancelled)(job)
    return html.Div([title, *inside], className=f"job job-{job.state}")


def _moving(job: Job) -> list[Any]:
    left = "" if job.eta_s is None else t("about {length} left", length=words.minutes(max(1.0, job.eta_s / 60)))
    said = t(words.WORK.get(job.stage, Text("Working"))) if job.state == "running" else t(words.WORK[""])
    bar = html.Progress(value=f"{job.fraction:.3f}", max="1", **{"aria-label": said})
    return [bar, html.Div([html.Span(said), html.Span(left)], className="row-between muted small")]


def _done(job: Job) -> list[Any]:
    if job.night_id is None:
        return [html.P(t("Done; the night has expired."), className="muted small")]
    return [dcc.Link([t("See your night"), icon("arrow-right")], href=f"/night/{job.night_id}", className="button button-primary")]


def _failed(job: Job) -> list[Any]:
    said = message(job.error or Text("The analysis could not be finished."), tone="high")
    again = t("Your files are still here: change the choice or remove the file that does not fit, then analyze again.")
    reference = [html.P(t("Error {id}", id=job.error_id), className="muted small")] if job.error_id else []
    return [said, html.P(again, className="small"), *reference]


def _cancelled(_job: Job) -> list[Any]:
    return [html.P(t("Cancelled. Your files are still here."), className="muted small")]
