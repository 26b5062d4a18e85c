"""/api/v1/grants: who may look at a person's nights; giving that, and taking it back."""

from datetime import date, datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import BaseModel, ConfigDict, Field

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs, whose
from somnia_server.api.once import once
from somnia_server.api.paging import Whose, page_of
from somnia_server.store import invitations
from somnia_server.store.grants import GRANT_DAYS, MOST_DAYS, Grant, Terms, grants_of, patients_of, revoke
from somnia_server.store.invitations import Invitation

sharing = APIBlueprint("sharing_api", __name__, url_prefix="/api/v1/grants", tag="Sharing")


class TermsBody(BaseModel):
    """What is opened: whole nights or their reports, from and to which night (null: no bound), uploads, for how many days."""

    model_config = ConfigDict(extra="forbid")

    scope: Literal["nights", "reports"] = "nights"
    first_night: date | None = None
    last_night: date | None = None
    may_upload: bool = False
    days: int = GRANT_DAYS


class GrantBody(TermsBody):
    """To whom: the e-mail address of a doctor; without one the answer carries a code that one doctor redeems. `subject`: a ward."""

    days: int = Field(default=GRANT_DAYS, ge=1, le=MOST_DAYS)
    email: str | None = Field(default=None, min_length=3, max_length=320, examples=["doctor@example.org"])
    subject: str = Field(default="me", max_length=64)


class GrantEntry(BaseModel):
    """A grant; `name` is what the other side is called, `state` says whether it counts now."""

    id: str
    patient: str
    doctor: str
    name: str
    kind: Literal["consent", "emergency"]
    terms: TermsBody
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    state: Literal["alive", "expired", "revoked", "disabled"]


class InvitationEntry(BaseModel):
    """A grant that waits for its doctor: for the one of an address, or (null) for whoever brings its code."""

    id: str
    email: str | None
    terms: TermsBody
    created_at: datetime
    expires_at: datetime
    state: Literal["waiting", "used", "withdrawn", "over"]


class Grants(BaseModel):
    """To whom a person grants and granted, who grants to the caller as a doctor now, and what waits for its doctor."""

    grants: list[GrantEntry]
    received: list[GrantEntry]
    invitations: list[InvitationEntry]
    next: str | None


class Given(BaseModel):
    """What came of giving: the doctor of the address may look now or will when they have an account; or the code to hand over."""

    code: str | None = Field(description="Shown this once.")


@sharing.get("")
@sharing.doc(security=BEARER)
@sharing.input(Whose, location="query", arg_name="asked")
@sharing.output(Grants)
@needs(Action.SHARE)
def read_grants(asked: Whose) -> Any:
    """Return who may look at a person's nights, and whose nights the caller may look at as a doctor."""
    actor, subject = caller(), whose(asked.subject)
    shown, following = page_of(grants_of(actor, subject), asked, lambda grant: grant.id)
    received = () if subject is not None else (grant for one in patients_of(actor) for grant in one.grants)
    waiting = [_waiting(one) for one in invitations.invitations_of(actor, subject)]
    return {
        "grants": [_entry(one) for one in shown],
        "received": [_entry(one) for one in received],
        "invitations": waiting,
        "next": following,
    }


@sharing.post("")
@sharing.doc(security=BEARER)
@once
@sharing.input(GrantBody, arg_name="said")
@sharing.output(Given, status_code=201)
@needs(Action.SHARE)
def give(said: GrantBody) -> Any:
    """Open nights to the doctor of an address, or to whoever brings the code of the answer."""
    actor, subject = caller(), whose(said.subject)
    terms = Terms(said.scope, said.first_night, said.last_night, said.may_upload, said.days)
    code = None
    if said.email is None:
        code = invitations.invite(actor, terms=terms, subject=subject)
        done = code is not None
    else:
        done = invitations.share_with_address(actor, said.email, terms=terms, subject=subject)
    return ({"code": code}, 201) if done else abort(404)


@sharing.delete("/<grant_id>")
@sharing.doc(security=BEARER, description="Counts from the next request on. An invitation that waits is withdrawn the same way.")
@sharing.output({}, status_code=204)
@needs(Action.SHARE)
def end(grant_id: str) -> Any:
    """End a grant: as its person, as a guardian, or as its doctor."""
    actor = caller()
    if not revoke(actor, grant_id) and not invitations.withdraw_invitation(actor, grant_id):
        abort(404)
    return Response(status=204)


def _terms(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in TermsBody.model_fields}


def _entry(grant: Grant) -> dict[str, Any]:
    names = ("id", "patient", "doctor", "name", "kind", "created_at", "expires_at", "revoked_at", "state")
    return {name: getattr(grant, name) for name in names} | {"terms": _terms(grant.terms)}


def _waiting(one: Invitation) -> dict[str, Any]:
    names = ("id", "email", "created_at", "expires_at", "state")
    return {name: getattr(one, name) for name in names} | {"terms": _terms(one.terms)}
