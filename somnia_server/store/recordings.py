"""Uploaded files: a row for each, its name, digest and survey sealed, its bytes a sealed stream beside the database."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import case, delete, func, select, update

from somnia_engine.text import Text, t
from somnia_server.store.actors import Actor
from somnia_server.store.damaged import DAMAGED, NAME, read_or
from somnia_server.store.frames import FRAME_BYTES, SealedWriter, read_sealed, sealed_size
from somnia_server.store.house import house, now
from somnia_server.store.people import note_visitor
from somnia_server.store.reach import handles, may_bring
from somnia_server.store.retention import has_account, raw_stays_until, upload_stays_until
from somnia_server.store.tables import JobRow, JobUploadRow, UploadRow, session
from somnia_server.store.vault import Place

RECEIVING, READY = "receiving", "ready"
STREAM = "uploads.stream"
ACTIVE = ("queued", "running")
MOST_FILES = 500
"""Files of one person that may wait here."""
STILL_FRESH = timedelta(minutes=30)
"""A demo file that stays so much longer is not given again."""
MOST_WAITING = 4
"""How many times the largest file their bytes may be together."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file; `size` in bytes, `received` what has arrived, `demo` the demo file that it stands for.

    `kind`: what a program said that it brings.
    """

    id: str
    owner: str
    name: str
    size: int
    received: int
    state: str
    created_at: datetime
    expires_at: datetime
    sha256: str | None = None
    demo: str | None = None
    kind: str | None = None


def add_upload(actor: Actor, name: str, *, size: int, subject: str | None = None, kind: str | None = None) -> str | None:
    """Make the row of a file that is about to arrive and return its id; None when the actor may bring nothing for this person."""
    owner = subject or actor.id
    if not may_add(actor, owner):
        return None
    return _add(owner, name, size=size, brought_by=actor.id, kind=kind)


def may_add(actor: Actor, owner: str) -> bool:
    """Return whether an actor may bring files for a person."""
    return bool(session().scalar(select(may_bring(actor, owner))))


def largest_file(owner: str) -> int:
    """Return the size of the largest file [bytes] that may be brought for a person; a visitor's is smaller."""
    settings = house().settings
    return settings.max_upload_bytes if has_account(owner) else min(settings.max_upload_bytes, settings.visitor_upload_bytes)


def quota_refusal(owner: str, size: int) -> Text | None:
    """Return why no more files of a person may wait here; None when one of this size [bytes] may."""
    mine = UploadRow.owner == owner, UploadRow.demo.is_(None), UploadRow.expires_at > now()
    count, waiting = session().execute(select(func.count(), func.coalesce(func.sum(UploadRow.size), 0)).where(*mine)).one()
    most = MOST_WAITING * largest_file(owner)
    if count >= MOST_FILES:
        return Text("{count} of your files wait here, and no more may. Analyze them, or remove some.", {"count": count})
    if waiting + size <= most:
        return None
    said = {"have": int(waiting) >> 20, "size": size >> 20, "most": most >> 20}
    return Text(
        "{have} MB of your files wait here; with this one ({size} MB) it would be more than {most} MB. Analyze them, or remove some.", said
    )


def add_demo_upload(actor: Actor, path: Path, *, sha256: str) -> str:
    """Make the row of a demo file for the actor (the one that is there already, if any); return its id."""
    owner = actor.id
    demo = path.relative_to(house().settings.demo).as_posix()
    query = select(UploadRow.id).where(UploadRow.owner == owner, UploadRow.demo == demo, UploadRow.expires_at > now() + STILL_FRESH)
    there = session().scalars(query).first()
    if there is not None:
        return there
    upload_id = _add(owner, path.name, size=path.stat().st_size, demo=demo)
    mark_ready(actor, upload_id, sha256=sha256)
    return upload_id


def _add(owner: str, name: str, *, size: int, demo: str | None = None, brought_by: str | None = None, kind: str | None = None) -> str:
    at = now()
    row = UploadRow(id=secrets.token_hex(16), owner=owner, brought_by=brought_by, state=RECEIVING, size=size, created_at=at, demo=demo)
    row.kind = kind
    row.expires_at = upload_stays_until(owner, at)
    row.sealed_name = house().vault.seal(name.encode(), table="uploads.name", row=row.id, owner=owner)
    note_visitor(owner)
    session().add(row)
    session().commit()
    return row.id


def find_upload(actor: Actor, upload_id: str) -> Upload | None:
    """Return one upload; None when there is none of that id that this actor handles."""
    row = _row(actor, upload_id)
    return None if row is None else as_upload(row)


def list_uploads(actor: Actor, subject: str | None = None) -> tuple[Upload, ...]:
    """Return the uploads for a person (the actor by default) that the actor handles, oldest first."""
    mine = select(UploadRow).where(UploadRow.owner == (subject or actor.id), handles(actor, UploadRow), UploadRow.expires_at > now())
    return tuple(as_upload(row) for row in session().scalars(mine.order_by(UploadRow.created_at)))


def mark_ready(actor: Actor, upload_id: str, *, sha256: str) -> None:
    """Note that every byte has arrived, and their digest."""
    row = _row(actor, upload_id)
    if row is not None:
        row.state = READY
        row.sealed_sha256 = house().vault.seal(sha256.encode(), table="uploads.sha256", row=row.id, owner=row.owner)
        session().commit()


def remove_upload(actor: Actor, upload_id: str) -> bool:
    """Delete an upload and its bytes; False when this actor handles none of that id or a job still needs it."""
    row = _row(actor, upload_id)
    if row is None or _busy(upload_id):
        return False
    _drop([upload_id])
    return True


def save_survey(upload: Upload, survey: bytes) -> None:
    """Keep what was found in a file, sealed."""
    sealed = house().vault.seal(survey, table="uploads.survey", row=upload.id, owner=upload.owner)
    session().execute(update(UploadRow).where(UploadRow.owner == upload.owner, UploadRow.id == upload.id).values(sealed_survey=sealed))
    session().commit()


def load_survey(upload: Upload) -> bytes | None:
    """Return what `save_survey` kept; None when that was changed: the file can be looked into again."""
    query = select(UploadRow.sealed_survey).where(UploadRow.owner == upload.owner, UploadRow.id == upload.id)
    sealed = session().scalar(query)
    if sealed is None:
        return None
    opened = partial(house().vault.open_sealed, sealed, table="uploads.survey", row=upload.id, owner=upload.owner)
    return read_or(opened, None, what=f"what was found in upload {upload.id}")


def open_writer(upload: Upload) -> SealedWriter:
    """Open the sealed bytes of an upload at their end."""
    return SealedWriter(_path(upload.id), vault=house().vault, place=Place(STREAM, upload.id, upload.owner))


def stream(upload: Upload) -> Iterator[bytes]:
    """Yield the plain bytes of an upload that has arrived."""
    return read_sealed(_path(upload.id), vault=house().vault, place=Place(STREAM, upload.id, upload.owner))


def plain_pieces(upload: Upload) -> Iterator[bytes]:
    """Yield the plain bytes of an upload, a demo file included."""
    if upload.demo is None:
        yield from stream(upload)
        return
    with (house().settings.demo / upload.demo).open("rb") as file:
        while piece := file.read(FRAME_BYTES):
            yield piece


def purge_uploads(at: datetime) -> int:
    """Delete uploads whose time is over, unless a job still needs them, and files without a row; return how many rows."""
    busy = select(JobUploadRow.upload_id).join(JobRow, JobRow.id == JobUploadRow.job_id).where(JobRow.state.in_(ACTIVE))
    old = session().scalars(select(UploadRow.id).where(UploadRow.expires_at <= at, UploadRow.id.not_in(busy))).all()
    _drop(old)
    there = list(house().settings.uploads.iterdir())  # before the rows are asked for: the file of a row made meanwhile stays
    known = {_path(upload_id) for upload_id in session().scalars(select(UploadRow.id))}
    for path in there:
        if path not in known:
            path.unlink(missing_ok=True)
    return len(old)


def release_uploads(upload_ids: Sequence[str], *, at: datetime) -> None:
    """Let go of the raw files of a job that ended: those that no other job needs go at once, or when their person wants."""
    idle = [upload_id for upload_id in upload_ids if not _busy(upload_id)]
    rows = session().execute(select(UploadRow.id, UploadRow.owner, UploadRow.expires_at).where(UploadRow.id.in_(idle))).all()
    _release([(upload_id, owner, expires_at, at) for upload_id, owner, expires_at in rows])


def release_done() -> None:
    """Let go of the raw files whose jobs are all done: as `release_uploads`, after a kill or a change of the person's mind."""
    all_done = func.count(case((JobRow.state != "done", 1))) == 0
    query = select(UploadRow.id, UploadRow.owner, UploadRow.expires_at, func.max(JobRow.finished_at)).select_from(UploadRow)
    query = query.join(JobUploadRow).join(JobRow).group_by(UploadRow.id, UploadRow.owner, UploadRow.expires_at).having(all_done)
    rows = session().execute(query).all()
    _release([(upload_id, owner, expires_at, ended_at or now()) for upload_id, owner, expires_at, ended_at in rows])


def _release(done: Sequence[tuple[str, str, datetime, datetime]]) -> None:
    """Delete uploads, given with owner, expiry and the end of their last job, or set when they expire."""
    spent = []
    for upload_id, owner, expires_at, ended_at in done:
        until = raw_stays_until(owner, ended_at)
        if until is None or until <= now():
            spent.append(upload_id)
        elif until != expires_at:
            session().execute(update(UploadRow).where(UploadRow.id == upload_id).values(expires_at=until))
    _drop(spent)


def _drop(upload_ids: Sequence[str]) -> None:
    for upload_id in upload_ids:
        _path(upload_id).unlink(missing_ok=True)  # the file first: a row without a file is purged again, a file without a row could stay
    session().execute(delete(UploadRow).where(UploadRow.id.in_(upload_ids)))
    session().commit()


def _busy(upload_id: str) -> bool:
    query = select(func.count()).select_from(JobUploadRow).join(JobRow, JobRow.id == JobUploadRow.job_id)
    return bool(session().scalar(query.where(JobUploadRow.upload_id == upload_id, JobRow.state.in_(ACTIVE))))


def _row(actor: Actor, upload_id: str) -> UploadRow | None:
    query = select(UploadRow).where(UploadRow.id == upload_id, handles(actor, UploadRow), UploadRow.expires_at > now())
    return session().scalars(query).one_or_none()


def _path(upload_id: str) -> Path:
    return house().settings.uploads / f"{upload_id}.stream"


def as_upload(row: UploadRow) -> Upload:
    """Return the upload of a row that a store has found for whom it may; one whose name or digest was changed is `damaged`."""
    return read_or(partial(_upload, row), replace(_bare(row), state=DAMAGED), what=f"upload {row.id}")


def _upload(row: UploadRow) -> Upload:
    opened = partial(house().vault.open_sealed, row=row.id, owner=row.owner)
    digest = None if row.sealed_sha256 is None else opened(row.sealed_sha256, table="uploads.sha256").decode()
    return replace(_bare(row), name=opened(row.sealed_name, table="uploads.name").decode(), sha256=digest)


def _bare(row: UploadRow) -> Upload:
    return Upload(
        id=row.id,
        owner=row.owner,
        name=t(NAME),
        size=row.size,
        received=row.size if row.state == READY else sealed_size(_path(row.id)),
        state=row.state,
        created_at=row.created_at,
        expires_at=row.expires_at,
        demo=row.demo,
        kind=row.kind,
    )
