"""How the instance stands, for whoever administers it: jobs, storage, keys, displays, invitations, backups; nothing of any night."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.exc import IntegrityError

from somnia_engine.text import Text
from somnia_server.store import consents
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import SERVER, note
from somnia_server.store.bound import vouched
from somnia_server.store.house import house, now
from somnia_server.store.jobs import FAILED, QUEUED
from somnia_server.store.keys import MARKER, stored_keys
from somnia_server.store.recordings import READY
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import (
    AuditRow,
    BedRow,
    ConsentRow,
    InvitationRow,
    JobRow,
    JobUploadRow,
    KeyRow,
    KioskRow,
    NightRow,
    UploadRow,
    session,
)

BACKUP = "backup"
"""What the log says when somebody's backup has come to its end."""
SHOWN = 50
"""Failed jobs that are listed."""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed, without what its owner was told; `error_id` leads to the log, `kept` says whether its files are still here."""

    id: str
    owner: str
    stage: str
    attempts: int
    finished_at: datetime | None
    error_id: str | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Display:
    """A display of a clinic: whose it is, when it was paired (None = it waits), how many places it has."""

    id: str
    doctor: str
    paired_at: datetime | None
    beds: int


@dataclass(frozen=True, slots=True)
class Storage:
    """What lies on the disk [bytes] and how many things that is; `database` is None where it cannot be asked."""

    database: int | None
    uploads: int
    temp: int
    free: int
    nights: int
    files: int


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys: where the master comes from, since when keys are kept under it, how many there are, how many wait to be moved to it."""

    place: str
    since: datetime | None
    owners: int
    oldest: datetime | None
    behind: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How the instance stands."""

    states: dict[str, int]
    failed: tuple[FailedJob, ...]
    displays: tuple[Display, ...]
    storage: Storage
    keys: Keys
    invitations: int
    texts: tuple[tuple[str, str, int], ...]
    backup_at: datetime | None


def overview(actor: Actor) -> Overview | None:
    """Return how the instance stands; None unless an administrator asks."""
    if actor.role is not Role.ADMIN:
        return None
    states = {str(state): int(count) for state, count in session().execute(select(JobRow.state, func.count()).group_by(JobRow.state))}
    waiting = InvitationRow.used_at.is_(None), InvitationRow.withdrawn_at.is_(None), InvitationRow.expires_at > now()
    invitations = session().scalar(select(func.count()).select_from(InvitationRow).where(*waiting)) or 0
    backup = session().scalar(select(func.max(AuditRow.at)).where(AuditRow.action == BACKUP))
    return Overview(states, _failed(), _displays(), _storage(), _keys(), invitations, _texts(), backup)


def retry(actor: Actor, job_id: str) -> bool:
    """Put a failed job back into the queue, as if it had never been tried; False when there is none of that id, or its files are gone.

    Raises
    ------
    RefusalError
        The same night is under way again already.
    """
    row = session().get(JobRow, job_id) if actor.role is Role.ADMIN else None
    if row is None or row.state != FAILED or not _kept(row.id):
        return False
    clean = {"state": QUEUED, "attempts": 0, "stage": "", "fraction": 0.0, "cancel_asked": False, "error_id": None, "sealed_error": None}
    times = {"started_at": None, "heartbeat_at": None, "finished_at": None}
    try:
        done: Any = session().execute(update(JobRow).where(JobRow.id == job_id, JobRow.state == FAILED).values(**clean, **times))
    except IntegrityError:
        session().rollback()
        raise RefusalError(Text("The same night is under way again already.")) from None
    note(actor, "retry_job", subject=row.owner, thing=job_id)
    session().commit()
    return bool(done.rowcount)


def note_backup() -> datetime:
    """Note that a backup has come to its end: what this page shows of backups; return when."""
    note(SERVER, BACKUP, subject="house:records")
    session().commit()
    return now()


def _failed() -> tuple[FailedJob, ...]:
    rows = session().scalars(select(JobRow).where(JobRow.state == FAILED).order_by(JobRow.finished_at.desc()).limit(SHOWN)).all()
    return tuple(FailedJob(row.id, row.owner, row.stage, row.attempts, row.finished_at, row.error_id, _kept(row.id)) for row in rows)


def _kept(job_id: str) -> bool:
    """Return whether all files of a job are still here; a night that came as a letter has none, and is sent again by its device."""
    files = select(JobUploadRow.upload_id).where(JobUploadRow.job_id == job_id)
    ready = exists().where(UploadRow.id == JobUploadRow.upload_id, UploadRow.state == READY)
    all_here = session().scalar(select(func.count()).select_from(JobUploadRow).where(JobUploadRow.job_id == job_id, ready)) or 0
    return all_here > 0 and all_here == len(session().scalars(files).all())


def _displays() -> tuple[Display, ...]:
    beds = select(func.count()).select_from(BedRow).where(BedRow.kiosk == KioskRow.id).scalar_subquery()
    rows = session().execute(select(KioskRow, beds).where(KioskRow.revoked_at.is_(None)).order_by(KioskRow.created_at.desc()))
    return tuple(Display(row.id, row.doctor, row.paired_at, count) for row, count in rows)


def _storage() -> Storage:
    settings = house().settings
    nights = session().scalar(select(func.count()).select_from(NightRow)) or 0
    files = session().scalar(select(func.count()).select_from(UploadRow)) or 0
    free = shutil.disk_usage(settings.instance).free
    return Storage(_database_bytes(), _bytes_in(settings.uploads), _bytes_in(settings.temp), free, nights, files)


def _database_bytes() -> int | None:
    bind = session().get_bind()
    if bind.dialect.name == "postgresql":
        return int(session().scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages, size = (session().scalar(text(asked)) for asked in ("PRAGMA page_count", "PRAGMA page_size"))
    return None if pages is None or size is None else int(pages) * int(size)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _keys() -> Keys:
    masters = stored_keys().masters
    chosen = masters.chosen().id
    marker = session().get(KeyRow, MARKER)
    owners = KeyRow.owner.not_like("house:%")
    count, oldest = session().execute(select(func.count(), func.min(KeyRow.created_at)).where(owners)).one()
    behind = session().scalar(select(func.count()).select_from(KeyRow).where(KeyRow.master != chosen)) or 0
    return Keys(masters.place, None if marker is None else marker.created_at, count, oldest, behind)


def _texts() -> tuple[tuple[str, str, int], ...]:
    """Return each text that people agree to, its version now, and how many have agreed to that version."""
    found = []
    for kind in consents.FILES:
        version = consents.text_of(kind).version
        given = ConsentRow.kind == kind, ConsentRow.version == version, ConsentRow.withdrawn_at.is_(None)
        rows = session().scalars(select(ConsentRow).where(*given)).all()
        found.append((kind, version, len({row.owner for row in rows if vouched(row)})))
    return tuple(found)
