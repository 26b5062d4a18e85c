"""Who has been here: a row for each visitor that keeps something."""

from datetime import datetime

from sqlalchemy import delete, exists
from sqlalchemy.exc import IntegrityError

from somnia_server.store.house import now
from somnia_server.store.tables import (
    AnswerRow,
    ConsentRow,
    JobRow,
    KeyRow,
    NightRow,
    NoticeRow,
    PersonRow,
    RemarkRow,
    UploadRow,
    VisitorRow,
    session,
)

CHUNK = 400


def note_visitor(owner: str) -> None:
    """Note that a visitor was here, within the caller's transaction; a new visitor's first files arrive several at once."""
    if owner.startswith("u-"):  # who has an account is no visitor
        return
    at = now()
    row = session().get(VisitorRow, owner)
    if row is not None:
        row.seen_at = at
        return
    try:
        with session().begin_nested():
            session().add(VisitorRow(id=owner, created_at=at, seen_at=at))
    except IntegrityError:  # another request was first
        session().expire_all()


def purge_visitors(before: datetime) -> int:
    """Delete visitors that were last seen before a time and keep nothing, with their keys and what they said; return how many.

    They get no tombstone: in a restored backup what they kept is as expired as it was, and the next sweep deletes it again.
    """
    keeps = [exists().where(table.owner == VisitorRow.id) for table in (NightRow, UploadRow, JobRow)]
    old = delete(VisitorRow).where(VisitorRow.seen_at < before, *(~kept for kept in keeps))
    gone = session().scalars(old.returning(VisitorRow.id).execution_options(synchronize_session=False)).all()
    for at in range(0, len(gone), CHUNK):
        for table in (KeyRow, PersonRow, ConsentRow, NoticeRow, RemarkRow, AnswerRow):
            session().execute(delete(table).where(table.owner.in_(gone[at : at + CHUNK])).execution_options(synchronize_session=False))
    session().commit()
    return len(gone)
