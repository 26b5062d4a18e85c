"""Kiosks: a display that a doctor pairs by a code; it shows a few fields of a few patients, each only while its doctor may read it."""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_server.store import nightcodec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note
from somnia_server.store.bound import mark_of, vouched
from somnia_server.store.codes import digest_code, make_code
from somnia_server.store.damaged import NAME, named, read_or
from somnia_server.store.house import house, now
from somnia_server.store.jobs import RUNNING, STALE_S
from somnia_server.store.reach import NIGHTS, alive_grant, shows_nights, works_here
from somnia_server.store.recordings import RECEIVING
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AuditRow, BedRow, GrantRow, JobRow, KioskRow, NightRow, UploadRow, session

FIELDS = ("stages", "night", "tst_min", "se_pct", "waso_min", "age_h", "score")
"""What a board may show besides the alias; nothing else ever leaves through it."""
CODE_SIGNS = 8
CODE_LASTS = timedelta(minutes=10)
TOKEN_BYTES = 32
SCOPE = "board"
MOST_BEDS = 30
NAME_CHARS = 60
STALE_H = 36.0
"""A night ends about every 24 h: data older than this are of no last night, and a display shows none of them as one."""
ARRIVES_FOR = timedelta(hours=12)
"""An upload that is older and still not whole was given up: it is not arriving now."""
NOTED_EVERY = timedelta(hours=1)
"""A display asks again and again: that it shows a night stands in the audit log once in this time."""


class KioskError(RefusalError):
    """A display cannot be set up so."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """A display that waits to be paired; `code` is shown this once, for ten minutes."""

    kiosk: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BedPlace:
    """A place on a display, as its doctor arranges it; `dark` while the patient does not share nights with the doctor."""

    patient: str
    alias: str
    position: int
    dark: bool


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A display as its doctor sees it."""

    id: str
    name: str
    fields: tuple[str, ...]
    beds: tuple[BedPlace, ...]
    created_at: datetime
    paired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bed:
    """A place as the display shows it: dark, or an alias and those of the fields that were chosen; None = not chosen or not measured.

    `age_h` counts from the end of the recording, and `stale_at` is when it becomes too old to be shown as a last night.
    """

    position: int
    dark: bool = False
    alias: str | None = None
    night: date | None = None
    stages: tuple[int, ...] | None = None
    classes: tuple[Stage, ...] | None = None
    tst_min: float | None = None
    se_pct: float | None = None
    waso_min: float | None = None
    age_h: float | None = None
    score: float | None = None
    stale_at: datetime | None = None
    damaged: bool = False
    arriving_at: datetime | None = None
    """Since when data of theirs come in at this moment; told with `age_h`."""
    analyzing: bool | None = None


def start_pairing(actor: Actor, name: str, *, fields: Sequence[str] = FIELDS) -> Pairing:
    """Make a display that waits for whoever types its code.

    Raises
    ------
    KioskError
        This is no doctor, the name is missing or too long, or a field may not be shown.
    """
    if actor.role is not Role.DOCTOR:
        raise KioskError(Text("Only a doctor pairs a display."))
    unknown = [field for field in fields if field not in FIELDS]
    if unknown or not fields:
        said = {"given": ", ".join(str(field)[:40] for field in unknown[:3]) or "-", "allowed": ", ".join(FIELDS)}
        raise KioskError(Text("A display does not show “{given}”. Choose from: {allowed}.", said))
    code, at = make_code(CODE_SIGNS), now()
    row = KioskRow(id=f"k-{secrets.token_hex(16)}", doctor=actor.id, code=_code(code), token=None, created_at=at, paired_at=None)
    row.fields, row.code_expires_at, row.revoked_at = ",".join(f for f in FIELDS if f in fields), at + CODE_LASTS, None
    row.sealed_name = _seal(_line(name), "kiosks.name", row.id, actor.id)
    session().add(row)
    note(actor, "start_pairing", subject=actor.id, thing=row.id)
    session().commit()
    return Pairing(row.id, code, row.code_expires_at)


def pair(code: str) -> str | None:
    """Use a code up and return the token of its display, shown this once; None when there is no such code, or it was used or is old.

    Who calls this counts the tries (`access.doors.try_door`): nobody is known yet.
    """
    waiting = KioskRow.code == _code(code), KioskRow.code_expires_at > now(), _alive()
    row = session().scalars(select(KioskRow).where(*waiting)).one_or_none()
    if row is None or not vouched(row):
        return None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kept = _token(token)
    using = update(KioskRow).where(*waiting).values(code=None, token=kept, paired_at=now(), mark=mark_of(row, token=kept))
    done: Any = session().execute(using.execution_options(synchronize_session=False))
    if not done.rowcount:
        session().rollback()
        return None
    note(Actor(row.id, Role.KIOSK), "pair_kiosk", subject=row.doctor, thing=row.id)
    session().commit()
    return token


def kiosk_actor(token: str) -> Actor | None:
    """Return who a display's token stands for; None when it is unknown or revoked, or its doctor no longer works here."""
    found = session().scalars(select(KioskRow).where(KioskRow.token == _token(token), _alive())).one_or_none()
    return None if found is None or not vouched(found) else Actor(found.id, Role.KIOSK, frozenset({SCOPE}))


def list_kiosks(actor: Actor) -> tuple[Kiosk, ...]:
    """Return a doctor's displays, the newest first, with who hangs on them."""
    rows = session().scalars(select(KioskRow).where(_mine(actor)).order_by(KioskRow.created_at.desc())).all()
    return tuple(_kiosk(row) for row in rows)


def add_bed(actor: Actor, kiosk_id: str, *, patient: str, alias: str) -> bool:
    """Hang a patient on a display, or give them another alias; False when it is not the actor's or the patient does not share nights.

    Raises
    ------
    KioskError
        The alias is missing or too long, or the display is full.
    """
    said, row = _line(alias), session().scalars(select(KioskRow).where(KioskRow.id == kiosk_id, _mine(actor))).one_or_none()
    shares = GrantRow.patient == patient, GrantRow.scope == NIGHTS, alive_grant(actor.id)
    if row is None or session().scalar(select(GrantRow.id).where(*shares).limit(1)) is None:
        return False
    bed = session().get(BedRow, (kiosk_id, patient))
    if bed is None:
        last, count = session().execute(select(func.max(BedRow.position), func.count()).where(BedRow.kiosk == kiosk_id)).one()
        if count >= MOST_BEDS:
            raise KioskError(Text("A display shows at most {most} places. Take one away first.", {"most": MOST_BEDS}))
        bed = BedRow(kiosk=kiosk_id, patient=patient, position=0 if last is None else last + 1)
        session().add(bed)
    bed.sealed_alias = _seal(said, "beds.alias", f"{kiosk_id} {patient}", patient)
    note(actor, "add_bed", subject=patient, thing=kiosk_id)
    session().commit()
    return True


def remove_bed(actor: Actor, kiosk_id: str, *, patient: str) -> bool:
    """Take a patient off a display; False when the display is not the actor's or does not show them."""
    row = session().scalars(select(KioskRow).where(KioskRow.id == kiosk_id, _mine(actor))).one_or_none()
    bed = None if row is None else session().get(BedRow, (kiosk_id, patient))
    if bed is None:
        return False
    session().delete(bed)
    note(actor, "remove_bed", subject=patient, thing=kiosk_id)
    session().commit()
    return True


def revoke_kiosk(actor: Actor, kiosk_id: str) -> bool:
    """End a display with effect on its next request: its doctor may, and an administrator; False when there is none."""
    may = KioskRow.revoked_at.is_(None) if actor.role is Role.ADMIN else _mine(actor)
    row = session().scalars(select(KioskRow).where(KioskRow.id == kiosk_id, may)).one_or_none()
    if row is None:
        return False
    row.revoked_at, row.code, row.token = now(), None, None
    note(actor, "revoke_kiosk", subject=row.doctor, thing=row.id)
    session().commit()
    return True


def board(actor: Actor) -> tuple[Bed, ...]:
    """Return what a display shows now: each place's newest night as far as the doctor may read it; nothing for anybody else."""
    if actor.role is not Role.KIOSK:
        return ()
    row = session().scalars(select(KioskRow).where(KioskRow.id == actor.id, _alive())).one_or_none()
    if row is None:
        return ()
    shown = tuple(row.fields.split(","))
    beds = session().scalars(select(BedRow).where(BedRow.kiosk == actor.id).order_by(BedRow.position)).all()
    return tuple(_bed(actor, bed, shown) for bed in beds)


def _bed(actor: Actor, bed: BedRow, shown: tuple[str, ...]) -> Bed:
    stays = or_(NightRow.expires_at.is_(None), NightRow.expires_at > now())
    newest = select(NightRow).where(NightRow.owner == bed.patient, shows_nights(actor), stays)
    row = session().scalars(newest.order_by(NightRow.night.desc(), NightRow.created_at.desc()).limit(1)).one_or_none()
    if row is None:
        return Bed(bed.position, dark=True)
    _note_shown(actor, row)
    alias = _open(bed.sealed_alias, "beds.alias", f"{bed.kiosk} {bed.patient}", bed.patient)
    opened = partial(house().vault.open_sealed, row.sealed_summary, table="nights.summary", row=row.id, owner=row.owner)
    sealed = read_or(opened, None, what=f"night {row.id}")
    if sealed is None or alias == t(NAME):  # hung there by nobody of ours
        return Bed(bed.position, alias=alias, damaged=True)
    summary = nightcodec.unpack_summary(sealed)
    ribbon, numbers = summary.ribbon, summary.statistics
    ended_at = row.created_at if summary.start is None else summary.start.astimezone(UTC) + timedelta(seconds=EPOCH_S * summary.n_epochs)
    values: dict[str, Any] = {
        "night": row.night,
        "stages": None if ribbon is None else tuple(nightcodec.stages_of(ribbon.stages).tolist()),
        "tst_min": _measured(numbers.tst_min),
        "se_pct": _measured(numbers.se_pct),
        "waso_min": _measured(numbers.waso_min),
        "age_h": max(0.0, (now() - ended_at).total_seconds() / 3600),
        "score": None if summary.score is None else _measured(summary.score.value),
    }
    classes = ribbon.classes if ribbon is not None and "stages" in shown else None
    chosen = {name: value for name, value in values.items() if name in shown}
    live: dict[str, Any] = _live(bed.patient) if "age_h" in shown else {}
    return Bed(bed.position, alias=alias, classes=classes, stale_at=ended_at + timedelta(hours=STALE_H), **chosen, **live)


def _live(patient: str) -> dict[str, Any]:
    """Return whether data of a patient come in now, since when, and whether any are being analyzed."""
    lately = (
        UploadRow.state == RECEIVING,
        UploadRow.created_at > now() - ARRIVES_FOR,
        UploadRow.expires_at > now(),
        UploadRow.demo.is_(None),
    )
    arriving = session().scalar(select(func.min(UploadRow.created_at)).where(UploadRow.owner == patient, *lately))
    beats = JobRow.owner == patient, JobRow.state == RUNNING, JobRow.heartbeat_at > now() - timedelta(seconds=STALE_S)
    return {"arriving_at": arriving, "analyzing": session().scalar(select(JobRow.id).where(*beats).limit(1)) is not None}


def _note_shown(actor: Actor, row: NightRow) -> None:
    lately = AuditRow.subject == row.owner, AuditRow.actor == actor.id, AuditRow.object == row.id, AuditRow.at > now() - NOTED_EVERY
    if session().scalar(select(AuditRow.seq).where(*lately).limit(1)) is None:
        note(actor, "show_board", subject=row.owner, thing=row.id)
        session().commit()


def _kiosk(row: KioskRow) -> Kiosk:
    shares = select(GrantRow.id).where(GrantRow.patient == BedRow.patient, GrantRow.scope == NIGHTS, alive_grant(row.doctor))
    rows = session().execute(select(BedRow, shares.exists()).where(BedRow.kiosk == row.id).order_by(BedRow.position))
    beds = tuple(
        BedPlace(bed.patient, _open(bed.sealed_alias, "beds.alias", f"{bed.kiosk} {bed.patient}", bed.patient), bed.position, not lit)
        for bed, lit in rows
    )
    return Kiosk(
        row.id, _open(row.sealed_name, "kiosks.name", row.id, row.doctor), tuple(row.fields.split(",")), beds, row.created_at, row.paired_at
    )


def _mine(actor: Actor) -> ColumnElement[bool]:
    doctor = actor.id if actor.role is Role.DOCTOR else ""
    return and_(KioskRow.doctor == doctor, KioskRow.revoked_at.is_(None))


def _alive() -> ColumnElement[bool]:
    return and_(KioskRow.revoked_at.is_(None), works_here(KioskRow.doctor))


def _line(given: str) -> str:
    said = " ".join(given.split())
    if not 1 <= len(said) <= NAME_CHARS:
        raise KioskError(Text("“{given}” is no name. Write 1 to {most} characters.", {"given": said[:NAME_CHARS], "most": NAME_CHARS}))
    return said


def _measured(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _code(code: str) -> str:
    return digest_code("kiosk code", code)


def _token(token: str) -> str:
    return house().vault.fingerprint("kiosk token", token)


def _seal(said: str, table: str, row: str, owner: str) -> bytes:
    return house().vault.seal(said.encode(), table=table, row=row, owner=owner)


def _open(sealed: bytes, table: str, row: str, owner: str) -> str:
    return named(lambda: house().vault.open_sealed(sealed, table=table, row=row, owner=owner).decode(), what=f"{table} {row}")
