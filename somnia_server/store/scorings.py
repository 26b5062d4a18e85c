"""People's scorings of a night, beside the automatic one: a draft that changes, and versions that stay as they were signed."""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_server.store import codec, nightcodec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import called
from somnia_server.store.audit import note
from somnia_server.store.damaged import DAMAGED, read_or
from somnia_server.store.house import house, now
from somnia_server.store.reach import alive, reads_nights
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import NightRow, ScoringRow, session

DRAFT, KEPT, LIGHTS = "draft", "kept", "lights"
"""LIGHTS: only the lights of a night, as its person says them (`store/lights.py`); no scorer's work."""
MOST_EVENTS, MOST_COMMENTS, COMMENT_CHARS = 20_000, 500, 1000
DIGITS = frozenset("012345")
"""Unscored, W, N1, N2, N3, R: what a person scores, one digit an epoch as `nightcodec.Staging` writes them."""
MACHINE_DIGITS = DIGITS | frozenset("6789")


@dataclass(frozen=True, slots=True)
class Mark:
    """An event as a person marked it, in night seconds."""

    kind: EventKind
    onset_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person says about a moment of the night [s]."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Marks:
    """A whole scoring: stages in digits, events, comments, lights off and on [s] where they were moved (None: as they were)."""

    stages: str
    events: tuple[Mark, ...] = ()
    comments: tuple[Comment, ...] = ()
    off_s: float | None = None
    on_s: float | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """A version of somebody's scoring; one that was changed on the disk has no marks and is in the state DAMAGED."""

    id: str
    author: str
    name: str
    version: int
    state: str
    changed_at: datetime
    marks: Marks


def scorings_of(actor: Actor, night_id: str) -> tuple[Scoring, ...]:
    """Return the newest version of everybody who scored a night that a doctor may read, the actor's own first; nothing for others."""
    if actor.role is not Role.DOCTOR or _night(actor, night_id) is None:
        return ()
    query = select(ScoringRow).where(ScoringRow.night_id == night_id, ScoringRow.state != LIGHTS).order_by(ScoringRow.version)
    newest = {row.author: row for row in session().scalars(query)}
    return tuple(sorted((_scoring(row) for row in newest.values()), key=lambda one: (one.author != actor.id, one.author)))


def save_draft(actor: Actor, night_id: str, marks: Marks) -> Scoring | None:
    """Keep a doctor's scoring as it stands; a version that was kept gets a new one beside it. None when the night is not theirs to read.

    Raises
    ------
    RefusalError
        The scoring does not fit the night; `text` says where.
    """
    night = _night(actor, night_id) if actor.role is Role.DOCTOR else None
    if night is None:
        return None
    _check(marks, epochs_of(night))
    row = session().scalars(_newest(actor, night_id)).first()
    if row is None or row.state == KEPT:
        row = _next(actor, night)
    row.changed_at = now()
    row.sealed_marks = house().vault.seal(codec.dumps(marks), table="scorings.marks", row=row.id, owner=row.patient)
    try:
        session().commit()
    except IntegrityError:  # the same doctor in two windows: the other was first
        session().rollback()
        raise RefusalError(Text("This night is being scored in another window. Reload this page.")) from None
    return _scoring(row)


def keep_version(actor: Actor, night_id: str) -> str | None:
    """Keep the actor's draft as a version that no longer changes, within the caller's transaction; return its id, None without one."""
    row = session().scalars(_newest(actor, night_id)).first()
    if row is not None:
        row.state = KEPT
    return None if row is None else row.id


def _newest(actor: Actor, night_id: str):  # type: ignore[no-untyped-def]
    mine = ScoringRow.night_id == night_id, ScoringRow.author == actor.id, ScoringRow.state != LIGHTS
    return select(ScoringRow).where(*mine).order_by(ScoringRow.version.desc()).limit(1)


def next_version(actor: Actor, night_id: str) -> int:
    """Return the number of the actor's next version of a night."""
    mine = ScoringRow.night_id == night_id, ScoringRow.author == actor.id
    return (session().scalar(select(func.max(ScoringRow.version)).where(*mine)) or 0) + 1


def _next(actor: Actor, night: NightRow) -> ScoringRow:
    at, version = now(), next_version(actor, night.id)
    row = ScoringRow(id=secrets.token_hex(16), night_id=night.id, patient=night.owner, author=actor.id, version=version, state=DRAFT)
    row.created_at = row.changed_at = at
    session().add(row)
    note(actor, "score_night", subject=night.owner, thing=night.id)
    return row


def _night(actor: Actor, night_id: str) -> NightRow | None:
    return session().scalars(select(NightRow).where(NightRow.id == night_id, reads_nights(actor), alive())).one_or_none()


def epochs_of(night: NightRow) -> int:
    """Return how many epochs a night has."""
    sealed = house().vault.open_sealed(night.sealed_summary, table="nights.summary", row=night.id, owner=night.owner)
    return nightcodec.unpack_summary(sealed).n_epochs


def _check(marks: Marks, n: int) -> None:
    if len(marks.stages) != n or not set(marks.stages) <= MACHINE_DIGITS:
        raise RefusalError(
            Text("The scoring has {given} stages; this night has {n} epochs. Reload this page.", {"given": len(marks.stages), "n": n})
        )
    if len(marks.events) > MOST_EVENTS or len(marks.comments) > MOST_COMMENTS:
        said = {"events": MOST_EVENTS, "comments": MOST_COMMENTS}
        raise RefusalError(Text("A scoring holds at most {events} events and {comments} comments.", said))
    end = 30.0 * n
    times = [(e.onset_s, e.duration_s) for e in marks.events] + [(c.at_s, 0.0) for c in marks.comments]
    if not all(math.isfinite(at) and math.isfinite(length) and 0 <= at <= end and 0 <= length <= end for at, length in times):
        raise RefusalError(Text("An event or a comment lies outside the night."))
    if any(len(c.text) > COMMENT_CHARS for c in marks.comments):
        raise RefusalError(Text("A comment has at most {most} characters.", {"most": COMMENT_CHARS}))
    check_lights(marks, end)


def check_lights(marks: Marks, end: float) -> None:
    """Refuse lights that do not go off before they go on, both within the night (`end` in s)."""
    off, on = 0.0 if marks.off_s is None else marks.off_s, end if marks.on_s is None else marks.on_s
    if not 0 <= off < on <= end:
        raise RefusalError(Text("Lights go off before they go on, both within the night. Move one of them."))


def _scoring(row: ScoringRow) -> Scoring:
    marks = read_or(partial(_marks, row), None, what=f"scoring {row.id}")
    state = DAMAGED if marks is None else row.state
    return Scoring(row.id, row.author, called(row.author), row.version, state, row.changed_at, marks or Marks(""))


def _marks(row: ScoringRow) -> Marks:
    return codec.loads(Marks, house().vault.open_sealed(row.sealed_marks, table="scorings.marks", row=row.id, owner=row.patient))
