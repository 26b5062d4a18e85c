"""What a clinic says on its displays: a few words with a last day, written by an administrator, for everybody in the room to read."""

import json
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlalchemy import func, select

from somnia_engine.text import Text, t
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import ClinicNoteRow, session

MOST_CHARS = 200
MOST_NOTES = 3
"""A display shows them in turn: of more, each would be seen too seldom."""
LONGEST = timedelta(days=366)
HOUSE = "house:clinic"


@dataclass(frozen=True, slots=True)
class ClinicNote:
    """Words for the displays; `last_day` is the last on which they are shown (UTC)."""

    id: str
    text: str
    last_day: date


def write(actor: Actor, text: str, *, last_day: date) -> str:
    """Keep words for every display of the house until a day has ended, and return their id.

    Raises
    ------
    RefusalError
        The actor is no administrator, the words are missing or too long, the day is past or too far, or there are enough already.
    """
    _administers(actor)
    said, today = " ".join(text.split()), now().date()
    if not 0 < len(said) <= MOST_CHARS:
        raise RefusalError(Text("A message has 1 to {most} characters; this one has {n}.", {"most": MOST_CHARS, "n": len(said)}))
    if not today <= last_day <= today + LONGEST:
        raise RefusalError(Text("The last day of a message is today or a day of the next year."))
    alive = select(func.count()).select_from(ClinicNoteRow).where(ClinicNoteRow.last_day >= today)
    if (session().scalar(alive) or 0) >= MOST_NOTES:
        raise RefusalError(Text("A display shows at most {most} messages. Remove one first.", {"most": MOST_NOTES}))
    row = ClinicNoteRow(id=secrets.token_hex(16), written_by=actor.id, written_at=now(), last_day=last_day)
    row.sealed_text = house().vault.seal(json.dumps(said).encode(), table="clinic_notes.text", row=row.id, owner=HOUSE)
    session().add(row)
    note(actor, "write_clinic_note", subject=HOUSE, thing=row.id)
    session().commit()
    return row.id


def notes_now(actor: Actor) -> tuple[ClinicNote, ...]:
    """Return what is shown today, the oldest first: to displays and to administrators; nothing to anybody else."""
    if actor.role not in (Role.KIOSK, Role.ADMIN):
        return ()
    alive = select(ClinicNoteRow).where(ClinicNoteRow.last_day >= now().date())
    return tuple(_note(row) for row in session().scalars(alive.order_by(ClinicNoteRow.written_at, ClinicNoteRow.id)))


def remove(actor: Actor, note_id: str) -> bool:
    """Take words off the displays; False when there are none of this id."""
    _administers(actor)
    row = session().get(ClinicNoteRow, note_id)
    if row is None:
        return False
    session().delete(row)
    note(actor, "remove_clinic_note", subject=HOUSE, thing=note_id)
    session().commit()
    return True


def _note(row: ClinicNoteRow) -> ClinicNote:
    opened = partial(house().vault.open_sealed, row.sealed_text, table="clinic_notes.text", row=row.id, owner=HOUSE)
    return ClinicNote(row.id, read_or(lambda: str(json.loads(opened())), t(SENTENCE), what=f"clinic note {row.id}"), row.last_day)


def _administers(actor: Actor) -> None:
    if actor.role is not Role.ADMIN:
        raise RefusalError(Text("Only an administrator writes messages for the displays."))
