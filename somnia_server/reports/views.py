"""/report: a night to take along: as a PDF to file, or in the formats of other programs."""

from flask import Blueprint, Response, abort, request

from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.failures import noted
from somnia_server.reports.forms import FORMS
from somnia_server.reports.paper import PrintError
from somnia_server.store.nights import load_night
from somnia_server.store.vault import TamperedError

report = Blueprint("report", __name__, url_prefix="/report")


@report.get("/night/<night_id>")
def night_report(night_id: str) -> Response:
    """Send a night that the caller may see: `form` is pdf (the default), short, json, csv, edf, fhir or omh."""
    form = FORMS.get(request.args.get("form", "pdf"))
    actor = actor_now()
    try:
        stored = load_night(actor, night_id)
    except TamperedError:
        stored = None
    if form is None or stored is None:
        abort(404)
    try:
        content = form.make(actor, stored)
    except PrintError as error:
        abort(Response(t("The report could not be printed. The error number is {id}.", id=noted(error, "a report")), 500))
    if content is None:
        abort(404)
    name = f"somnia-{stored.night.isoformat()}.{form.suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=form.media, headers=headers)
