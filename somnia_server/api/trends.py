"""/api/v1/trends: the numbers of a person's nights over time, as far as the caller may see them."""

import math
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from pydantic import BaseModel

from somnia_engine.types.trend import TREND_KEYS, TrendNight
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs, whose
from somnia_server.api.fresh import fresh
from somnia_server.store.trends import load_trend, newest_analyses

trends = APIBlueprint("trends", __name__, url_prefix="/api/v1/trends", tag="Nights")


class Span(BaseModel):
    """The first and the last day; without them the whole history."""

    first: date | None = None
    last: date | None = None


class TrendEntry(BaseModel):
    """The numbers of one recording, units in their names; null where one was not measured."""

    id: str
    night: date
    demo: bool
    values: dict[str, float | None]


class Trend(BaseModel):
    """A person's recordings in order of time, naps too; of several analyses of a night the last."""

    metrics: list[str]
    nights: list[TrendEntry]


@trends.get("/<user_id>")
@trends.doc(security=BEARER)
@fresh
@trends.input(Span, location="query", arg_name="span")
@trends.output(Trend)
@needs(Action.READ_NIGHT)
def read_trend(user_id: str, span: Span) -> Any:
    """Return the numbers of a person's nights: `me`, or the id of somebody who shares their nights with the caller."""
    actor = caller()
    subject = whose(user_id)
    found = load_trend(actor, subject, first=span.first, last=span.last)
    if subject is not None and not found:
        abort(404)
    return {"metrics": list(TREND_KEYS), "nights": [_entry(night) for night in newest_analyses(found)]}


def _entry(night: TrendNight) -> dict[str, Any]:
    values = ((key, night.value(key)) for key in TREND_KEYS)
    said = {key: None if math.isnan(value) else round(value, 3) for key, value in values}
    return {"id": night.id, "night": night.night, "demo": night.demo, "values": said}
