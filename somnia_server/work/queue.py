"""The queue as pages use it: enqueue nights, follow and cancel their jobs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from somnia_server.store import codec, jobs, recordings
from somnia_server.store.actors import Actor
from somnia_server.store.choices import Choices
from somnia_server.store.house import house
from somnia_server.store.jobs import JobView, Order
from somnia_server.store.persons import settings_of
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import READY, Upload
from somnia_server.store.refusals import RefusalError
from somnia_server.work.uploads import known_survey

__all__ = ["Choices", "JobView", "cancel", "enqueue", "job_for", "jobs_of"]

job_for = jobs.job_for
jobs_of = jobs.jobs_of
cancel = jobs.cancel


def enqueue(
    actor: Actor, upload_ids: Sequence[str], *, nights: Sequence[date | None] = (None,), choices: Choices | None = None
) -> tuple[str, ...]:
    """Queue one job a night and return their ids, in order of the nights; ids that this actor does not handle are left out.

    A night takes the files whose survey holds it; a file whose time nobody knows joins a single night only.
    The same files, night and choices that are under way already are not queued again.

    Raises
    ------
    RefusalError
        The files of this person may not be worked on now.
    """
    found = [recordings.find_upload(actor, upload_id) for upload_id in dict.fromkeys(upload_ids)]
    ready = [upload for upload in found if upload is not None and upload.state == READY]
    ready = [upload for upload in ready if upload.owner == ready[0].owner]  # a night is one person's
    if ready and (refusal := processing_refusal(ready[0].owner)) is not None:
        raise RefusalError(refusal)
    said = _with_settings(choices or Choices(), ready[0].owner) if ready else Choices()
    made = []
    wanted = {night or _only_night(ready) for night in nights}
    for night in sorted(wanted, key=lambda n: n or date.max):
        files = [upload for upload in ready if _holds(upload, {night} if len(wanted) > 1 else {night, None})]
        if files:
            made.append(jobs.add_job(actor, _order(files, night=night, choices=said)))
    return tuple(made)


def _with_settings(choices: Choices, owner: str) -> Choices:
    settings = settings_of(owner)
    said = replace(choices, split_hour=settings.night_split_h, full_scale_db=settings.full_scale_db, loud_clips=settings.loud_clips)
    return replace(said, look=choices.look or settings.camera_look, mat_head=settings.mat_head)


def _only_night(uploads: Sequence[Upload]) -> date | None:
    """Return the one night that the surveys of all these files agree on; None when they do not."""
    found = [known_survey(upload) for upload in uploads]
    spans = {span.night for survey in found if survey is not None for span in survey.nights}
    return spans.pop() if None not in found and len(spans) == 1 else None


def _order(files: Sequence[Upload], *, night: date | None, choices: Choices) -> Order:
    owner = files[0].owner
    digests = sorted(upload.sha256 or upload.id for upload in files)
    fingerprint = house().vault.fingerprint(owner, str(night), said_of(choices), *digests)
    return Order(owner, tuple(upload.id for upload in files), night, choices, fingerprint)


def said_of(choices: Choices) -> str:
    """Return choices as a fingerprint knows them: what is as it was before there was a choice is not named."""
    said: dict[str, object] = json.loads(codec.dumps(choices))
    for name, plain in (
        ("split_hour", Choices().split_hour),
        ("full_scale_db", None),
        ("loud_clips", False),
        ("look", ""),
        ("mat_head", "first"),
    ):
        if said[name] == plain:
            del said[name]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _holds(upload: Upload, nights: set[date | None]) -> bool:
    found = known_survey(upload)
    return found is None or nights == {None} or any(span.night in nights for span in found.nights)
