"""What doctors say of a night: started, pending with who signs, signed; a later word is a new version beside what was signed."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from somnia_engine.text import Text
from somnia_engine.types.night import NightAnalysis
from somnia_server.store import nightcodec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import called
from somnia_server.store.audit import note, note_read
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.notices import NIGHT, tell_with_guardians
from somnia_server.store.reach import alive, changes, reads_nights
from somnia_server.store.refusals import RefusalError
from somnia_server.store.scorings import keep_version
from somnia_server.store.tables import InterpretationRow, NightRow, session
from somnia_server.store.webhooks import NIGHT_SIGNED, announce

STARTED, PENDING, SIGNED = "started", "pending", "signed"
TEXT_CHARS = 8000
TABLE = "interpretations"


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A version; `again` says that the night was analyzed anew after it was signed."""

    id: str
    night_id: str
    version: int
    state: str
    author: str
    name: str
    text: str
    changed_at: datetime
    signed_at: datetime | None
    scoring_id: str | None
    again: bool


def interpretations_of(actor: Actor, night_id: str) -> tuple[Interpretation, ...]:
    """Return all versions, newest first: whoever may read the night as a doctor sees all, the person and a guardian the signed ones."""
    night = _night(actor, night_id)
    if night is None:
        return ()
    seen = InterpretationRow.night_id == night_id, *_visible(actor)
    rows = session().scalars(select(InterpretationRow).where(*seen).order_by(InterpretationRow.version.desc()))
    return tuple(_interpretation(row, night) for row in rows)


def signed_of(actor: Actor, owner: str) -> dict[str, tuple[Interpretation, ...]]:
    """Return the signed versions of all of a person's nights that an actor may read, newest first, by the night's id."""
    query = select(InterpretationRow, NightRow).join(NightRow, NightRow.id == InterpretationRow.night_id)
    seen = NightRow.owner == owner, reads_nights(actor), alive(), InterpretationRow.state == SIGNED, *_visible(actor)
    found: dict[str, list[Interpretation]] = {}
    for row, night in session().execute(query.where(*seen).order_by(InterpretationRow.version.desc())).all():
        found.setdefault(night.id, []).append(_interpretation(row, night))
    return {night_id: tuple(versions) for night_id, versions in found.items()}


def begin(actor: Actor, night_id: str) -> None:
    """Note that a doctor began to read a night of somebody else, unless somebody has."""
    night = _night(actor, night_id)
    if night is None or actor.role is not Role.DOCTOR or night.owner == actor.id or _last(night_id) is not None:
        return
    _next(actor, night, 1)
    commit_first()


def write(actor: Actor, night_id: str, text: str, *, state: str = STARTED) -> bool:
    """Keep what a doctor writes; `state` PENDING hands it to who signs. What is signed gets a version beside it.

    Raises
    ------
    RefusalError
        The text is too long.
    """
    row = _open_version(actor, night_id, text)
    if row is None:
        return False
    row.state = PENDING if state == PENDING else row.state
    if state == PENDING:
        note(actor, "hand_over", subject=row.patient, thing=night_id)
    commit_first()
    return True


def sign(actor: Actor, night_id: str, text: str) -> bool:
    """Sign what a doctor says of a night, with their scoring and the night as both stand; the person is told.

    Raises
    ------
    RefusalError
        The text is too long, or somebody else signed at this moment.
    """
    row = _open_version(actor, night_id, text)
    if row is None:
        return False
    night = session().get_one(NightRow, night_id, options=[undefer(NightRow.sealed_series)], populate_existing=True)
    row.state, row.signed_at, row.analyzed_at, row.scoring_id = SIGNED, now(), night.created_at, keep_version(actor, night_id)
    blobs = {name: _unsealed(night, name) for name in ("summary", "series")}
    row.sealed_summary, row.sealed_series = (_seal(row, name, blob) for name, blob in blobs.items())
    note(actor, "sign_night", subject=row.patient, thing=night_id)
    announce(NIGHT_SIGNED, row.patient, night_id)
    tell_with_guardians(
        row.patient,
        NIGHT,
        Text("{doctor} has signed what they say of a night of yours. See it on the night’s page.", {"doctor": called(actor.id)}),
    )
    commit_first()
    return True


def signed_night(actor: Actor, night_id: str, version: int) -> NightAnalysis | None:
    """Return a night as it was when a version was signed; None when there is none that the actor may read."""
    night = _night(actor, night_id)
    query = select(InterpretationRow).where(InterpretationRow.night_id == night_id, InterpretationRow.version == version, *_visible(actor))
    columns = undefer(InterpretationRow.sealed_summary), undefer(InterpretationRow.sealed_series)
    row = session().scalars(query.options(*columns)).one_or_none()
    if night is None or row is None or row.sealed_summary is None or row.sealed_series is None:
        return None
    found = nightcodec.unpack_night(_opened(row, row.sealed_summary, "summary"), _opened(row, row.sealed_series, "series"))
    note_read(actor, "read_night", subject=row.patient, thing=night_id)
    return found


def _visible(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return () if actor.role is Role.DOCTOR else (InterpretationRow.state == SIGNED, changes(actor, InterpretationRow.patient))


def _open_version(actor: Actor, night_id: str, text: str) -> InterpretationRow | None:
    """Return the version that is being written, made where the last one is signed; None when the night is not a patient's of theirs."""
    if len(text) > TEXT_CHARS:
        raise RefusalError(Text("The text has {given} characters. Write at most {most}.", {"given": len(text), "most": TEXT_CHARS}))
    night = _night(actor, night_id) if actor.role is Role.DOCTOR else None
    if night is None or night.owner == actor.id:
        return None
    row = _last(night_id)
    if row is None or row.state == SIGNED:
        row = _next(actor, night, 1 if row is None else row.version + 1)
    row.author, row.changed_at = actor.id, now()
    row.sealed_text = _seal(row, "text", text.encode())
    return row


def _next(actor: Actor, night: NightRow, version: int) -> InterpretationRow:
    at = now()
    row = InterpretationRow(
        id=secrets.token_hex(16), night_id=night.id, patient=night.owner, version=version, state=STARTED, author=actor.id
    )
    row.created_at = row.changed_at = at
    row.analyzed_at, row.signed_at, row.scoring_id = night.created_at, None, None
    row.sealed_text = _seal(row, "text", b"")
    session().add(row)
    return row


def commit_first() -> None:
    """Commit what must be the next version of its night; raises RefusalError when somebody else was first."""
    try:
        session().commit()
    except IntegrityError:
        session().rollback()
        raise RefusalError(Text("Somebody else writes about this night at this moment. Reload this page.")) from None


def _night(actor: Actor, night_id: str) -> NightRow | None:
    return session().scalars(select(NightRow).where(NightRow.id == night_id, reads_nights(actor), alive())).one_or_none()


def _last(night_id: str) -> InterpretationRow | None:
    query = select(InterpretationRow).where(InterpretationRow.night_id == night_id)
    return session().scalars(query.order_by(InterpretationRow.version.desc()).limit(1)).first()


def _unsealed(night: NightRow, name: str) -> bytes:
    sealed: bytes = getattr(night, f"sealed_{name}")
    return house().vault.open_sealed(sealed, table=f"nights.{name}", row=night.id, owner=night.owner)


def _seal(row: InterpretationRow, name: str, plain: bytes) -> bytes:
    return house().vault.seal(plain, table=f"{TABLE}.{name}", row=row.id, owner=row.patient)


def _opened(row: InterpretationRow, sealed: bytes, name: str) -> bytes:
    return house().vault.open_sealed(sealed, table=f"{TABLE}.{name}", row=row.id, owner=row.patient)


def _interpretation(row: InterpretationRow, night: NightRow) -> Interpretation:
    text = read_or(partial(_text, row), str(SENTENCE), what=f"interpretation {row.id}")
    again = row.state == SIGNED and row.analyzed_at < night.created_at
    return Interpretation(
        row.id, night.id, row.version, row.state, row.author, called(row.author), text, row.changed_at, row.signed_at, row.scoring_id, again
    )  # fmt: skip


def _text(row: InterpretationRow) -> str:
    return _opened(row, row.sealed_text, "text").decode()
