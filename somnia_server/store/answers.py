"""What people answered to questionnaires: dated, sealed, theirs; detectors read them when a night is analyzed."""

import secrets
from collections.abc import Iterable
from functools import partial

from sqlalchemy import select

from somnia_engine.questionnaires import score
from somnia_engine.text import Text
from somnia_engine.types.questionnaires import Answered
from somnia_server.store import codec
from somnia_server.store.actors import Actor
from somnia_server.store.audit import note_read
from somnia_server.store.damaged import DAMAGED, read_or
from somnia_server.store.house import house, now
from somnia_server.store.people import note_visitor
from somnia_server.store.reach import acts_for, changes
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AnswerRow, session

TABLE = "answers.answers"
MOST = 500
"""Answered questionnaires of one person; more are refused."""


class AnswerError(RefusalError):
    """Answers that cannot be kept; `text` says why."""


def load_answers(actor: Actor, subject: str | None = None) -> tuple[Answered, ...]:
    """Return what a person answered (the actor's own by default), in order of time; nothing where it is not theirs to see."""
    owner = subject or actor.id
    query = select(AnswerRow).where(AnswerRow.owner == owner, changes(actor, AnswerRow.owner))
    found = _opened(session().scalars(query.order_by(AnswerRow.day, AnswerRow.changed_at)))
    if found:
        note_read(actor, "read_answers", subject=owner)
    return found


def answers_of(owner: str) -> tuple[Answered, ...]:
    """Return what an owner answered, for the analysis of their nights and their copy; the caller has asked who may."""
    rows = session().scalars(select(AnswerRow).where(AnswerRow.owner == owner).order_by(AnswerRow.day, AnswerRow.changed_at))
    return _opened(rows)


def save_answers(actor: Actor, answered: Answered, *, subject: str | None = None) -> bool:
    """Keep the answers of a day, in place of those of the same day; False when they are not the actor's to change.

    Raises
    ------
    AnswerError
        An answer is missing or is none of the choices, or the day is in the future.
    """
    owner = subject or actor.id
    checked = checked_answers(answered)
    if not acts_for(actor, owner):
        return False
    put_answers(owner, checked)
    session().commit()
    return True


def put_answers(owner: str, answered: Answered) -> None:
    """Keep checked answers, within the caller's transaction."""
    note_visitor(owner)
    rows = session().scalars(select(AnswerRow).where(AnswerRow.owner == owner)).all()
    if len(rows) >= MOST:
        raise AnswerError(Text("{n} answered questionnaires are kept already; no more fit.", {"n": len(rows)}))
    same = [row for row in rows if row.day == answered.day and _read(row).key == answered.key]
    row = same[0] if same else AnswerRow(id=secrets.token_hex(16), owner=owner, day=answered.day)
    if not same:
        session().add(row)
    row.changed_at = now()
    row.sealed_answers = house().vault.seal(codec.dumps(answered), table=TABLE, row=row.id, owner=owner)


def checked_answers(answered: Answered) -> Answered:
    """Return answers as they are kept; AnswerError as `save_answers`."""
    try:
        score(answered)
    except ValueError:
        raise AnswerError(Text("An answer is missing. Choose one for every question.")) from None
    if answered.day > now().date():
        raise AnswerError(Text("{day} is in the future. Answers are of today or before.", {"day": answered.day.isoformat()}))
    return answered


def _opened(rows: Iterable[AnswerRow]) -> tuple[Answered, ...]:
    return tuple(map(_read, rows))


def _read(row: AnswerRow) -> Answered:
    """Return what a row holds; where it was changed on the disk its day, under a key that no questionnaire has."""
    return read_or(partial(_open, row), Answered(DAMAGED, row.day, ()), what=f"answers {row.id}")


def _open(row: AnswerRow) -> Answered:
    return codec.loads(Answered, house().vault.open_sealed(row.sealed_answers, table=TABLE, row=row.id, owner=row.owner))
