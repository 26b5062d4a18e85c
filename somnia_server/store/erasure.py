"""Everything of a person goes: first a tombstone outside the database, then the key, every row and every file; again at each start.

The key's end makes unreadable what lies in places that no query reaches (free pages, replicas); the tombstone sees to backups.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import delete, or_, select, text
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import OperationalError

from somnia_server.store import tombstones
from somnia_server.store.house import house
from somnia_server.store.keys import forget, hold_marker
from somnia_server.store.tables import Base, InvitationRow, KeyRow, KioskRow, UploadRow, UserRow, db, session

log = logging.getLogger(__name__)

OWNED: dict[str, tuple[str, ...]] = {
    "answers": ("owner",),
    "beds": ("patient",),
    "clips": ("owner",),
    "codes": ("user_id",),
    "consents": ("owner",),
    "deliveries": ("owner", "subject"),
    "devices": ("owner",),
    "filters": ("doctor",),
    "grants": ("patient", "doctor"),
    "guardians": ("guardian", "minor"),
    "interpretations": ("patient",),
    "invitations": ("patient",),
    "jobs": ("owner",),
    "keys": ("owner",),
    "kiosks": ("doctor",),
    "messages": ("patient", "doctor"),
    "nights": ("owner",),
    "notices": ("owner",),
    "packets": ("owner",),
    "passkeys": ("user_id",),
    "persons": ("owner",),
    "refresh_tokens": ("user_id",),
    "remarks": ("owner",),
    "repeats": ("owner",),
    "roles_users": ("user_id",),
    "scorings": ("patient",),
    "sessions": ("user_id",),
    "sharing_requests": ("doctor", "patient"),
    "trends": ("owner",),
    "uploads": ("owner",),
    "users": ("id",),
    "visitors": ("id",),
    "visits": ("patient", "doctor"),
    "webhooks": ("owner",),
}
"""By table the columns that name whose row it is."""
KEPT: dict[str, str] = {
    "audit": "a chain of ids, actions and times, which an erasure may not break; what it says of a person is sealed with their key",
    "breaches": "incidents of the house; their notes are sealed under a key of its own",
    "clinic_notes": "words of the house for its displays, sealed under a key of its own; nobody is named in them",
    "clients": "programs that an administrator let in",
    "job_uploads": "goes with its job and its upload",
    "roles": "the names of the roles",
    "tries": "keyed digests that expire by themselves",
}
"""The tables in which no row is anybody's, and why."""
CHUNK = 400


def erase_owner(owner: str) -> None:
    """Erase a person for good, and commit: their tombstone, their key, every row and file of theirs."""
    tombstones.bury(owner)
    _erase([owner])


def shred(owner: str) -> None:
    """Delete an owner's key for good, and commit: what was sealed with it is unreadable, and they get no other."""
    tombstones.bury(owner)
    hold_marker(session().connection(), alone=True)
    session().execute(delete(KeyRow).where(KeyRow.owner == owner).execution_options(synchronize_session=False))
    session().commit()
    forget(owner)
    _wipe_log()


def replay_tombstones() -> int:
    """Erase again whoever has been erased: a restored backup may have brought them back. Return how many rows went."""
    owners = sorted(tombstones.erased())
    gone = sum(_erase(owners[at : at + CHUNK]) for at in range(0, len(owners), CHUNK))
    if gone:
        log.warning("%d rows of erased persons had come back and were deleted", gone)
    return gone


def _erase(owners: Sequence[str]) -> int:
    hold_marker(session().connection(), alone=True)  # who makes a key at this moment ends first; who comes later sees the tombstone
    files = session().scalars(select(UploadRow.id).where(UploadRow.owner.in_(owners))).all()
    for upload_id in files:
        for path in house().settings.uploads.glob(f"{upload_id}.*"):
            path.unlink(missing_ok=True)
    gone = _delete_rows(owners)
    session().commit()
    session().expunge_all()
    for owner in owners:
        forget(owner)
    if gone:
        _wipe_log()
    return gone


def _delete_rows(owners: Sequence[str]) -> int:
    """Delete what belongs to these owners, what hangs on it first."""
    theirs = select(UserRow.email).where(UserRow.id.in_(owners))
    session().execute(delete(InvitationRow).where(InvitationRow.email.in_(theirs)).execution_options(synchronize_session=False))
    displays = select(KioskRow.id).where(KioskRow.doctor.in_(owners))
    session().execute(delete(KeyRow).where(KeyRow.owner.in_(displays)).execution_options(synchronize_session=False))
    gone = 0
    for table in reversed(Base.metadata.sorted_tables):
        columns = OWNED.get(table.name, ())
        if columns:
            done = session().execute(delete(table).where(or_(*(table.c[column].in_(owners) for column in columns))))
            gone += done.rowcount if isinstance(done, CursorResult) else 0
    return gone


def _wipe_log() -> None:
    """Move SQLite's log into the database, where deleted bytes are overwritten; when somebody reads, a later checkpoint does it."""
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect() as connection:
        try:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        except OperationalError:
            log.info("the database's log is in use; it is wiped later")
