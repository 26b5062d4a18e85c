"""What the upload page does with the job queue: which nights, with which words of the person, and how far they are."""

import time
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import request

from components import words
from somnia_engine.text import t
from somnia_server.work import queue, uploads


def zones() -> list[str]:
    """Return the time zones to choose from."""
    return [*sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))), "UTC"]


def _choices(zone: str | None, start: str | None) -> queue.Choices:
    began = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone or browser_zone())) if start else None
    return queue.Choices(zone or None, began)


def browser_zone() -> str:
    """Return the zone that the browser named; UTC when it named none."""
    said = request.cookies.get("somnia_zone", "")
    return said if said in available_timezones() else "UTC"


def enqueue(owner: str, nights: list[str] | None, zone: str | None, start: str | None) -> tuple[str, ...]:
    """Queue one job for each chosen night of the owner's files that can be read."""
    files = [file for file in uploads.list_uploads(owner) if uploads.known_survey(file) is not None]
    found = [uploads.known_survey(file) for file in files]
    unsaid = any(survey is not None and survey.zone is None for survey in found)
    keys = [date.fromisoformat(night) for night in nights or []] if not start else []
    return queue.enqueue(
        owner, [file.id for file in files], nights=keys or [None], choices=_choices(zone if unsaid or start else None, start)
    )


def follow(owner: str, job_ids: tuple[str, ...], set_progress: Any) -> None:
    """Say how far the jobs are until all have ended."""
    while True:
        jobs = [job for job_id in job_ids if (job := queue.job_for(owner, job_id)) is not None]
        moving = [job for job in jobs if not job.over]
        share = sum(1.0 if job.over else job.fraction for job in jobs) / max(len(jobs), 1)
        set_progress((f"{share:.3f}", t(words.WORK[moving[0].stage]) if moving and moving[0].stage in words.WORK else ""))
        if not moving:
            return
        time.sleep(0.5)
