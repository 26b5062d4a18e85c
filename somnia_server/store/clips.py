"""The loudest moments of a night: sealed, found only by who may see the night, gone with it or after their time."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from somnia_engine.types.clips import Clip
from somnia_server.store import audit
from somnia_server.store.actors import Actor
from somnia_server.store.clipcodec import pack_clips, unpack_clips
from somnia_server.store.house import house, now
from somnia_server.store.reach import alive, reads_nights
from somnia_server.store.tables import ClipRow, NightRow, session
from somnia_server.store.vault import TamperedError

TABLE = "clips.clip"
STAY = timedelta(days=30)


@dataclass(frozen=True, slots=True, eq=False)
class KeptClip:
    """A clip as its page shows it."""

    id: str
    expires_at: datetime
    clip: Clip


def put_clips(owner: str, night_id: str, *, clips: Sequence[Clip]) -> None:
    """Keep the clips of a night in place of those it had, within the caller's transaction."""
    session().flush()
    session().execute(delete(ClipRow).where(ClipRow.night_id == night_id).execution_options(synchronize_session=False))
    for clip in clips:
        row = ClipRow(id=secrets.token_hex(16), owner=owner, night_id=night_id, expires_at=now() + STAY)
        row.sealed_clip = house().vault.seal(pack_clips([clip]), table=TABLE, row=row.id, owner=owner)
        session().add(row)


def list_clips(actor: Actor, night_id: str) -> tuple[KeptClip, ...]:
    """Return the clips of a night that the actor may see, in order of time; a damaged one is left out."""
    return tuple(sorted(_found(actor, ClipRow.night_id == night_id), key=lambda kept: kept.clip.onset_s))


def load_clip(actor: Actor, clip_id: str) -> KeptClip | None:
    """Return one clip; None when there is none of that id that this actor may hear."""
    return next(iter(_found(actor, ClipRow.id == clip_id)), None)


def clips_of(owner: str, night_id: str) -> tuple[Clip, ...]:
    """Return the clips of an owner's night, for a store that moves them; the caller has asked who may."""
    rows = session().scalars(select(ClipRow).where(ClipRow.owner == owner, ClipRow.night_id == night_id, ClipRow.expires_at > now()))
    opened = (_open(row) for row in rows)
    return tuple(sorted((kept.clip for kept in opened if kept is not None), key=lambda clip: clip.onset_s))


def purge_clips(at: datetime) -> int:
    """Delete the clips whose time is over; return how many."""
    gone: Any = session().execute(delete(ClipRow).where(ClipRow.expires_at <= at).execution_options(synchronize_session=False))
    session().commit()
    return int(gone.rowcount)


def _found(actor: Actor, which: ColumnElement[bool]) -> list[KeptClip]:
    query = select(ClipRow).join(NightRow, NightRow.id == ClipRow.night_id)
    rows = session().scalars(query.where(which, reads_nights(actor), alive(), ClipRow.expires_at > now())).all()
    found = [kept for kept in map(_open, rows) if kept is not None]
    if found:
        audit.note_read(actor, "read_clips", subject=rows[0].owner, thing=rows[0].night_id)
    return found


def _open(row: ClipRow) -> KeptClip | None:
    try:
        (clip,) = unpack_clips(house().vault.open_sealed(row.sealed_clip, table=TABLE, row=row.id, owner=row.owner))
    except TamperedError:
        return None
    return KeptClip(row.id, row.expires_at, clip)
