"""The job rows: the truth about every analysis. A worker holds a job by its attempt number; a stale holder can write nothing."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from somnia_engine.text import Text
from somnia_engine.types.clips import Clip
from somnia_server.store import codec, webhooks
from somnia_server.store.actors import Actor
from somnia_server.store.choices import Choices
from somnia_server.store.clips import put_clips
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.nights import Kept, put_night
from somnia_server.store.reach import handles
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import JobRow, JobUploadRow, session

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STALE_S = 20.0
"""A job without a heartbeat for so long has lost its worker [s]."""
MAX_ATTEMPTS = 3
MOST_WAITING = 1500
"""Nights of one person that may wait for their analysis: four years of an export."""
CLAIMING = 0x534F4D50
"""The lock that whoever takes a job from PostgreSQL's queue holds."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its owner sees it; `eta_s` seconds left, None when unknown."""

    id: str
    state: str
    stage: str
    fraction: float
    eta_s: float | None
    night: date | None
    night_id: str | None
    error: Text | None
    error_id: str | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def over(self) -> bool:
        """Whether the job has ended."""
        return self.state in (DONE, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one worker."""

    id: str
    owner: str
    attempt: int
    night: date | None
    fingerprint: str
    choices: Choices
    upload_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A job to be made: whose night, which files, which night of theirs, recognised again by its fingerprint."""

    owner: str
    upload_ids: tuple[str, ...]
    night: date | None
    choices: Choices
    fingerprint: str


def add_job(actor: Actor, order: Order) -> str:
    """Queue a job on files that the actor handles; the one that is already under way for the same files and choices is returned instead.

    Raises
    ------
    RefusalError
        As many jobs of this person wait as may.
    """
    owner = order.owner
    waiting = select(func.count()).select_from(JobRow).where(JobRow.owner == owner, JobRow.state.in_((QUEUED, RUNNING)))
    if (session().scalar(waiting) or 0) >= MOST_WAITING:
        said = {"most": MOST_WAITING}
        raise RefusalError(Text("{most} nights of yours wait for their analysis, and no more may. Come back when they are done.", said))
    job = JobRow(id=secrets.token_hex(16), owner=owner, fingerprint=order.fingerprint, state=QUEUED, night=order.night, created_at=now())
    job.brought_by = actor.id
    job.stage, job.fraction, job.attempts, job.cancel_asked = "", 0.0, 0, False
    job.sealed_options = house().vault.seal(codec.dumps(order.choices), table="jobs.options", row=job.id, owner=owner)
    session().add(job)
    try:
        session().flush()
    except IntegrityError:
        session().rollback()
        same = JobRow.owner == owner, JobRow.fingerprint == order.fingerprint, JobRow.state.in_((QUEUED, RUNNING))
        return session().scalar(select(JobRow.id).where(*same)) or add_job(actor, order)  # it may have ended meanwhile
    session().add_all(JobUploadRow(job_id=job.id, upload_id=upload_id, position=i) for i, upload_id in enumerate(order.upload_ids))
    session().commit()
    return job.id


def job_for(actor: Actor, job_id: str) -> JobView | None:
    """Return one job; None when there is none of that id that this actor handles."""
    session().expire_all()
    row = session().scalars(select(JobRow).where(handles(actor, JobRow), JobRow.id == job_id)).one_or_none()
    return None if row is None else _view(row)


def jobs_of(actor: Actor, subject: str | None = None) -> tuple[JobView, ...]:
    """Return the jobs for a person (the actor by default) that the actor handles, newest first."""
    session().expire_all()
    mine = select(JobRow).where(JobRow.owner == (subject or actor.id), handles(actor, JobRow))
    return tuple(_view(row) for row in session().scalars(mine.order_by(JobRow.created_at.desc(), JobRow.night.desc())))


def cancel(actor: Actor, job_id: str) -> bool:
    """Ask a job to end; False when there is none of that id under way that this actor handles."""
    mine = and_(handles(actor, JobRow), JobRow.id == job_id)
    at = now()
    waiting = session().execute(
        update(JobRow)
        .where(mine, JobRow.state == QUEUED)
        .values(state=CANCELLED, cancel_asked=True, finished_at=at)
        .execution_options(synchronize_session=False)
    )
    running = session().execute(
        update(JobRow).where(mine, JobRow.state == RUNNING).values(cancel_asked=True).execution_options(synchronize_session=False)
    )
    session().commit()
    return _count(waiting) + _count(running) > 0


def claim_next() -> Claim | None:
    """Take the next job: the owner served longest ago first, a person's nights in order of their dates; None when there is none."""
    at = now()
    _end_hopeless(at)
    if session().get_bind().dialect.name == "postgresql":  # else two workers look at the same job, and one goes away empty
        session().execute(select(func.pg_advisory_xact_lock(CLAIMING)))
    free = or_(JobRow.state == QUEUED, _lost(JobRow, at))
    other = aliased(JobRow)
    held = exists().where(
        other.owner == JobRow.owner, other.state == RUNNING, other.id != JobRow.id, other.heartbeat_at > at - timedelta(seconds=STALE_S)
    )
    served = select(func.max(other.started_at)).where(other.owner == JobRow.owner).scalar_subquery()
    order = (served.asc().nulls_first(), JobRow.night.asc().nulls_last(), JobRow.created_at)
    row = session().scalars(select(JobRow).where(free, ~held).order_by(*order).limit(1)).one_or_none()
    if row is None:
        session().commit()
        return None
    taken = session().execute(
        update(JobRow)
        .where(JobRow.id == row.id, JobRow.attempts == row.attempts, or_(JobRow.state == QUEUED, _lost(JobRow, at)))
        .values(state=RUNNING, attempts=row.attempts + 1, started_at=at, heartbeat_at=at, stage="", fraction=0.0)
        .execution_options(synchronize_session=False)
    )
    session().commit()
    return _claim(row.id) if _count(taken) else None


def _lost(job: Any, at: datetime) -> ColumnElement[bool]:
    return and_(job.state == RUNNING, job.heartbeat_at <= at - timedelta(seconds=STALE_S))


def _end_hopeless(at: datetime) -> None:
    """End the lost jobs that were tried often enough or were to be cancelled."""
    hopeless = select(JobRow).where(_lost(JobRow, at), or_(JobRow.attempts >= MAX_ATTEMPTS, JobRow.cancel_asked))
    for row in session().scalars(hopeless.with_for_update(skip_locked=True)).all():
        if row.cancel_asked:
            row.state = CANCELLED
        else:
            _fail_row(
                row,
                Text(
                    "The analysis stopped {count} times without an answer. Try again later, or with fewer files.", {"count": row.attempts}
                ),
            )
        row.finished_at = at
    session().commit()


def beat(claim: Claim, *, stage: str, fraction: float) -> bool:
    """Say that the job is alive and how far it is; False when it is to stop: cancelled, or no longer this worker's."""
    values = {"heartbeat_at": now(), "stage": stage, "fraction": fraction}
    done = session().execute(update(JobRow).where(_mine(claim), ~JobRow.cancel_asked).values(**values))
    session().commit()
    return _count(done) > 0


def finish(claim: Claim, blobs: tuple[bytes, bytes], *, kept: Kept, clips: Sequence[Clip] = ()) -> str | None:
    """Keep the night and end the job in one transaction; None when the job is no longer this worker's."""
    done = session().execute(update(JobRow).where(_mine(claim)).values(state=DONE, fraction=1.0, finished_at=now(), night=kept.night))
    if not _count(done):
        session().rollback()
        return None
    night_id = put_night(claim.owner, blobs, kept=kept)
    put_clips(claim.owner, night_id, clips=clips)
    session().execute(update(JobRow).where(JobRow.id == claim.id).values(night_id=night_id))
    if not kept.demo:
        webhooks.announce(webhooks.NIGHT_READY, claim.owner, night_id)
    session().commit()
    return night_id


def fail(claim: Claim, error: Text, *, error_id: str | None = None) -> None:
    """End the job with what its owner is to read."""
    session().rollback()  # what failed may have been a statement
    row = session().scalars(select(JobRow).where(_mine(claim)).with_for_update()).one_or_none()
    if row is not None:
        _fail_row(row, error, error_id)
    session().commit()


def give_back(claim: Claim, *, blameless: bool = False) -> None:
    """Put the job back into the queue, or end it when it was tried often enough or is to be cancelled.

    `blameless`: it was not the job that went wrong, and the attempt does not count.
    """
    session().rollback()
    row = session().scalars(select(JobRow).where(_mine(claim)).with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return
    if row.cancel_asked:
        row.state, row.finished_at = CANCELLED, now()
    elif blameless:
        row.state, row.heartbeat_at, row.attempts = QUEUED, None, row.attempts - 1
    elif row.attempts >= MAX_ATTEMPTS:
        _fail_row(
            row,
            Text("The analysis stopped {count} times without an answer. Try again later, or with fewer files.", {"count": row.attempts}),
        )
    else:
        row.state, row.heartbeat_at = QUEUED, None
    session().commit()


def purge_jobs(at: datetime, *, older_than: timedelta) -> int:
    """Delete jobs that ended long ago; return how many."""
    rows = session().scalars(select(JobRow).where(JobRow.finished_at <= at - older_than)).all()
    for row in rows:
        session().delete(row)
    session().commit()
    return len(rows)


def _fail_row(row: JobRow, error: Text, error_id: str | None = None) -> None:
    row.state, row.finished_at, row.error_id = FAILED, now(), error_id
    row.sealed_error = house().vault.seal(codec.dumps(error), table="jobs.error", row=row.id, owner=row.owner)


def _mine(claim: Claim) -> ColumnElement[bool]:
    return and_(JobRow.id == claim.id, JobRow.state == RUNNING, JobRow.attempts == claim.attempt)


def _claim(job_id: str) -> Claim | None:
    """Return a job that was taken; None, and the job has failed, when what was chosen for it was changed."""
    row = session().scalars(select(JobRow).where(JobRow.id == job_id).execution_options(populate_existing=True)).one()
    files: Sequence[str] = (
        session().scalars(select(JobUploadRow.upload_id).where(JobUploadRow.job_id == job_id).order_by(JobUploadRow.position)).all()
    )
    said = read_or(lambda: codec.loads(Choices, _opened(row.sealed_options, "jobs.options", row)), None, what=f"job {row.id}")
    claim = Claim(row.id, row.owner, row.attempts, row.night, row.fingerprint, said or Choices(), tuple(files))
    if said is None:
        fail(claim, SENTENCE)
    session().commit()
    return None if said is None else claim


def _opened(sealed: bytes, table: str, row: JobRow) -> bytes:
    return house().vault.open_sealed(sealed, table=table, row=row.id, owner=row.owner)


def _view(row: JobRow) -> JobView:
    error = None
    if row.sealed_error is not None:
        sealed = row.sealed_error
        error = read_or(lambda: codec.loads(Text, _opened(sealed, "jobs.error", row)), SENTENCE, what=f"job {row.id}")
    return JobView(
        id=row.id,
        state=row.state,
        stage=row.stage,
        fraction=row.fraction,
        eta_s=_eta_s(row),
        night=row.night,
        night_id=row.night_id,
        error=error,
        error_id=row.error_id,
        attempts=row.attempts,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _eta_s(row: JobRow) -> float | None:
    if row.state != RUNNING or row.started_at is None or row.fraction < 0.02:
        return None
    passed_s = (now() - row.started_at).total_seconds()
    return max(0.0, passed_s * (1 - row.fraction) / row.fraction)


def _count(result: Any) -> int:
    return int(result.rowcount)
