"""The nights of an owner: kept sealed, found only by who may see them."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.orm import undefer

from somnia_engine.types.findings import Finding
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from somnia_engine.types.score import SleepScore
from somnia_server.store import audit, faces, nightcodec
from somnia_server.store.actors import Actor
from somnia_server.store.damaged import DAMAGED, read_or
from somnia_server.store.house import house, now
from somnia_server.store.reach import alive, changes, reads_nights
from somnia_server.store.tables import NightRow, session
from somnia_server.store.trends import put_trend

HISTORY_NIGHTS = 60
"""Earlier nights that a detector gets at most."""


@dataclass(frozen=True, slots=True, eq=False)
class NightSummary:
    """A night as a list shows it; `stages` (n,) int8 is the ribbon, empty when there is none; damaged, its day is all that is known."""

    id: str
    owner: str
    night: date
    start: datetime | None
    zone: str | None
    statistics: SleepStatistics
    measures: dict[str, float]
    findings: tuple[Finding, ...]
    stages: NDArray[np.int8]
    classes: tuple[Stage, ...]
    sources: tuple[str, ...]
    state: str
    created_at: datetime
    expires_at: datetime | None
    demo: bool
    score: SleepScore | None = None

    @property
    def damaged(self) -> bool:
        """Whether what is kept of it was changed."""
        return self.state == DAMAGED


@dataclass(frozen=True, slots=True, eq=False)
class StoredNight:
    """A night as its page shows it."""

    id: str
    owner: str
    night: date
    analysis: NightAnalysis
    created_at: datetime
    expires_at: datetime | None
    demo: bool


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """How a night is to be kept: its day, what it was made of, until when."""

    night: date
    fingerprint: str
    demo: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Blobs:
    """A night as it is kept: its day, and the summary and the series unsealed."""

    night: date
    demo: bool
    created_at: datetime
    blobs: tuple[bytes, bytes]


def save_night(owner: str, analysis: NightAnalysis, *, kept: Kept) -> str:
    """Keep a night and return its id; the same files and choices again replace the night they made before."""
    night_id = put_night(owner, nightcodec.pack_night(analysis), kept=kept)
    session().commit()
    return night_id


def put_night(owner: str, blobs: tuple[bytes, bytes], *, kept: Kept) -> str:
    """Seal a night's two blobs into its row, within the caller's transaction."""
    row = session().scalars(select(NightRow).where(NightRow.owner == owner, NightRow.fingerprint == kept.fingerprint)).one_or_none()
    if row is None:
        row = NightRow(id=secrets.token_hex(16), owner=owner, fingerprint=kept.fingerprint)
        session().add(row)
    row.night, row.demo, row.state, row.created_at, row.expires_at = kept.night, kept.demo, "ready", now(), kept.expires_at
    row.sealed_summary = _seal(blobs[0], "nights.summary", row)
    row.sealed_series = _seal(blobs[1], "nights.series", row)
    row.sealed_face = _seal(faces.face_of(blobs[0]), faces.TABLE, row)
    put_trend(owner, row.id, summary=blobs[0])
    return row.id


def list_nights(actor: Actor, subject: str | None = None) -> tuple[NightSummary, ...]:
    """Return a person's nights (the actor's own by default) as far as the actor may see them, newest first."""
    owner = subject or actor.id
    mine = select(NightRow).where(NightRow.owner == owner, reads_nights(actor), alive())
    rows = session().scalars(mine.order_by(NightRow.night.desc(), NightRow.created_at.desc())).all()
    found = tuple(read_or(partial(_summary, row), _damaged(row), what=f"night {row.id}") for row in rows)
    if found:
        audit.note_read(actor, "list_nights", subject=owner)
    return found


def load_night(actor: Actor, night_id: str) -> StoredNight | None:
    """Return one night; None when there is none of that id that this actor may see."""
    query = select(NightRow).where(NightRow.id == night_id, reads_nights(actor), alive()).options(undefer(NightRow.sealed_series))
    row = session().scalars(query).one_or_none()
    if row is None:
        return None
    found = StoredNight(row.id, row.owner, row.night, nightcodec.unpack_night(*_blobs(row)), row.created_at, row.expires_at, row.demo)
    audit.note_read(actor, "read_night", subject=found.owner, thing=found.id)
    return found


def count_nights(actor: Actor, subject: str) -> int:
    """Return on how many different days a person's nights lie, as far as the actor may see them."""
    mine = select(func.count(func.distinct(NightRow.night))).where(NightRow.owner == subject, reads_nights(actor), alive())
    return session().scalar(mine) or 0


def may_read(actor: Actor, night_id: str) -> bool:
    """Return whether an actor may read a night now; nothing of it is read."""
    return bool(session().scalar(select(NightRow.id).where(NightRow.id == night_id, reads_nights(actor), alive())))


def day_of(actor: Actor, night_id: str) -> tuple[str, date] | None:
    """Return whose a night is and its day; None when there is none of that id that this actor may see. Nothing of it is read."""
    query = select(NightRow.owner, NightRow.night).where(NightRow.id == night_id, reads_nights(actor), alive())
    found = session().execute(query).one_or_none()
    return None if found is None else (found.owner, found.night)


def delete_night(actor: Actor, night_id: str) -> bool:
    """Delete one night; False when there is none of that id that this actor may change."""
    gone = session().execute(
        delete(NightRow).where(NightRow.id == night_id, changes(actor, NightRow.owner)).execution_options(synchronize_session=False)
    )
    session().commit()
    return _count(gone) > 0


def history_blobs(owner: str, before: date | None, *, demo: bool | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return the unsealed blobs of the last nights before a day, in order of time, the newest analysis of each.

    `demo` keeps demo and own nights apart; None takes both.
    """
    query = select(NightRow).where(NightRow.owner == owner, alive()).options(undefer(NightRow.sealed_series))
    if before is not None:
        query = query.where(NightRow.night < before)
    if demo is not None:
        query = query.where(NightRow.demo == demo)
    newest: dict[date, NightRow] = {}
    for row in session().scalars(query.order_by(NightRow.night.desc(), NightRow.created_at.desc()).limit(HISTORY_NIGHTS)):
        newest.setdefault(row.night, row)
    blobs = (read_or(partial(_blobs, newest[night]), None, what=f"night {newest[night].id}") for night in sorted(newest))
    return tuple(found for found in blobs if found is not None)


def blobs_of(owner: str, night_id: str) -> Blobs | None:
    """Return a night as it is kept, unsealed, for a store that moves it; the row does not stay in memory."""
    query = select(NightRow).where(NightRow.owner == owner, NightRow.id == night_id, alive()).options(undefer(NightRow.sealed_series))
    row = session().scalars(query).one_or_none()
    if row is None:
        return None
    found = Blobs(row.night, row.demo, row.created_at, _blobs(row))
    session().expunge(row)
    return found


def purge_expired(at: datetime) -> int:
    """Delete the nights whose time is over; return how many."""
    gone = session().execute(delete(NightRow).where(NightRow.expires_at <= at))
    session().commit()
    return _count(gone)


def _count(result: Any) -> int:
    return int(result.rowcount)


def _seal(blob: bytes, table: str, row: NightRow) -> bytes:
    return house().vault.seal(blob, table=table, row=row.id, owner=row.owner)


def _open(sealed: bytes, table: str, row: NightRow) -> bytes:
    return house().vault.open_sealed(sealed, table=table, row=row.id, owner=row.owner)


def _blobs(row: NightRow) -> tuple[bytes, bytes]:
    return _open(row.sealed_summary, "nights.summary", row), _open(row.sealed_series, "nights.series", row)


def _summary(row: NightRow) -> NightSummary:
    summary = nightcodec.unpack_summary(_open(row.sealed_summary, "nights.summary", row))
    ribbon = summary.ribbon
    return NightSummary(
        id=row.id,
        owner=row.owner,
        night=row.night,
        start=summary.start,
        zone=summary.zone,
        statistics=summary.statistics,
        measures=dict(summary.measures),
        findings=summary.findings,
        stages=np.empty(0, np.int8) if ribbon is None else nightcodec.stages_of(ribbon.stages),
        classes=() if ribbon is None else ribbon.classes,
        sources=tuple(dict.fromkeys(q.source for q in summary.quality)),
        state=row.state,
        created_at=row.created_at,
        expires_at=row.expires_at,
        demo=row.demo,
        score=summary.score,
    )


def _damaged(row: NightRow) -> NightSummary:
    return NightSummary(
        id=row.id,
        owner=row.owner,
        night=row.night,
        start=None,
        zone=None,
        statistics=SleepStatistics(scorer=""),
        measures={},
        findings=(),
        stages=np.empty(0, np.int8),
        classes=(),
        sources=(),
        state=DAMAGED,
        created_at=row.created_at,
        expires_at=row.expires_at,
        demo=row.demo,
    )
