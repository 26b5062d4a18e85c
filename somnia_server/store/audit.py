"""The audit log: who did what to whose data, as a chain in which every entry vouches for the one before it.

Each entry's code is an HMAC, under a key of this house, of its fields and of the code before it. An edit, a deletion, an insertion
or a change of order breaks the chain; a tail that was cut off is missed by the anchors, which lie outside the database.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest

from flask import g, has_request_context
from sqlalchemy import ColumnElement, Row, event, func, select, update
from sqlalchemy.orm import Session, SessionTransaction

from somnia_engine.text import Text, t
from somnia_server.store import anchors
from somnia_server.store.actors import Actor, Role
from somnia_server.store.damaged import NAME
from somnia_server.store.house import house, now
from somnia_server.store.reach import acts_for
from somnia_server.store.tables import AuditRow, session
from somnia_server.store.vault import ShreddedError, TamperedError

log = logging.getLogger(__name__)

LOCK = 0x534F4D4E
"""The advisory lock that writers of the log share on PostgreSQL."""
AT_ONCE = 1000
SERVER = Actor("house", Role.ADMIN)
"""Who acts when the server does by itself."""
_PENDING, _HEAD = "somnia notes", "somnia head"
ANCHORED = "anchor"
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is read: when, who (`actor`, `role`), what (`action`), whose data (`subject`), which of it, what was said."""

    seq: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    thing: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking the log: how many entries it has, and what is wrong with it."""

    entries: int
    faults: tuple[Text, ...]


def note(actor: Actor, action: str, *, subject: str, thing: str = "", detail: str = "") -> None:
    """Add an entry to the caller's transaction; `subject` is whose data, `thing` which of it, `detail` is kept sealed.

    It is written when the transaction commits: who writes the log holds a lock that all writers share, and takes no other after it.
    """
    if not session().in_transaction():
        session().begin()  # so that what is rolled back is not noted either
    session().info.setdefault(_PENDING, []).append((actor, action, subject, thing, detail))


@event.listens_for(Session, "before_commit")
def _write_pending(ending: Session) -> None:
    if not ending.in_nested_transaction():
        pending = ending.info.pop(_PENDING, ())
        if pending:
            _write(pending)


@event.listens_for(Session, "after_commit")
def _keep_head(ended: Session) -> None:
    """Write outside the database where the log stands now; what is committed stays committed when that cannot be written."""
    found = ended.info.pop(_HEAD, None)
    if found is not None:
        try:
            anchors.keep_head(*found)
        except OSError as error:
            log.error("where the audit log stands could not be written beside the key: %s", error.strerror)


@event.listens_for(Session, "after_transaction_end")
def _forget_pending(ended: Session, transaction: SessionTransaction) -> None:
    """Forget what a transaction that was rolled back was to note."""
    if transaction.parent is None:
        ended.info.pop(_PENDING, None)
        ended.info.pop(_HEAD, None)


def _write(pending: Sequence[tuple[Actor, str, str, str, str]]) -> None:
    session().flush()  # what this transaction locks it has locked before it takes its turn
    _take_turns()
    last = session().execute(select(AuditRow.seq, AuditRow.mac).order_by(AuditRow.seq.desc()).limit(1)).one_or_none()
    seq, before = (0, b"") if last is None else (last.seq, last.mac)
    for said in pending:
        seq += 1
        row = _row(seq, *said)
        row.mac = before = _code(row, before)
        session().add(row)
    session().flush()
    session().info[_HEAD] = (seq, before)


def _row(seq: int, actor: Actor, *said: str) -> AuditRow:
    who, what, whose, which = (word.replace("\0", "\N{REPLACEMENT CHARACTER}") for word in (actor.id, *said[:3]))  # as kept
    row = AuditRow(seq=seq, at=now(), actor=who, role=str(actor.role), action=what, subject=whose, object=which)
    detail = said[3]
    row.sealed_detail = house().vault.seal(detail.encode(), table="audit.detail", row=str(seq), owner=whose) if detail else None
    return row


def note_read(actor: Actor, action: str, *, subject: str, thing: str = "") -> None:
    """Note and commit that somebody reads another person's data: once a request for the same thing, nothing when it is their own."""
    if actor.id == subject:
        return
    read = (actor.id, action, subject, thing)
    noted = g.setdefault("noted_reads", set()) if has_request_context() else set()
    if read not in noted:
        note(actor, action, subject=subject, thing=thing)
        session().commit()
        noted.add(read)


def note_list(actor: Actor, action: str, subjects: Sequence[str], *, every: timedelta) -> None:
    """Note and commit that somebody saw a list of others' data: each of them once in a stretch of time."""
    lately = AuditRow.at > now() - every, AuditRow.actor == actor.id, AuditRow.action == action
    known = set(session().scalars(select(AuditRow.subject).where(*lately)))
    fresh = [subject for subject in dict.fromkeys(subjects) if subject not in known and subject != actor.id]
    for subject in fresh:
        note(actor, action, subject=subject)
    if fresh:
        session().commit()


def verify() -> Verdict:
    """Check the whole log, and that it reaches every anchor."""
    found, faults = anchors.load()
    wanted = {anchor.seq: anchor.mac for anchor in found}
    head, written = anchors.head(), anchors.size()
    if head is not None:
        wanted[head[0]] = head[1]
    before, count, said = b"", 0, 0 if head is None else head[2]
    query = select(AuditRow.__table__).order_by(AuditRow.seq).execution_options(yield_per=AT_ONCE)
    for row in session().execute(query):
        count += 1
        if row.seq != count and len(faults) < MOST_FAULTS:
            faults.append(Text("Entry {seq} stands where {place} should.", {"seq": row.seq, "place": count}))
            count = row.seq
        if not compare_digest(row.mac, _code(row, before)) and len(faults) < MOST_FAULTS:
            faults.append(Text("Entry {seq} does not follow from the one before it.", {"seq": row.seq}))
        if not compare_digest(wanted.pop(row.seq, row.mac), row.mac):
            faults.append(Text("Entry {seq} is not the one that was anchored.", {"seq": row.seq}))
        said = max(said, int(row.object)) if row.action == ANCHORED and row.object.isdigit() else said
        before = row.mac
    if head is None and (said or wanted):
        faults.append(Text("What says where the log stood last is missing or was changed."))
    if written < said:
        faults.append(Text("The anchors have {written} bytes where {said} were written.", {"written": written, "said": said}))
    if wanted:
        faults.append(Text("The log ends at {end}, but was anchored at {anchor}.", {"end": count, "anchor": max(wanted)}))
    return Verdict(count, tuple(faults))


def anchor(at: datetime, *, now_in_any_case: bool = False) -> bool:
    """Write an anchor, once an hour or after many entries, and note it; return whether it was. A log that rests is anchored once."""
    last = session().execute(select(AuditRow.seq, AuditRow.mac, AuditRow.action).order_by(AuditRow.seq.desc()).limit(1)).one_or_none()
    if last is None or last.action == ANCHORED:
        return False
    count = anchors.append(last.seq, last.mac, at=at, now_in_any_case=now_in_any_case)
    if count is not None:
        note(SERVER, ANCHORED, subject="house:records", thing=str(count))
        session().commit()
    return count is not None


def entries_about(actor: Actor, subject: str | None = None, *, most: int = 200) -> tuple[Entry, ...]:
    """Return what others, and oneself, did about a person's data and access, newest first; for the person and their guardian."""
    owner = subject or actor.id
    return _entries(AuditRow.subject == owner, most=most) if acts_for(actor, owner) else ()


def entries_between(actor: Actor, begins: datetime, ends: datetime, *, most: int = 10_000) -> tuple[Entry, ...]:
    """Return every entry of a window of time, newest first, without what was said; for administrators."""
    if actor.role is not Role.ADMIN:
        return ()
    return _entries(AuditRow.at >= begins, AuditRow.at < ends, most=most, said=False)


def _entries(*which: ColumnElement[bool], most: int, said: bool = True) -> tuple[Entry, ...]:
    rows = session().scalars(select(AuditRow).where(*which).order_by(AuditRow.seq.desc()).limit(most))
    return tuple(
        Entry(row.seq, row.at, row.actor, row.role, row.action, row.subject, row.object, _detail(row) if said else "") for row in rows
    )


def _detail(row: AuditRow) -> str:
    if row.sealed_detail is None:
        return ""
    try:
        return house().vault.open_sealed(row.sealed_detail, table="audit.detail", row=str(row.seq), owner=row.subject).decode()
    except ShreddedError:  # the person has been erased: that it happened stays on record, what was said goes with their key
        return ""
    except TamperedError:
        return t(NAME)


def _take_turns() -> None:
    """Wait until no other transaction is adding entries: the next number and the code before it are then certain."""
    if session().get_bind().dialect.name == "postgresql":
        session().execute(select(func.pg_advisory_xact_lock(LOCK)))
    else:  # a statement that writes takes SQLite's only lock, even when it changes nothing
        session().execute(update(AuditRow).where(AuditRow.seq < 0).values(object="").execution_options(synchronize_session=False))


def _code(row: AuditRow | Row[tuple[object, ...]], before: bytes) -> bytes:
    sealed = row.sealed_detail.hex() if row.sealed_detail is not None else None
    fields = [row.seq, row.at.isoformat(), row.actor, row.role, row.action, row.subject, row.object, sealed]
    said = json.dumps(fields, separators=(",", ":")).encode()
    return digest(house().vault.derive(b"somnia audit"), len(before).to_bytes(4, "big") + before + said, sha256)
