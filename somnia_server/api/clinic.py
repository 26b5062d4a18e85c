"""/api/v1/worklist and /api/v1/nights/{id}/interpretations: what waits for a doctor, and what they say of a night, signed."""

from datetime import date, datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import abort
from pydantic import BaseModel, ConfigDict, Field

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.api.once import once
from somnia_server.api.paging import Page, page_of
from somnia_server.store import interpretations
from somnia_server.store.interpretations import PENDING, SIGNED, STARTED, TEXT_CHARS, Interpretation
from somnia_server.store.nights import may_read
from somnia_server.store.worklist import Row, worklist

clinic = APIBlueprint("clinic", __name__, url_prefix="/api/v1", tag="Clinic")


class Waiting(BaseModel):
    """A patient who shares now, with their newest night that is open; counts are of all that are."""

    patient: str
    name: str | None
    night_id: str | None
    night: date | None
    analyzed_at: datetime | None
    state: Literal["recording", "processing", "review", "short", "incomplete", "demo", "none", "damaged"]
    reading: Literal["new", "started", "pending", "signed", "resign"]
    nights: int
    new: int
    unsigned: int
    under_way: list[str]
    may_upload: bool


class Worklist(BaseModel):
    """Who waits, the newest night first."""

    patients: list[Waiting]
    next: str | None


class Said(BaseModel):
    """A version of what a doctor says of a night; `again`: it was analyzed anew after it was signed."""

    version: int
    state: Literal["started", "pending", "signed"]
    name: str
    text: str
    changed_at: datetime
    signed_at: datetime | None
    again: bool


class AllSaid(BaseModel):
    """All versions, the newest first; the person and a guardian see the signed ones."""

    interpretations: list[Said]


class SayBody(BaseModel):
    """What a doctor says; `state`: kept as begun, handed to who signs, or signed, which cannot be undone."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=TEXT_CHARS, examples=["No sign of obstruction in this night."])
    state: Literal["started", "pending", "signed"] = "started"


@clinic.get("/worklist")
@clinic.doc(security=BEARER)
@clinic.input(Page, location="query", arg_name="page")
@clinic.output(Worklist)
@needs(Action.READ_WORKLIST)
def read_worklist(page: Page) -> Any:
    """Return the patients who share with the caller now, and what waits."""
    shown, following = page_of(worklist(caller()), page, lambda row: row.patient)
    return {"patients": [_waiting(row) for row in shown], "next": following}


@clinic.get("/nights/<night_id>/interpretations")
@clinic.doc(security=BEARER)
@clinic.output(AllSaid)
@needs(Action.READ_NIGHT)
def read_said(night_id: str) -> Any:
    """Return what doctors said of a night."""
    return _all_of(night_id)


@clinic.post("/nights/<night_id>/interpretations")
@clinic.doc(security=BEARER, description="What is signed stays as it is, with the night as it was; a later word is a new version.")
@once
@clinic.input(SayBody, arg_name="said")
@clinic.output(AllSaid)
@needs(Action.SIGN_NIGHT)
def say(night_id: str, said: SayBody) -> Any:
    """Write, hand over or sign what is said of a patient's night."""
    actor = caller()
    if said.state == SIGNED:
        done = interpretations.sign(actor, night_id, said.text)
    else:
        done = interpretations.write(actor, night_id, said.text, state=PENDING if said.state == PENDING else STARTED)
    return _all_of(night_id) if done else abort(404)


def _all_of(night_id: str) -> dict[str, Any]:
    actor = caller()
    if not may_read(actor, night_id):
        abort(404)
    return {"interpretations": [_said(one) for one in interpretations.interpretations_of(actor, night_id)]}


def _said(one: Interpretation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Said.model_fields}


def _waiting(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Waiting.model_fields if name != "under_way"} | {"under_way": list(row.under_way)}
