"""Filters of the worklist that a doctor saved, sealed: they may hold a name."""

import json
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select

from somnia_engine.text import Text, t
from somnia_server.store.actors import Actor, Role
from somnia_server.store.damaged import NAME, read_or
from somnia_server.store.house import house, now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import FilterRow, session

MOST, NAME_CHARS, MODEL_CHARS = 20, 40, 4000


@dataclass(frozen=True, slots=True)
class Filter:
    """A saved filter: its name, and what the grid is to be told."""

    id: str
    name: str
    model: dict[str, Any]


def list_filters(actor: Actor) -> tuple[Filter, ...]:
    """Return a doctor's filters, oldest first."""
    rows = session().scalars(select(FilterRow).where(_mine(actor)).order_by(FilterRow.created_at, FilterRow.id))
    return tuple(read_or(partial(_open, row), Filter(row.id, t(NAME), {}), what=f"filter {row.id}") for row in rows)


def find_filter(actor: Actor, filter_id: str) -> Filter | None:
    """Return one filter of a doctor's own."""
    return next((found for found in list_filters(actor) if found.id == filter_id), None)


def keep_filter(actor: Actor, name: str, *, model: Any) -> str:
    """Keep a filter and return its id.

    Raises
    ------
    RefusalError
        It has no name, nothing is filtered, it is too long, or there are too many.
    """
    said = " ".join(name.split())[:NAME_CHARS]
    if actor.role is not Role.DOCTOR or not said:
        raise RefusalError(Text("Give the filter a name."))
    plain = json.dumps({"name": said, "model": model})
    if not isinstance(model, dict) or not model:
        raise RefusalError(Text("Nothing is filtered now. Set a filter in the heads of the columns first."))
    if len(plain) > MODEL_CHARS or (session().scalar(select(func.count()).select_from(FilterRow).where(_mine(actor))) or 0) >= MOST:
        raise RefusalError(Text("No more than {most} short filters are kept. Remove one first.", {"most": MOST}))
    row = FilterRow(id=secrets.token_hex(16), doctor=actor.id, created_at=now())
    row.sealed_said = house().vault.seal(plain.encode(), table="filters.said", row=row.id, owner=actor.id)
    session().add(row)
    session().commit()
    return row.id


def remove_filter(actor: Actor, filter_id: str) -> None:
    """Remove a filter of a doctor's own."""
    session().execute(delete(FilterRow).where(FilterRow.id == filter_id, _mine(actor)).execution_options(synchronize_session=False))
    session().commit()


def _mine(actor: Actor) -> Any:
    return FilterRow.doctor == actor.id


def _open(row: FilterRow) -> Filter:
    said = json.loads(house().vault.open_sealed(row.sealed_said, table="filters.said", row=row.id, owner=row.doctor))
    return Filter(row.id, said["name"], said["model"])
