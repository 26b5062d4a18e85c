"""Lights off and on as a person says them: each edit a sealed version beside the night, which itself stays as it was recorded."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select

from somnia_engine.text import Text
from somnia_engine.types.night import Lights
from somnia_server.store import codec
from somnia_server.store.actors import Actor
from somnia_server.store.addresses import called
from somnia_server.store.audit import note
from somnia_server.store.damaged import read_or
from somnia_server.store.house import house, now
from somnia_server.store.interpretations import commit_first
from somnia_server.store.reach import alive, changes, reads_nights
from somnia_server.store.refusals import RefusalError
from somnia_server.store.scorings import LIGHTS, Marks, check_lights, epochs_of, next_version
from somnia_server.store.tables import NightRow, ScoringRow, session

TABLE = "scorings.marks"
MOST_EDITS = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: lights off and on in night seconds, whose it is (account and name), and when it was made."""

    off_s: float
    on_s: float
    author: str
    name: str
    at: datetime


def edits_of(actor: Actor, night_id: str) -> tuple[Edit, ...]:
    """Return the edits of a night that the actor may read, the newest (which counts) first; damaged ones are left out."""
    night = session().scalars(select(NightRow.id).where(NightRow.id == night_id, reads_nights(actor), alive())).one_or_none()
    rows = () if night is None else _rows(night_id)
    found = (read_or(partial(_edit, row), None, what=f"lights {row.id}") for row in rows)
    return tuple(edit for edit in found if edit is not None)


def edit_lights(actor: Actor, night_id: str, off_s: float, on_s: float) -> bool:
    """Keep when lights went off and on [s of the night] as a new version; False when the night is not the actor's to change.

    Raises
    ------
    RefusalError
        The times do not fit the night, or it was edited too often; `text` says what is allowed.
    """
    night = _own(actor, night_id)
    if night is None:
        return False
    marks = Marks("", off_s=off_s, on_s=on_s)
    check_lights(marks, 30.0 * epochs_of(night))
    if len(_rows(night_id)) >= MOST_EDITS:
        raise RefusalError(Text("Lights of a night are changed at most {most} times. Undo some.", {"most": MOST_EDITS}))
    at = now()
    row = ScoringRow(id=secrets.token_hex(16), night_id=night.id, patient=night.owner, author=actor.id, state=LIGHTS)
    row.version, row.created_at, row.changed_at = next_version(actor, night_id), at, at
    row.sealed_marks = house().vault.seal(codec.dumps(marks), table=TABLE, row=row.id, owner=row.patient)
    session().add(row)
    note(actor, "edit_lights", subject=night.owner, thing=night.id)
    commit_first()
    return True


def undo_lights(actor: Actor, night_id: str) -> bool:
    """Take the newest edit back; False when there is none that the actor may change."""
    night = _own(actor, night_id)
    rows = [] if night is None else _rows(night_id)
    if night is None or not rows:
        return False
    session().delete(rows[0])
    note(actor, "undo_lights", subject=night.owner, thing=night.id)
    session().commit()
    return True


def lights_of(edit: Edit) -> Lights:
    """Return an edit as lights that a person marked."""
    return Lights(edit.off_s, edit.on_s, off_marked=True, on_marked=True)


def _own(actor: Actor, night_id: str) -> NightRow | None:
    query = select(NightRow).where(NightRow.id == night_id, changes(actor, NightRow.owner), alive())
    return session().scalars(query).one_or_none()


def _rows(night_id: str) -> list[ScoringRow]:
    query = select(ScoringRow).where(ScoringRow.night_id == night_id, ScoringRow.state == LIGHTS)
    return list(session().scalars(query.order_by(ScoringRow.changed_at.desc(), ScoringRow.version.desc())))


def _edit(row: ScoringRow) -> Edit:
    marks = codec.loads(Marks, house().vault.open_sealed(row.sealed_marks, table=TABLE, row=row.id, owner=row.patient))
    off, on = marks.off_s, marks.on_s
    return Edit(float("nan") if off is None else off, float("nan") if on is None else on, row.author, called(row.author), row.changed_at)
