"""The audit log: who did what to whose data, as a chain in which every entry vouches for the one before it."""

from hashlib import sha256
from hmac import digest

from sqlalchemy import select

from somnia_server.store.actors import Actor
from somnia_server.store.house import house, now
from somnia_server.store.tables import AuditRow, session


def note(actor: Actor, action: str, *, subject: str, thing: str = "", detail: str = "") -> None:
    """Add an entry within the caller's transaction; `subject` is whose data, `thing` which of it, `detail` is kept sealed."""
    last = session().scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).one_or_none()
    row = AuditRow(seq=1 if last is None else last.seq + 1, at=now(), actor=actor.id, role=actor.role, action=action)
    row.subject, row.object = subject, thing
    row.sealed_detail = house().vault.seal(detail.encode(), table="audit.detail", row=str(row.seq), owner=subject) if detail else None
    said = repr((row.seq, row.at, row.actor, row.role, row.action, row.subject, row.object, row.sealed_detail)).encode()
    row.mac = digest(house().vault.derive(b"somnia audit"), (b"" if last is None else last.mac) + said, sha256)
    session().add(row)
    session().flush()


def note_read(actor: Actor, action: str, *, subject: str, thing: str = "") -> None:
    """Note and commit that somebody reads another person's data; nothing when it is their own; once a request for the same thing."""
    if actor.id != subject:
        note(actor, action, subject=subject, thing=thing)
        session().commit()
