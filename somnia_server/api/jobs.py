"""/api/v1/analyze and /api/v1/jobs: files become nights; how far that is, and what came of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from apiflask import APIBlueprint
from flask import Response, abort, jsonify
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from somnia_engine.readers import ZONE_SAID
from somnia_engine.text import Text, t
from somnia_engine.types.recording import Survey
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs, whose
from somnia_server.api.errors import problem
from somnia_server.api.once import once
from somnia_server.api.paging import Whose, page_of
from somnia_server.store.choices import Choices
from somnia_server.store.recordings import READY, find_upload
from somnia_server.work import queue, uploads
from somnia_server.work.queue import JobView

jobs = APIBlueprint("jobs", __name__, url_prefix="/api/v1", tag="Uploads")
NOT_READY = Text("There is no file “{id}”, or it has not arrived completely.")
NO_START = Text("A file does not say when it began. Give “start”: its first moment with the offset, as 2026-03-01T22:41:00+01:00.")
NO_ZONE = Text("“{zone}” is no time zone. Give one of the IANA names, such as Europe/Berlin.")
NO_NIGHT = Text("These files do not hold the nights {nights}. They hold: {held}.")


class Order(BaseModel):
    """Which files are to become nights; `zone` and `start` are for files that do not say them, `nights` picks some (else all)."""

    model_config = ConfigDict(extra="forbid")

    uploads: list[str] = Field(min_length=1, max_length=100, examples=[["5f0c9b3d2a1e4f67890123456789abcd"]])
    nights: list[date] | None = Field(default=None, min_length=1, max_length=1500)
    zone: str | None = Field(default=None, max_length=64, examples=["Europe/Berlin"])
    start: AwareDatetime | None = Field(default=None, description="When a file without a time of its own began.")
    lights_off: AwareDatetime | None = None
    lights_on: AwareDatetime | None = None


class JobEntry(BaseModel):
    """An analysis: `fraction` 0..1 of its work, `eta_s` seconds left if known, `error` why it failed, `night_id` what it made."""

    id: str
    href: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: str
    fraction: float
    eta_s: float | None
    night: date | None
    night_id: str | None
    night_href: str | None
    error: str | None
    error_id: str | None
    created_at: datetime
    finished_at: datetime | None


class JobEntries(BaseModel):
    """The analyses of the caller's files, the newest first."""

    jobs: list[JobEntry]
    next: str | None


class Ordered(BaseModel):
    """The analyses that were queued, one a night; the same files again while they wait are the same jobs."""

    jobs: list[JobEntry]


@jobs.post("/analyze")
@jobs.doc(security=BEARER, description="Queues one analysis a night and answers at once; Location is the first of them.")
@once
@jobs.input(Order, arg_name="order")
@jobs.output(Ordered, status_code=202)
@needs(Action.PROCESS)
def analyze(order: Order) -> Any:
    """Have files analyzed; several of one night become one night."""
    actor = caller()
    if order.zone is not None and order.zone not in available_timezones():
        return problem(422, t(NO_ZONE, zone=order.zone), fields={"zone": [t(NO_ZONE, zone=order.zone)]})
    surveys = _surveys(order)
    if any(survey.needs_start for survey in surveys) and order.start is None:
        return problem(422, t(NO_START), fields={"start": [t(NO_START)]})
    held = {span.night for survey in surveys for span in survey.nights if span.night is not None}
    missing = sorted(set(order.nights or ()) - held)
    if missing:
        said = {"nights": ", ".join(map(str, missing)), "held": ", ".join(map(str, sorted(held))) or "–"}
        return problem(422, t(NO_NIGHT, **said), fields={"nights": [str(night) for night in sorted(held)]})
    wanted: Sequence[date | None] = order.nights or sorted(held) or [None]
    made = queue.enqueue(actor, order.uploads, nights=wanted, choices=_choices(order, surveys))
    found = [job for job_id in made if (job := queue.job_for(actor, job_id)) is not None]
    if not found:
        abort(404)
    answer = jsonify({"jobs": [JobEntry(**_entry(job)).model_dump(mode="json") for job in found]})
    answer.status_code = 202
    answer.headers["Location"] = _entry(found[0])["href"]
    return answer


@jobs.get("/jobs")
@jobs.doc(security=BEARER)
@jobs.input(Whose, location="query", arg_name="asked")
@jobs.output(JobEntries)
@needs(Action.PROCESS)
def read_jobs(asked: Whose) -> Any:
    """Return the analyses of the last seven days: of the caller's files, or of those that they brought for somebody."""
    shown, following = page_of(queue.jobs_of(caller(), whose(asked.subject)), asked, lambda job: job.id)
    return {"jobs": [_entry(job) for job in shown], "next": following}


@jobs.get("/jobs/<job_id>")
@jobs.doc(security=BEARER)
@jobs.output(JobEntry)
@needs(Action.PROCESS)
def read_job(job_id: str) -> Any:
    """Return one analysis: how far it is, what it made, or why it failed."""
    job = queue.job_for(caller(), job_id)
    return abort(404) if job is None else _entry(job)


@jobs.delete("/jobs/<job_id>")
@jobs.doc(security=BEARER)
@jobs.output({}, status_code=204)
@needs(Action.PROCESS)
def cancel(job_id: str) -> Any:
    """End an analysis that is under way."""
    if not queue.cancel(caller(), job_id):
        abort(404)
    return Response(status=204)


def _surveys(order: Order) -> list[Survey]:
    """Return what each file holds, looked into with what was said of it; 422 for one that is not here or cannot be read."""
    actor, found = caller(), []
    for upload_id in order.uploads:
        upload = find_upload(actor, upload_id)
        if upload is None or upload.state != READY:
            abort(422, t(NOT_READY, id=upload_id))
        try:
            survey = uploads.known_survey(upload) or uploads.survey_upload(actor, upload_id)
            if (_without_zone(survey) and order.zone) or (survey.needs_start and order.start):
                survey = uploads.survey_upload(actor, upload_id, _said(order))
        except uploads.RefusedError as refused:
            abort(422, t(refused.text))
        found.append(survey)
    return found


def _choices(order: Order, surveys: list[Survey]) -> Choices | None:
    """Return what was said, where it is needed; a zone counts for files without one only."""
    told = (order.start, order.lights_off, order.lights_on) != (None, None, None)
    return _said(order) if told or any(map(_without_zone, surveys)) else None


def _said(order: Order) -> Choices:
    start = order.start
    if start is not None and order.zone:
        start = start.astimezone(ZoneInfo(order.zone))
    return Choices(order.zone, start, order.lights_off, order.lights_on)


def _without_zone(survey: Survey) -> bool:
    return survey.zone is None or survey.zone_origin.msgid == ZONE_SAID.msgid


def _entry(job: JobView) -> dict[str, Any]:
    names = ("id", "state", "stage", "fraction", "eta_s", "night", "night_id", "error_id", "created_at", "finished_at")
    said = {name: getattr(job, name) for name in names}
    places = {"href": f"/api/v1/jobs/{job.id}", "night_href": f"/api/v1/nights/{job.night_id}" if job.night_id else None}
    return said | places | {"error": None if job.error is None else t(job.error)}
