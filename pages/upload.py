"""Upload: files or a demo night in, what was found, the analysis followed; the job rows are the truth that all of it re-attaches to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dash
from dash import ALL, MATCH, Input, Output, State, callback, ctx, dcc, html, no_update
from flask import current_app

from components import forms, ids, progress, ribbon, upload
from pages import _analysing as analysing
from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.text import t
from somnia_server.access import owner_from_cookie, owner_now
from somnia_server.access.visitor import cookie_name
from somnia_server.work import queue, uploads

dash.register_page(__name__, path="/upload", title="SOMNIA")

SHOWN = timedelta(minutes=30)
"""How long an ended analysis stays on this page."""


def layout(demo: str = "", **_: str) -> html.Div:
    """Return the page as it stands: files that are here, analyses under way; a demo night that the address names is taken first."""
    owner = owner_now()
    if demo in {one.key for one in DEMOS}:
        uploads.add_demo(owner, demo)
    jobs = _jobs(owner)
    active = [job.id for job in jobs if not job.over]
    return html.Div(
        [
            html.H1(t("Upload a night")),
            upload.step("1", t("Bring the files"), upload.drop_zone(), html.Div(id=ids.TRANSFERS), _demos()),
            upload.step("2", t("What was found"), html.Div(_rows(owner), id=ids.FOUND, className="files")),
            upload.step(
                "3", t("Analyze"), _fields(owner), html.Div(_summary(owner), id=ids.SUMMARY, className="stack-small"), _following(jobs)
            ),
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


def _rows(owner: str, zone: str | None = None, start: str | None = None) -> list[Any]:
    files = uploads.list_uploads(owner)
    if not files:
        return [html.P(t("Nothing yet. Your files appear here, with what each holds, before anything is analyzed."), className="muted")]
    return [upload.waiting_row(file) for file in files] + [
        upload.look_request(file, zone, start) for file in files if file.state == "ready"
    ]


def _found(owner: str) -> list[upload.Looked]:
    return [upload.Looked(file.name, uploads.known_survey(file)) for file in uploads.list_uploads(owner)]


def _summary(owner: str) -> list[Any]:
    return upload.summary(_found(owner), busy=any(not job.over for job in queue.jobs_of(owner)))


def _fields(owner: str) -> html.Div:
    zone = forms.zone_field(analysing.zones(), analysing.browser_zone(), hidden=not upload.zone_open(_found(owner)))
    return html.Div([zone, forms.start_field(hidden=True)], className="fields")


def _files(owner: str) -> dict[str, uploads.Upload]:
    return {file.id: file for file in uploads.list_uploads(owner)}


@callback(
    Output(ids.FOUND, "children"),
    Input(ids.ARRIVED, "data"),
    Input(ids.upload("remove", ALL), "n_clicks"),
    Input(ids.demo(ALL), "n_clicks"),
    Input(ids.ZONE, "value"),
    Input(ids.START, "value"),
    prevent_initial_call=True,
)
def change_files(_arrived: Any, _removed: Any, _taken: Any, zone: str | None, start: str | None) -> Any:
    """Take a demo night, remove a file or say more about all, then show what is here."""
    owner, asked = owner_now(), ctx.triggered_id
    if isinstance(asked, dict) and not ctx.triggered[0]["value"]:
        return no_update
    if isinstance(asked, dict) and "key" in asked:
        uploads.add_demo(owner, asked["key"])
    elif isinstance(asked, dict):
        uploads.remove_upload(owner, asked["upload"])
    return _rows(owner, zone, start)


@callback(Output(ids.upload("row", MATCH), "children"), Input(ids.upload("look", MATCH), "data"))
def look_into(asked: list[str | None]) -> Any:
    """Look into one file and show what it holds."""
    upload_id, zone, start = asked
    file = _files(owner_now()).get(upload_id or "")
    return no_update if file is None else upload.looked_row(file, analysing.look(file, zone, start))


@callback(
    Output(ids.SUMMARY, "children"),
    Output(ids.ZONE_FIELD, "hidden"),
    Output(ids.START_FIELD, "hidden"),
    Input(ids.upload("looked", ALL), "data"),
    Input(ids.UNDER_WAY, "data"),
    State(ids.START, "value"),
    prevent_initial_call=True,
)
def sum_up(_looked: Any, _under_way: Any, start: str | None) -> Any:
    """Say how the files lie to one another and what is still to be said."""
    found = _found(owner_now())
    open_start = any(one.survey is not None and one.survey.needs_start for one in found)
    return _summary(owner_now()), not upload.zone_open(found), not open_start and not start


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
        analysing.stand_alone()
        owner = owner_from_cookie(ctx.cookies.get(cookie_name())) or ""
        with current_app.app_context():
            made = analysing.enqueue(owner, nights, zone, start)
        analysing.follow(owner, made, set_progress)
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
