"""/api/v1/user/programs: which programs act for a person, and the end of one of them."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import BaseModel

from somnia_server.access.permissions import Action
from somnia_server.api.auth import OWN
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.store.clients import names_of
from somnia_server.store.tokens import end_program, programs_of

programs = APIBlueprint("programs", __name__, url_prefix="/api/v1/user/programs", tag="Person")


class ProgramEntry(BaseModel):
    """A program that acts for the caller; `name` is null for our own programs, which log in by address and password."""

    id: str
    name: str | None
    scope: str
    began_at: datetime
    seen_at: datetime


class ProgramEntries(BaseModel):
    """The programs that act for the caller now."""

    programs: list[ProgramEntry]


@programs.get("")
@programs.doc(security=BEARER)
@programs.output(ProgramEntries)
@needs(Action.READ_PROFILE)
def read_programs() -> Any:
    """Return which programs act for the caller."""
    found = programs_of(caller())
    names = names_of({one.client for one in found} - {OWN})
    return {
        "programs": [
            {"id": one.id, "name": names.get(one.client), "scope": one.scope, "began_at": one.began_at, "seen_at": one.seen_at}
            for one in found
        ]
    }


@programs.delete("/<program_id>")
@programs.doc(security=BEARER)
@programs.output({}, status_code=204)
@needs(Action.CHANGE_PROFILE)
def remove(program_id: str) -> Any:
    """End what one program may; its tokens die at once."""
    if not end_program(caller(), program_id):
        abort(404)
    return Response(status=204)
