"""Upload: files or a demo night in, what was found, the analysis followed; the job rows are the truth that all of it re-attaches to."""

from typing import Any

import dash
from dash import ALL, MATCH, Input, Output, State, callback, ctx, html, no_update

from components import ids, progress, upload
from pages import _analysing as analysing
from pages._arriving import enqueue, entrance, standing
from somnia_engine.synthetic import DEMOS
from somnia_engine.text import t
from somnia_server.access import actor_from_cookies, actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.work import queue, uploads

dash.register_page(__name__, path="/upload", title="SOMNIA", roles=KEEPERS)


def layout(demo: str = "", **_: str) -> html.Div:
    """Return the page as it stands: files that are here, analyses under way; a demo night that the address names is taken first."""
    actor = actor_now()
    if demo in {one.key for one in DEMOS} and not uploads.list_uploads(actor):
        uploads.add_demo(actor, demo)
    jobs = analysing.jobs(actor)
    return html.Div(
        [
            html.H1(t("Upload a night")),
            upload.step("1", t("Bring the files"), *entrance(actor)),
            upload.step("2", t("What was found"), html.Div(analysing.rows(actor), id=ids.FOUND, className="files")),
            upload.step(
                "3",
                t("Analyze"),
                analysing.fields(actor),
                html.Div(analysing.summary(actor), id=ids.SUMMARY, className="stack-small"),
                analysing.following(jobs),
            ),
            *upload.carriers([job.id for job in jobs if not job.over]),
        ],
        className="stack upload-page",
    )


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
    actor, asked = actor_now(), ctx.triggered_id
    if isinstance(asked, dict) and not ctx.triggered[0]["value"]:
        return no_update
    if isinstance(asked, dict) and "key" in asked:
        uploads.add_demo(actor, asked["key"])
    elif isinstance(asked, dict):
        uploads.remove_upload(actor, asked["upload"])
    return analysing.rows(actor, zone, start)


@callback(Output(ids.upload("row", MATCH), "children"), Input(ids.upload("look", MATCH), "data"))
def look_into(asked: list[str | None]) -> Any:
    """Look into one file and show what it holds."""
    upload_id, zone, start = asked
    file = analysing.files(actor_now()).get(upload_id or "")
    return no_update if file is None else upload.looked_row(file, analysing.look(actor_now(), file, zone, start), standing(actor_now()))


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
    found = analysing.found(actor_now())
    open_start = any(one.survey is not None and one.survey.needs_start for one in found)
    return analysing.summary(actor_now()), not upload.zone_open(found), not open_start and not start


@callback(
    Output(ids.STARTED, "data"),
    Output(ids.UNDER_WAY, "data", allow_duplicate=True),
    Output(ids.JOBS, "children", allow_duplicate=True),
    Output(ids.POLL, "disabled"),
    Output(ids.FOLLOWED, "data"),
    Input(ids.ANALYSE, "n_clicks"),
    State(ids.NIGHTS, "value"),
    State(ids.ZONE, "value"),
    State(ids.START, "value"),
    prevent_initial_call=True,
)
def begin(clicks: int | None, nights: list[str] | None, zone: str | None, start: str | None) -> Any:
    """Write the job rows at once, so that a click is never lost, and begin to follow them."""
    if not clicks:
        return (no_update,) * 5
    made = enqueue(actor_now(), nights, zone, start)
    return made, made, progress.job_rows(analysing.jobs(actor_now())), False, True


@callback(
    Output(ids.FOLLOWED, "data", allow_duplicate=True),
    Input(ids.STARTED, "data"),
    background=True,
    progress=[Output(ids.FOLLOW_BAR, "value"), Output(ids.FOLLOW_WORDS, "children")],
    cancel=[Input(ids.STOP, "n_clicks")],
    prevent_initial_call=True,
)
def follow(set_progress: Any, started: list[str]) -> bool:
    """Follow the visitor's own jobs; only how far they are passes through the cache."""
    analysing.stand_alone()
    analysing.follow(actor_from_cookies(ctx.cookies), tuple(started), set_progress)
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
    jobs = analysing.jobs(actor_now())
    active, before = [job.id for job in jobs if not job.over], before or []
    ended = [job for job in jobs if job.over and job.id in before] if not active else []
    night = ended[0].night_id if len(before) == 1 and ended else None
    changed = active if set(active) != set(before) else no_update
    return progress.job_rows(jobs), not active and not followed, changed, len(ended) or no_update, f"/night/{night}" if night else no_update


@callback(Output(ids.UNDER_WAY, "data", allow_duplicate=True), Input(ids.STOP, "n_clicks"), prevent_initial_call=True)
def stop(clicks: int | None) -> Any:
    """Cancel what is under way."""
    for job in (one for one in queue.jobs_of(actor_now()) if clicks and not one.over):
        queue.cancel(actor_now(), job.id)
    return no_update
