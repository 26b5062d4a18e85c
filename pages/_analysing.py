"""What the upload page reads and asks for: files, what they hold, which nights to analyze, and how far the analyses are."""

import os
import signal
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dash import html
from flask import current_app, request

from components import forms, ids, progress, ribbon, upload, words
from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.text import t
from somnia_server.store.actors import Actor
from somnia_server.work import queue, uploads

SHOWN = timedelta(minutes=30)
"""How long an ended analysis stays on the upload page."""
HANGING_S = 20
"""After so long without a step the process that follows a job is taken for hung [s]."""


def zones() -> list[str]:
    """Return the time zones to choose from."""
    return [*sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))), "UTC"]


def browser_zone() -> str:
    """Return the zone that the browser named; UTC when it named none."""
    said = request.cookies.get("somnia_zone", "")
    return said if said in available_timezones() else "UTC"


def zone_of(actor: Actor, said: str | None) -> str:
    """Return the zone for files that name none: the one that was said, a demo's, another file's, else the browser's."""
    if said:
        return said
    files = uploads.list_uploads(actor)
    demos = [demo.zone for file in files for demo in DEMOS if (file.demo or "").partition("/")[0] == demo.key]
    named = [survey.zone for survey in map(uploads.known_survey, files) if survey is not None and not upload.without_zone(survey)]
    return next((zone for zone in (*demos, *named) if zone), browser_zone())


def choices(actor: Actor, zone: str | None, start: str | None) -> queue.Choices:
    """Return what applies to files that name no zone or no beginning."""
    place = zone_of(actor, zone)
    return queue.Choices(place, datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(place)) if start else None)


def look(actor: Actor, file: uploads.Upload, zone: str | None, start: str | None) -> upload.Looked:
    """Look into a file; again with what was said, when it names no zone or no beginning itself."""
    try:
        found = uploads.known_survey(file) or uploads.survey_upload(actor, file.id)
        if upload.without_zone(found) or found.needs_start:
            found = uploads.survey_upload(actor, file.id, choices(actor, zone, start))
    except uploads.RefusedError as refused:
        return upload.Looked(file.name, None, refused.text)
    return upload.Looked(file.name, found)


def enqueue(actor: Actor, nights: list[str] | None, zone: str | None, start: str | None) -> tuple[str, ...]:
    """Queue one job for each chosen night of the owner's files that can be read."""
    found = [(file.id, survey) for file in uploads.list_uploads(actor) if (survey := uploads.known_survey(file)) is not None]
    keys = {span.night.isoformat() for _, survey in found for span in survey.nights if span.night is not None}
    chosen = [date.fromisoformat(night) for night in sorted(keys) if len(keys) == 1 or night in (nights or [])]
    said = choices(actor, zone, start) if start or any(upload.without_zone(survey) for _, survey in found) else None
    return queue.enqueue(actor, [file_id for file_id, _ in found], nights=chosen or [None], choices=said) if chosen or not keys else ()


def stand_alone() -> None:
    """Let go of what the forked process has of the web server: its connections, its handling of signals.

    A connection that stays open here would keep a browser waiting; a fork of a process with threads may hang, then the alarm ends it.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(HANGING_S)
    for place in list(Path("/proc/self/fd").iterdir()):
        if place.is_symlink() and str(place.readlink()).startswith("socket:"):
            os.close(int(place.name))


def follow(actor: Actor, job_ids: tuple[str, ...], set_progress: Any) -> None:
    """Say how far the jobs are until all have ended, or the web server that asked for it has."""
    server = os.getppid()
    while os.getppid() == server:
        signal.alarm(HANGING_S)
        with current_app.app_context():  # a context each: within one, SQLite shows the rows as they were at its first look
            jobs = [job for job_id in job_ids if (job := queue.job_for(actor, job_id)) is not None]
        moving = [job for job in jobs if not job.over]
        share = sum(1.0 if job.over else job.fraction for job in jobs) / max(len(jobs), 1)
        set_progress((f"{share:.3f}", t(words.WORK[moving[0].stage]) if moving and moving[0].stage in words.WORK else ""))
        if not moving:
            return
        time.sleep(0.5)


def following(jobs: tuple[queue.JobView, ...]) -> html.Div:
    """Return the place where the analyses under way are shown."""
    follow = [html.Progress(id=ids.FOLLOW_BAR, max="1", value="0"), html.Span(id=ids.FOLLOW_WORDS)]
    return html.Div(
        [html.Div(follow, className="visually-hidden"), html.Div(progress.job_rows(jobs), id=ids.JOBS, className="jobs")], role="status"
    )


def demos() -> html.Div:
    """Return the demo nights to choose from."""
    pictures = {demo.key: ribbon.stage_ribbon(truth(demo.key)[-1].stages, label=t("The stages of this night")) for demo in DEMOS}
    return html.Div(
        [html.P(t("Or take a demo night: made up, with files like yours."), className="muted"), upload.demo_cards(DEMOS, pictures)]
    )


def jobs(actor: Actor) -> tuple[queue.JobView, ...]:
    """Return the analyses under way and those that ended a short while ago."""
    since = datetime.now(UTC) - SHOWN
    return tuple(job for job in queue.jobs_of(actor) if not job.over or (job.finished_at is not None and job.finished_at > since))


def rows(actor: Actor, zone: str | None = None, start: str | None = None) -> list[Any]:
    """Return a row for each file that is here."""
    here = uploads.list_uploads(actor)
    if not here:
        return [html.P(t("Nothing yet. Your files appear here, with what each holds, before anything is analyzed."), className="muted")]
    return [upload.waiting_row(file) for file in here] + [upload.look_request(file, zone, start) for file in here if file.state == "ready"]


def found(actor: Actor) -> list[upload.Looked]:
    """Return what is known of each file."""
    return [upload.Looked(file.name, uploads.known_survey(file)) for file in uploads.list_uploads(actor)]


def summary(actor: Actor) -> list[Any]:
    """Return how the files lie to one another, and the button."""
    return upload.summary(found(actor), busy=any(not job.over for job in queue.jobs_of(actor)))


def fields(actor: Actor) -> html.Div:
    """Return what a person may say about files that do not say it."""
    zone = forms.zone_field(zones(), browser_zone(), hidden=not upload.zone_open(found(actor)))
    return html.Div([zone, forms.start_field(hidden=True)], className="fields")


def files(actor: Actor) -> dict[str, uploads.Upload]:
    """Return the owner's files by their ids."""
    return {file.id: file for file in uploads.list_uploads(actor)}
