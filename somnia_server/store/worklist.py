"""A doctor's worklist: every patient who shares now, with the newest night that is open, what waits, and what is under way."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import undefer

from somnia_server.store import grants
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note_list
from somnia_server.store.damaged import DAMAGED
from somnia_server.store.faces import NOTHING, Face, open_face
from somnia_server.store.house import now
from somnia_server.store.keys import stored_keys
from somnia_server.store.reach import handles, reads_nights
from somnia_server.store.tables import InterpretationRow, JobRow, NightRow, UploadRow, session

NEW, STARTED, PENDING, SIGNED, RESIGN = "new", "started", "pending", "signed", "resign"
"""How far a night is read: nobody began, begun, handed to who signs, signed, and to be signed again as it was analyzed anew since."""
RECORDING, PROCESSING, REVIEW, SHORT, INCOMPLETE, DEMO, NONE = (
    "recording", "processing", "review", "short", "incomplete", "demo", "none",
)  # fmt: skip
"""States of a patient's newest night; `recording`: its files are still arriving; `none`: no night is open."""
SHORT_MIN = 240.0
"""A night in bed of less than this is short [min]; four hours is what clinics ask of a home test."""
NOTED_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Row:
    """A patient in the worklist; `night` and what follows from it is of the newest night that is open to the doctor."""

    patient: str
    name: str | None
    night_id: str | None = None
    night: date | None = None
    analyzed_at: datetime | None = None
    state: str = NONE
    reading: str = NEW
    face: Face = NOTHING
    nights: int = 0
    new: int = 0
    unsigned: int = 0
    demo: bool = False
    under_way: tuple[str, ...] = field(default_factory=tuple)
    may_upload: bool = False


def worklist(actor: Actor) -> tuple[Row, ...]:
    """Return the patients who share with a doctor now, those with the newest night first; nobody for anybody else.

    That the doctor saw them in the list is put on each patient's record once a day.
    """
    if actor.role is not Role.DOCTOR:
        return ()
    patients = grants.patients_of(actor)
    sharing, bring = {one.id: one.name for one in patients}, {one.id for one in patients if one.may_upload}
    counts, newest, ways = _counts(actor, sharing), _newest(actor, sharing), _under_way(actor)
    stored_keys().of_many([row.owner for row, _ in newest])
    found = {row.owner: _row(row, reading, sharing[row.owner], counts[row.owner], ways) for row, reading in newest}
    rows = [replace(found.get(patient) or _without(patient, name, ways), may_upload=patient in bring) for patient, name in sharing.items()]
    note_list(actor, "worklist", list(found), every=NOTED_EVERY)
    return tuple(sorted(rows, key=lambda row: (row.night is not None, row.night or date.min), reverse=True))


def _reading() -> Any:
    """Return how far a night is read, from its newest interpretation: a night analyzed after it was signed is to be signed again."""
    again = and_(InterpretationRow.state == SIGNED, InterpretationRow.analyzed_at < NightRow.created_at)
    return case((InterpretationRow.state.is_(None), NEW), (again, RESIGN), else_=InterpretationRow.state)


def _with_reading(query: Any) -> Any:
    """Join each night's newest interpretation, if there is one."""
    later = InterpretationRow.__table__.alias("later")
    last = select(func.max(later.c.version)).where(later.c.night_id == NightRow.id).scalar_subquery()
    return query.outerjoin(InterpretationRow, and_(InterpretationRow.night_id == NightRow.id, InterpretationRow.version == last))


def _open(actor: Actor, patients: dict[str, str | None]) -> tuple[Any, ...]:
    alive = or_(NightRow.expires_at.is_(None), NightRow.expires_at > now())
    return NightRow.owner.in_(list(patients)), reads_nights(actor), alive


def _counts(actor: Actor, patients: dict[str, str | None]) -> dict[str, tuple[int, int, int]]:
    """Return by patient how many nights are open, how many of them nobody began, and how many are not signed."""
    reading = _reading()
    new, unsigned = func.sum(case((reading == NEW, 1), else_=0)), func.sum(case((reading != SIGNED, 1), else_=0))
    query = _with_reading(select(NightRow.owner, func.count(), new, unsigned)).where(*_open(actor, patients)).group_by(NightRow.owner)
    return {owner: (int(nights), int(fresh), int(open_)) for owner, nights, fresh, open_ in session().execute(query)}


def _newest(actor: Actor, patients: dict[str, str | None]) -> list[tuple[NightRow, str]]:
    place = func.row_number().over(partition_by=NightRow.owner, order_by=(NightRow.night.desc(), NightRow.created_at.desc()))
    ranked = select(NightRow.id, place.label("place")).where(*_open(actor, patients)).subquery()
    query = select(NightRow, _reading()).join(ranked, and_(ranked.c.id == NightRow.id, ranked.c.place == 1))
    rows = session().execute(_with_reading(query).options(undefer(NightRow.sealed_face))).all()
    return [(row, reading) for row, reading in rows]


def _under_way(actor: Actor) -> dict[str, tuple[str, ...]]:
    """Return by patient what this doctor brought that is not a night yet: files that arrive, analyses that run or failed lately."""
    lately = or_(JobRow.state.in_(("queued", "running")), and_(JobRow.state == "failed", JobRow.finished_at > now() - NOTED_EVERY))
    jobs = session().execute(select(JobRow.owner, JobRow.state).where(handles(actor, JobRow), lately)).all()
    files = session().execute(select(UploadRow.owner).where(handles(actor, UploadRow), UploadRow.state == "receiving")).all()
    found: dict[str, list[str]] = {}
    for owner, state in jobs:
        found.setdefault(owner, []).append(INCOMPLETE if state == "failed" else PROCESSING)
    for (owner,) in files:
        found.setdefault(owner, []).append(RECORDING)
    return {owner: tuple(dict.fromkeys(states)) for owner, states in found.items()}


def _row(row: NightRow, reading: str, name: str | None, counts: tuple[int, int, int], ways: dict[str, tuple[str, ...]]) -> Row:
    face, here = open_face(row), ways.get(row.owner, ())
    nights, new, unsigned = counts
    state = here[0] if here else _state(row, face)
    return Row(
        row.owner, name, row.id, row.night, row.created_at, state, reading, face or NOTHING, nights, new, unsigned, row.demo, here
    )  # fmt: skip


def _without(patient: str, name: str | None, ways: dict[str, tuple[str, ...]]) -> Row:
    here = ways.get(patient, ())
    return Row(patient, name, state=here[0] if here else NONE, under_way=here)


def _state(row: NightRow, face: Face | None) -> str:
    if face is None:
        return DAMAGED
    if row.demo:
        return DEMO
    if not face.staged:
        return INCOMPLETE
    return SHORT if face.tib_min is not None and face.tib_min < SHORT_MIN else REVIEW
