"""/api/v1/reports: what can be taken along of a person's nights, and what doctors signed of them."""

from datetime import date, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from pydantic import BaseModel

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs, whose
from somnia_server.api.fresh import fresh
from somnia_server.api.nights import MEDIA
from somnia_server.api.paging import Page, page_of
from somnia_server.store import interpretations
from somnia_server.store.nights import list_nights

reports = APIBlueprint("reports", __name__, url_prefix="/api/v1/reports", tag="Nights")


class SignedReport(BaseModel):
    """A version that a doctor signed: who, when, the words."""

    version: int
    name: str
    signed_at: datetime
    text: str


class ReportEntry(BaseModel):
    """A night's report: where it is and in which forms `Accept` may ask for it; `signed` holds every signed version."""

    night_id: str
    night: date
    demo: bool
    href: str
    media: list[str]
    signed: list[SignedReport]


class ReportEntries(BaseModel):
    """A person's reports, the newest night first."""

    reports: list[ReportEntry]
    next: str | None


@reports.get("/<user_id>")
@reports.doc(security=BEARER)
@fresh
@reports.input(Page, location="query", arg_name="page")
@reports.output(ReportEntries)
@needs(Action.READ_REPORT)
def read_reports(user_id: str, page: Page) -> Any:
    """Return the reports of a person's nights: `me`, or the id of somebody who shares their nights with the caller."""
    actor = caller()
    subject = whose(user_id)
    found = list_nights(actor, subject)
    if subject is not None and not found:
        abort(404)
    shown, following = page_of([night for night in found if not night.damaged], page, lambda night: night.id)
    signed = interpretations.signed_of(actor, subject or actor.id)
    return {
        "reports": [
            {
                "night_id": night.id,
                "night": night.night,
                "demo": night.demo,
                "href": f"/api/v1/nights/{night.id}",
                "media": MEDIA,
                "signed": [
                    {"version": one.version, "name": one.name, "signed_at": one.signed_at, "text": one.text}
                    for one in signed.get(night.id, ())
                ],
            }
            for night in shown
        ],
        "next": following,
    }
