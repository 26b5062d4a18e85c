"""What the upload page does with the job queue: which nights, with which words of the person, and how far they are."""

import os
import signal
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import current_app, request

from components import upload, words
from somnia_engine.synthetic import DEMOS
from somnia_engine.text import t
from somnia_server.work import queue, uploads

HANGING_S = 20
"""After so long without a step the process that follows a job is taken for hung [s]."""


def zones() -> list[str]:
    """Return the time zones to choose from."""
    return [*sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))), "UTC"]


def browser_zone() -> str:
    """Return the zone that the browser named; UTC when it named none."""
    said = request.cookies.get("somnia_zone", "")
    return said if said in available_timezones() else "UTC"


def zone_of(owner: str, said: str | None) -> str:
    """Return the zone for files that name none: the one that was said, a demo's, another file's, else the browser's."""
    if said:
        return said
    files = uploads.list_uploads(owner)
    demos = [demo.zone for file in files for demo in DEMOS if (file.demo or "").partition("/")[0] == demo.key]
    named = [survey.zone for survey in map(uploads.known_survey, files) if survey is not None and not upload.without_zone(survey)]
    return next((zone for zone in (*demos, *named) if zone), browser_zone())


def choices(owner: str, zone: str | None, start: str | None) -> queue.Choices:
    """Return what applies to files that name no zone or no beginning."""
    place = zone_of(owner, zone)
    return queue.Choices(place, datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(place)) if start else None)


def look(file: uploads.Upload, zone: str | None, start: str | None) -> upload.Looked:
    """Look into a file; again with what was said, when it names no zone or no beginning itself."""
    try:
        found = uploads.known_survey(file) or uploads.survey_upload(file.owner, file.id)
        if upload.without_zone(found) or found.needs_start:
            found = uploads.survey_upload(file.owner, file.id, choices(file.owner, zone, start))
    except uploads.RefusedError as refused:
        return upload.Looked(file.name, None, refused.text)
    return upload.Looked(file.name, found)


def enqueue(owner: str, nights: list[str] | None, zone: str | None, start: str | None) -> tuple[str, ...]:
    """Queue one job for each chosen night of the owner's files that can be read."""
    found = [(file.id, survey) for file in uploads.list_uploads(owner) if (survey := uploads.known_survey(file)) is not None]
    keys = {span.night.isoformat() for _, survey in found for span in survey.nights if span.night is not None}
    chosen = [date.fromisoformat(night) for night in sorted(keys) if len(keys) == 1 or night in (nights or [])]
    said = choices(owner, zone, start) if start or any(upload.without_zone(survey) for _, survey in found) else None
    return queue.enqueue(owner, [file_id for file_id, _ in found], nights=chosen or [None], choices=said) if chosen or not keys else ()


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


def follow(owner: str, job_ids: tuple[str, ...], set_progress: Any) -> None:
    """Say how far the jobs are until all have ended, or the web server that asked for it has."""
    server = os.getppid()
    while os.getppid() == server:
        signal.alarm(HANGING_S)
        with current_app.app_context():  # a context each: within one, SQLite shows the rows as they were at its first look
            jobs = [job for job_id in job_ids if (job := queue.job_for(owner, job_id)) is not None]
        moving = [job for job in jobs if not job.over]
        share = sum(1.0 if job.over else job.fraction for job in jobs) / max(len(jobs), 1)
        set_progress((f"{share:.3f}", t(words.WORK[moving[0].stage]) if moving and moving[0].stage in words.WORK else ""))
        if not moving:
            return
        time.sleep(0.5)
