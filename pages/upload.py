"""Upload: files or a demo night in, what was found, the analysis followed; the job rows are the truth that all of it re-attaches to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dash
from dash import ALL, MATCH, Input, Output, State, callback, ctx, dcc, html, no_update
from flask import current_app

from components import ids, progress, ribbon, upload
from pages import _analysing as analysing
from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.text import t
from somnia_server.access import owner_from_cookie, owner_now
from somnia_server.access.visitor import cookie_name
from somnia_server.work import queue, uploads

dash.register_page(__name__, path="/upload", title="SOMNIA")

SHOWN = timedelta(minutes=30)
"""How long an ended analysis stays on this page."""


def layout(**_: str) -> html.Div:
    """Return the page as it stands: files that are here, analyses under way."""
    owner = owner_now()
    jobs = _jobs(owner)
    active = [job.id for job in jobs if not job.over]
    return html.Div(
        [
            html.H1(t("Upload a night")),
            upload.step("1", t("Bring the files"), upload.drop_zone(), html.Div(id=ids.TRANSFERS), _demos()),
            upload.step("2", t("What was found"), html.Div(_rows(owner), id=ids.FOUND, className="files")),
            upload.step("3", t("Analyse"), html.Div(_summary(owner, None, None), id=ids.SUMMARY), _following(jobs)),
            dcc.Store(id=ids.ARRIVED),
            dcc.Store(id=ids.UNDER_WAY, data=active),
            dcc.Store(id=ids.FOLLOWED, data=False),
            dcc.Interval(id=ids.POLL, interval=1000, disabled=not active),
            dcc.Location(id=ids.GO, refresh="callback-nav"),
        ],
        className="stack upload-page",
    )


def _following(jobs: tuple[queue.JobView, ...]) -> html.Div:
    follow = [html.Progress(id=ids.FOLLOW_BAR, max="1", value="0"), html.Span(id=ids.FOLLOW_WORDS)]
    return html.Div(
        [html.Div(follow, className="visually-hidden"), html.Div(progress.job_rows(jobs), id=ids.JOBS, className="jobs")], role="status"
    )


def _demos() -> html.Div:
    pictures = {demo.key: ribbon.stage_ribbon(truth(demo.key)[-1].stages, label=t("The stages of this night")) for demo in DEMOS}
    return html.Div(
        [html.P(t("Or take a demo night: made up, with files like yours."), className="muted"), upload.demo_cards(DEMOS, pictures)]
    )


def _jobs(owner: str) -> tuple[queue.JobView, ...]:
    since = datetime.now(UTC) - SHOWN
    return tuple(job for job in queue.jobs_of(owner) if not job.over or (job.finished_at is not None and job.finished_at > since))


def _rows(owner: str) -> list[Any]:
    files = uploads.list_uploads(owner)
    if not files:
        return [html.P(t("Nothing yet. Your files appear here, with what each holds, before anything is analysed."), className="muted")]
    return [upload.waiting_row(file) for file in files] + [upload.look_request(file) for file in files if file.state == "ready"]


def _summary(owner: str, zone: str | None, start: str | None) -> list[Any]:
    found = [upload.Looked(file.name, uploads.known_survey(file)) for file in uploads.list_uploads(owner)]
    busy = any(not job.over for job in queue.jobs_of(owner))
    return upload.summary(found, zones=analysing.zones(), zone=zone or analysing.browser_zone(), start=start, busy=busy)


def _look(file: uploads.Upload, choices: queue.Choices) -> upload.Looked:
    try:
        return upload.Looked(file.name, uploads.survey_upload(file.owner, file.id, choices))
    except uploads.RefusedError as refused:
        return upload.Looked(file.name, None, refused.text)


def _files(owner: str) -> dict[str, uploads.Upload]:
    return {file.id: file for file in uploads.list_uploads(owner)}


@callback(
    Output(ids.FOUND, "children"),
    Output(ids.SUMMARY, "children", allow_duplicate=True),
    Input(ids.ARRIVED, "data"),
    Input(ids.upload("remove", ALL), "n_clicks"),  # type: ignore[arg-type]
    Input(ids.demo(ALL), "n_clicks"),  # type: ignore[arg-type]
    prevent_initial_call=True,
)
def change_files(_arrived: Any, _removed: Any, _taken: Any) -> Any:
    """Take a demo night or remove a file, then show what is here."""
    if not any(one["value"] for one in ctx.triggered):
        return no_update, no_update
    owner, asked = owner_now(), ctx.triggered_id
    if isinstance(asked, dict) and "key" in asked:
        uploads.add_demo(owner, asked["key"])
    elif isinstance(asked, dict):
        uploads.remove_upload(owner, asked["upload"])
    return _rows(owner), _summary(owner, None, None)


@callback(Output(ids.upload("row", MATCH), "children"), Input(ids.upload("look", MATCH), "data"))  # type: ignore[arg-type]
def look_into(upload_id: str) -> Any:
    """Look into one file and show what it holds."""
    file = _files(owner_now()).get(upload_id)
    return no_update if file is None else upload.looked_row(file, _look(file, queue.Choices()))


@callback(
    Output(ids.SUMMARY, "children"),
    Input(ids.upload("looked", ALL), "data"),  # type: ignore[arg-type]
    Input(ids.START, "value"),
    Input(ids.UNDER_WAY, "data"),
    State(ids.ZONE, "value"),
    prevent_initial_call=True,
)
def sum_up(_looked: Any, start: str | None, _under_way: Any, zone: str | None) -> Any:
    """Say how the files lie to one another and what is still to be said."""
    return _summary(owner_now(), zone, start)


@callback(Output(ids.POLL, "disabled"), Output(ids.FOLLOWED, "data"), Input(ids.ANALYSE, "n_clicks"), prevent_initial_call=True)
def begin(clicks: int | None) -> Any:
    """Start to look at the job rows."""
    return (False, True) if clicks else (no_update, no_update)


@callback(
    Output(ids.FOLLOWED, "data", allow_duplicate=True),
    Input(ids.ANALYSE, "n_clicks"),
    State(ids.NIGHTS, "value"),
    State(ids.ZONE, "value"),
    State(ids.START, "value"),
    background=True,
    progress=[Output(ids.FOLLOW_BAR, "value"), Output(ids.FOLLOW_WORDS, "children")],
    cancel=[Input(ids.STOP, "n_clicks")],
    prevent_initial_call=True,
)
def analyse(set_progress: Any, clicks: int | None, nights: list[str] | None, zone: str | None, start: str | None) -> bool:
    """Queue the chosen nights and follow them; only how far they are passes through the cache."""
    if clicks:
        with current_app.app_context():
            owner = owner_from_cookie(ctx.cookies.get(cookie_name()))
            analysing.follow(owner or "", analysing.enqueue(owner or "", nights, zone, start), set_progress)
    return False


@callback(
    Output(ids.JOBS, "children"),
    Output(ids.POLL, "disabled", allow_duplicate=True),
    Output(ids.UNDER_WAY, "data"),
    Output(ids.ARRIVED, "data"),
    Output(ids.GO, "href"),
    Input(ids.POLL, "n_intervals"),
    State(ids.UNDER_WAY, "data"),
    State(ids.FOLLOWED, "data"),
    prevent_initial_call=True,
)
def show_jobs(_tick: int, before: list[str], followed: bool) -> Any:
    """Show the job rows; when the last has ended, refresh the files and open the night if it is one."""
    jobs = _jobs(owner_now())
    active = [job.id for job in jobs if not job.over]
    ended = [job for job in jobs if job.over and job.id in before] if not active else []
    night = ended[0].night_id if len(before) == 1 and ended else None
    changed = active if set(active) != set(before) else no_update
    return progress.job_rows(jobs), not active and not followed, changed, len(ended) or no_update, f"/night/{night}" if night else no_update


@callback(Output(ids.UNDER_WAY, "data", allow_duplicate=True), Input(ids.STOP, "n_clicks"), prevent_initial_call=True)
def stop(clicks: int | None) -> Any:
    """Cancel what is under way."""
    for job in queue.jobs_of(owner_now()) if clicks else ():
        if not job.over:
            queue.cancel(owner_now(), job.id)
    return no_update
