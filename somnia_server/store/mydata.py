"""What is on record of one person besides nights and files, as plain values for an export: everything but secrets."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select

from somnia_engine.text import t
from somnia_server.store import answers, audit, persons, remarks
from somnia_server.store.actors import Actor
from somnia_server.store.clinicdata import clinic_part
from somnia_server.store.notices import said_in
from somnia_server.store.sharing_requests import requests_to
from somnia_server.store.tables import (
    Base,
    BedRow,
    ConsentRow,
    GrantRow,
    GuardianRow,
    InvitationRow,
    NoticeRow,
    PasskeyRow,
    SessionRow,
    UserRow,
    session,
)
from somnia_server.store.webhooks import webhooks_of

Plain = dict[str, Any]
ALL = 10_000_000
SECRET = frozenset({"code", "password", "fs_uniquifier", "mark", "token"})
"""Columns that open doors; sealed ones are opened where they say something to the person."""


def parts(actor: Actor, owner: str) -> dict[str, Callable[[], Any]]:
    """Return what makes each JSON file of an export, by its name; the caller has asked whether the actor may have it."""
    return {
        "account": lambda: _account(owner),
        "profile": lambda: persons.plain_part(owner, "profile"),
        "history": lambda: persons.plain_part(owner, "history"),
        "settings": lambda: persons.plain_part(owner, "settings"),
        "consents": lambda: _rows(ConsentRow, ConsentRow.owner == owner),
        "sharing": lambda: _sharing(actor, owner),
        "clinic": lambda: clinic_part(owner),
        "notices": lambda: [
            _notice(row)
            for row in session().scalars(select(NoticeRow).where(NoticeRow.owner == owner).order_by(NoticeRow.created_at, NoticeRow.id))
        ],
        "remarks": lambda: [{"night": one.night.isoformat(), **asdict(one.remark)} for one in remarks.remarks_of(owner)],
        "answers": lambda: [_jsonable(asdict(one) | {"choices": list(one.choices)}) for one in answers.answers_of(owner)],
        "audit": lambda: [_jsonable(asdict(entry)) for entry in audit.entries_about(actor, owner, most=ALL)],
    }


def _account(owner: str) -> Plain | None:
    row = session().get(UserRow, owner)
    if row is None:
        return None
    keys = (
        select(PasskeyRow.name, PasskeyRow.create_datetime, PasskeyRow.lastuse_datetime)
        .where(PasskeyRow.user_id == owner)
        .order_by(PasskeyRow.create_datetime)
    )
    seen = (
        select(SessionRow.created_at, SessionRow.seen_at, SessionRow.ended_at)
        .where(SessionRow.user_id == owner)
        .order_by(SessionRow.created_at)
    )
    account = {
        "id": row.id,
        "email": row.email,
        "roles": [role.name for role in row.roles],
        "created_at": row.created_at,
        "confirmed_at": row.confirmed_at,
        "second_factor": row.tf_primary_method,
        "phone_number": row.tf_phone_number,
        "identity_provider_subject": row.oidc_subject,
        "passkeys": [{"name": name, "created_at": made, "used_at": used} for name, made, used in session().execute(keys)],
        "sessions": [{"created_at": made, "seen_at": last, "ended_at": ended} for made, last, ended in session().execute(seen)],
        "webhooks": [asdict(one) | {"events": list(one.events)} for one in webhooks_of(Actor.owner(owner))],
    }
    found: Plain = _jsonable(account)
    return found


def _sharing(actor: Actor, owner: str) -> Plain:
    """Return who may see this person's nights, who asked or was invited, who acts for them, and for whom they act."""
    grants = _rows(GrantRow, or_(GrantRow.patient == owner, GrantRow.doctor == owner))
    names = persons.names_of_doctors(actor, [grant["doctor"] for grant in grants])
    return {
        "grants": [grant | {"doctor_name": names.get(grant["doctor"])} for grant in grants],
        "invitations": _rows(InvitationRow, InvitationRow.patient == owner),
        "requests": [_jsonable(asdict(request)) for request in requests_to(actor, owner)],
        "guardians": _rows(GuardianRow, GuardianRow.minor == owner),
        "wards": _rows(GuardianRow, and_(GuardianRow.guardian == owner, GuardianRow.verified_at.is_not(None))),
        "kiosks": list(session().scalars(select(BedRow.kiosk).where(BedRow.patient == owner).order_by(BedRow.kiosk))),
    }


def _notice(row: NoticeRow) -> Plain:
    found: Plain = _jsonable({"kind": row.kind, "text": t(said_in(row)), "created_at": row.created_at, "read_at": row.read_at})
    return found


def _rows(table: type[Base], which: Any) -> list[Plain]:
    """Return the rows of a table, in a lasting order, without what is sealed or secret."""
    shown = [column.key for column in table.__mapper__.columns if not column.key.startswith("sealed_") and column.key not in SECRET]
    rows = session().scalars(select(table).where(which).order_by(*table.__mapper__.primary_key))
    return [_jsonable({name: getattr(row, name) for name in shown}) for row in rows]


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _jsonable(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_jsonable(v) for v in value]
    return value.isoformat() if isinstance(value, datetime | date) else value
