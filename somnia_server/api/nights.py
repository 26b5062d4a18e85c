"""/api/v1/nights: the nights that the caller may see."""

import math
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort, request
from pydantic import BaseModel, RootModel

from somnia_engine.text import t
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.api.errors import problem
from somnia_server.api.fresh import fresh
from somnia_server.api.paging import Page, page_of
from somnia_server.failures import noted
from somnia_server.reports.forms import FORMS, form_for
from somnia_server.store.damaged import SENTENCE
from somnia_server.store.nights import NightSummary, list_nights, load_night
from somnia_server.store.vault import TamperedError

nights = APIBlueprint("nights", __name__, url_prefix="/api/v1/nights", tag="Nights")
MEDIA = tuple(dict.fromkeys(form.media for form in FORMS.values()))
"""What a night can be asked for as, JSON first."""


class NightEntry(BaseModel):
    """A night as a list shows it; lengths in minutes, null where nothing was measured; `damaged`: what is kept of it was changed."""

    id: str
    night: date
    start: datetime | None
    zone: str | None
    tst_min: float | None
    se_pct: float | None
    sources: list[str]
    demo: bool
    damaged: bool
    created_at: datetime
    expires_at: datetime | None


class NightEntries(BaseModel):
    """A person's nights, newest first."""

    nights: list[NightEntry]
    next: str | None


class NightDocument(RootModel[dict[str, Any]]):
    """A whole night as `docs/night.schema.json` describes it."""


@nights.get("")
@nights.doc(security=BEARER)
@fresh
@nights.input(Page, location="query", arg_name="page")
@nights.output(NightEntries)
@needs(Action.READ_NIGHT)
def read_nights(page: Page) -> Any:
    """Return the caller's own nights."""
    shown, following = page_of(list_nights(caller()), page, lambda night: night.id)
    return {"nights": [_entry(night) for night in shown], "next": following}


@nights.get("/<night_id>")
@nights.doc(security=BEARER)
@fresh
@nights.output(NightDocument)
@needs(Action.READ_NIGHT)
def read_night(night_id: str) -> Any:
    """Return one night, the caller's own or one that is open to them: as JSON, or as `Accept` asks."""
    try:
        stored = load_night(caller(), night_id)
    except TamperedError as error:
        return problem(HTTPStatus.CONFLICT, t(SENTENCE), id=noted(error, f"night {night_id[:32]}"))
    if stored is None:
        abort(404)
    media = request.accept_mimetypes.best_match(MEDIA) if request.accept_mimetypes else MEDIA[0]
    form = form_for(media) if media is not None else None
    if form is None:
        message = t("A night comes as {media}; ask for one of these with “Accept”.", media=", ".join(MEDIA))
        return problem(HTTPStatus.NOT_ACCEPTABLE, message)
    made = form.make(caller(), stored)
    if made is None:
        return problem(HTTPStatus.NOT_ACCEPTABLE, t("This night has no clock or no sleep in it, so there is no sleep episode to tell."))
    return Response(made, mimetype=form.media, headers={"Vary": "Accept"})


def _entry(night: NightSummary) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return None if math.isnan(value) else value

    return {
        "id": night.id,
        "night": night.night,
        "start": night.start,
        "zone": night.zone,
        "tst_min": number(night.statistics.tst_min),
        "se_pct": number(night.statistics.se_pct),
        "sources": list(night.sources),
        "demo": night.demo,
        "damaged": night.damaged,
        "created_at": night.created_at,
        "expires_at": night.expires_at,
    }
