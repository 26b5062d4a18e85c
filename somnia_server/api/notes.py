"""/api/v1/nights/{id}/notes and /tags: what a person notes of a night; whoever may read the night reads it."""

from dataclasses import replace
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import BaseModel, ConfigDict, Field

from somnia_engine.text import Text, t
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.store.nights import day_of
from somnia_server.store.remarks import MOST_TAGS, NOTE_CHARS, TAG_CHARS, Remark, load_remark, save_remark

notes = APIBlueprint("notes", __name__, url_prefix="/api/v1/nights/<night_id>", tag="Nights")
NOT_YOURS = Text("This night is shared with you to be read; only its person, or a guardian, notes something of it.")


class RemarkBody(BaseModel):
    """What was noted of a night: free words, and tags, each once."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=2 * NOTE_CHARS, examples=["Late coffee."])
    tags: list[str] = Field(default=[], max_length=MOST_TAGS, examples=[["coffee", "travel"]])


class TagBody(BaseModel):
    """A tag."""

    model_config = ConfigDict(extra="forbid")

    tag: str = Field(min_length=1, max_length=TAG_CHARS, examples=["coffee"])


@notes.get("/notes")
@notes.doc(security=BEARER)
@notes.output(RemarkBody)
@needs(Action.READ_NIGHT)
def read_notes(night_id: str) -> Any:
    """Return what was noted of a night."""
    return _said(_load(*_place(night_id)))


@notes.put("/notes")
@notes.doc(security=BEARER)
@notes.input(RemarkBody, arg_name="said")
@notes.output(RemarkBody)
@needs(Action.CHANGE_NIGHT)
def write_notes(night_id: str, said: RemarkBody) -> Any:
    """Replace what was noted of a night."""
    return _keep(*_place(night_id), Remark(said.note, tuple(said.tags)))


@notes.delete("/notes")
@notes.doc(security=BEARER)
@notes.output({}, status_code=204)
@needs(Action.CHANGE_NIGHT)
def remove_notes(night_id: str) -> Any:
    """Delete what was noted of a night, tags too."""
    _keep(*_place(night_id), Remark())
    return Response(status=204)


@notes.post("/tags")
@notes.doc(security=BEARER)
@notes.input(TagBody, arg_name="said")
@notes.output(RemarkBody)
@needs(Action.CHANGE_NIGHT)
def add_tag(night_id: str, said: TagBody) -> Any:
    """Put a tag on a night; one that is there already stays once."""
    owner, day = _place(night_id)
    before = _load(owner, day)
    return _keep(owner, day, replace(before, tags=(*before.tags, said.tag)))


@notes.delete("/tags/<tag>")
@notes.doc(security=BEARER)
@notes.output({}, status_code=204)
@needs(Action.CHANGE_NIGHT)
def remove_tag(night_id: str, tag: str) -> Any:
    """Take a tag off a night."""
    owner, day = _place(night_id)
    before = _load(owner, day)
    if tag not in before.tags:
        abort(404)
    _keep(owner, day, replace(before, tags=tuple(one for one in before.tags if one != tag)))
    return Response(status=204)


def _place(night_id: str) -> tuple[str, date]:
    """Return whose night it is and its day; 404 for one that is not open to the caller."""
    found = day_of(caller(), night_id)
    return abort(404) if found is None else found


def _load(owner: str, day: date) -> Remark:
    return load_remark(caller(), day, subject=owner)


def _keep(owner: str, day: date, remark: Remark) -> dict[str, Any]:
    if not save_remark(caller(), day, remark=remark, subject=owner):
        abort(403, t(NOT_YOURS))
    return _said(_load(owner, day))


def _said(remark: Remark) -> dict[str, Any]:
    return {"note": remark.note, "tags": list(remark.tags)}
