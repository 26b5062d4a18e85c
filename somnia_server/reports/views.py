"""/report: a night's report, to read in the browser or as a PDF to file."""

from flask import Blueprint, Response, abort, request

from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.failures import noted
from somnia_server.reports.paper import Paper, PrintError, Signed, print_pdf, report_page
from somnia_server.store import interpretations
from somnia_server.store.actors import Actor, Role
from somnia_server.store.nights import StoredNight, count_nights, load_night
from somnia_server.store.vault import TamperedError

report = Blueprint("report", __name__, url_prefix="/report")
SHORT = "short"


@report.get("/night/<night_id>")
def night_report(night_id: str) -> Response:
    """Send a night's report as a PDF; `form=short` leaves out what is blank. A doctor's speaks to doctors."""
    return report_of(actor_now(), night_id, short=request.args.get("form") == SHORT)


def report_of(actor: Actor, night_id: str, *, short: bool = False) -> Response:
    """Return the report of a night that an actor may see, else 404."""
    try:
        stored = load_night(actor, night_id)
    except TamperedError:
        stored = None
    if stored is None:
        abort(404)
    try:
        content = print_pdf(report_page(_paper(actor, stored, short=short)))
    except PrintError as error:
        abort(Response(t("The report could not be printed. The error number is {id}.", id=noted(error, "a report")), 500))
    name = f"somnia-{stored.night.isoformat()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype="application/pdf", headers=headers)


def _paper(actor: Actor, stored: StoredNight, *, short: bool) -> Paper:
    found = interpretations.interpretations_of(actor, stored.id)
    signed = [Signed(one.version, one.name, one.signed_at, one.text) for one in found if one.signed_at is not None]
    known = count_nights(actor, stored.owner)
    doctor = actor.role is Role.DOCTOR and actor.id != stored.owner
    return Paper(stored.owner, stored.night, stored.analysis, known, doctor=doctor, full=not short, signed=signed, demo=stored.demo)
