"""What people note of their nights: a note and tags for each day, sealed; whoever may read the night reads them."""

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, select

from somnia_engine.text import Text, t
from somnia_server.store import audit, codec
from somnia_server.store.actors import Actor
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.people import note_visitor
from somnia_server.store.reach import acts_for, changes, reads_nights
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import NightRow, RemarkRow, session

TABLE = "remarks.remark"
NOTE_CHARS = 4000
TAG_CHARS = 40
MOST_TAGS = 20


class RemarkError(RefusalError):
    """A note or a tag that cannot be kept; `text` says what is allowed."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What was noted of a night: free words, and tags (keys that pages know, or a person's own words)."""

    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remarked:
    """A remark with its night."""

    night: date
    remark: Remark


def load_remark(actor: Actor, night: date, *, subject: str | None = None) -> Remark:
    """Return what was noted of a person's night (the actor's own by default); an empty remark where nothing was, or it is not theirs."""
    found = _read(actor, subject or actor.id, RemarkRow.night == night)
    return found[0].remark if found else Remark()


def list_remarks(actor: Actor, subject: str | None = None) -> tuple[Remarked, ...]:
    """Return everything that was noted of a person's nights, as far as the actor may see them, in order of time."""
    return _read(actor, subject or actor.id)


def remarks_of(owner: str) -> tuple[Remarked, ...]:
    """Return everything that was noted of an owner's nights, for a store that moves it; the caller has asked who may."""
    return _opened(session().scalars(select(RemarkRow).where(RemarkRow.owner == owner).order_by(RemarkRow.night)))


def save_remark(actor: Actor, night: date, *, remark: Remark, subject: str | None = None) -> bool:
    """Keep what is noted of a night, an empty remark deletes it; False when it is not the actor's to change.

    Raises
    ------
    RemarkError
        It is longer than what can be kept.
    """
    owner = subject or actor.id
    checked = checked_remark(remark)
    if not acts_for(actor, owner):
        return False
    put_remark(owner, night, remark=checked)
    session().commit()
    return True


def put_remark(owner: str, night: date, *, remark: Remark) -> None:
    """Keep a checked remark, within the caller's transaction."""
    row = session().scalars(select(RemarkRow).where(RemarkRow.owner == owner, RemarkRow.night == night)).one_or_none()
    if remark == Remark():
        if row is not None:
            session().delete(row)
        return
    note_visitor(owner)
    if row is None:
        row = RemarkRow(id=secrets.token_hex(16), owner=owner, night=night)
        session().add(row)
    row.changed_at = now()
    row.sealed_remark = house().vault.seal(codec.dumps(remark), table=TABLE, row=row.id, owner=owner)


def checked_remark(remark: Remark) -> Remark:
    """Return a remark as it is kept: trimmed, each tag once; RemarkError as `save_remark`."""
    note = _clean(remark.note, keep="\n")
    tags = tuple(dict.fromkeys(filter(None, (_clean(tag) for tag in remark.tags))))
    if len(note) > NOTE_CHARS:
        raise RemarkError(Text("The note has {n} characters; at most {most} are kept. Shorten it.", {"n": len(note), "most": NOTE_CHARS}))
    longest = max(map(len, tags), default=0)
    if longest > TAG_CHARS:
        raise RemarkError(Text("A tag has {n} characters; at most {most} are kept. Shorten it.", {"n": longest, "most": TAG_CHARS}))
    if len(tags) > MOST_TAGS:
        raise RemarkError(Text("A night has {n} tags; at most {most} are kept. Remove some.", {"n": len(tags), "most": MOST_TAGS}))
    return replace(remark, note=note, tags=tags)


def _clean(said: str, *, keep: str = "") -> str:
    whole = said.replace("\r\n", "\n")
    return "".join(sign for sign in whole if sign in keep or unicodedata.category(sign) not in ("Cc", "Cs")).strip()


def _read(actor: Actor, owner: str, *which: ColumnElement[bool]) -> tuple[Remarked, ...]:
    query = select(RemarkRow).where(RemarkRow.owner == owner, _readable(actor), *which).order_by(RemarkRow.night)
    found = _opened(session().scalars(query))
    if found:
        audit.note_read(actor, "read_remarks", subject=owner)
    return found


def _readable(actor: Actor) -> ColumnElement[bool]:
    """Return which remarks an actor may read: own and a ward's, and those of nights that are open to them."""
    night = exists().where(and_(NightRow.owner == RemarkRow.owner, NightRow.night == RemarkRow.night), reads_nights(actor))
    return changes(actor, RemarkRow.owner) | night


def _opened(rows: Iterable[RemarkRow]) -> tuple[Remarked, ...]:
    damaged = Remark(t(SENTENCE))
    return tuple(Remarked(row.night, read_or(partial(_open, row), damaged, what=f"remark {row.id}")) for row in rows)


def _open(row: RemarkRow) -> Remark:
    return codec.loads(Remark, house().vault.open_sealed(row.sealed_remark, table=TABLE, row=row.id, owner=row.owner))
