"""Upload for a patient, under the patient's grant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, ctx, html, set_props

from components import bring, ids, states, upload
from pages import _analysing as analysing
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS
from somnia_server.store.actors import Actor
from somnia_server.store.grants import patients_of
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import may_add
from somnia_server.store.refusals import RefusalError
from somnia_server.work import queue, uploads

dash.register_page(__name__, path_template="/bring/<patient>", title="SOMNIA", roles=DOCTORS)
SHOWN = timedelta(hours=24)
NEEDS_START = Text("{name} does not say when it began. The patient uploads it, or you say it in a file of SOMNIA’s open CSV.")


def layout(patient: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; without a grant that lets the doctor bring files there is none."""
    actor = actor_now()
    if patient == actor.id or not may_add(actor, patient):
        return states.not_found()
    refusal = processing_refusal(patient)
    if refusal is not None:
        return html.Section(states.message(refusal, tone="moderate"))
    name = next((one.name for one in patients_of(actor) if one.id == patient), None)
    return bring.page(name or t("no name given"), patient, _files(actor, patient))


def _files(actor: Actor, patient: str) -> list[Any]:
    here = [file for file in uploads.list_uploads(actor, patient) if file.demo is None]
    since = datetime.now(UTC) - SHOWN
    jobs = [job for job in queue.jobs_of(actor, patient) if not job.over or (job.finished_at is not None and job.finished_at > since)]
    return bring.files([upload.Looked(file.name, uploads.known_survey(file)) for file in here], here, jobs)


@callback(
    Output(bring.FILES, "children"),
    Input(bring.TICK, "n_intervals"),
    Input(ids.ARRIVED, "data"),
    Input(ids.do(bring.PAGE, ALL, ALL), "n_clicks"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def change(_ticks: Any, _arrived: Any, _clicks: Any, address: str) -> Any:
    """Look into the files and queue their nights, or remove one; then show how things stand."""
    actor, patient, asked = actor_now(), str(address).rpartition("/")[2], ctx.triggered_id
    if isinstance(asked, dict) and ctx.triggered[0]["value"] and may_add(actor, patient):
        try:
            _act(actor, patient, str(asked.get("act")), str(asked.get("key")))
        except (RefusalError, uploads.RefusedError) as refusal:
            set_props(ids.ERROR, {"children": states.message(refusal.text, tone="moderate")})
    return _files(actor, patient)


def _act(actor: Actor, patient: str, act: str, key: str) -> None:
    if act == "remove":
        uploads.remove_upload(actor, key)
    elif act == "analyze":
        _analyze(actor, patient)


def _analyze(actor: Actor, patient: str) -> None:
    said, nights = queue.Choices(analysing.browser_zone()), set()
    here = [file for file in uploads.list_uploads(actor, patient) if file.state == "ready"]
    for file in here:
        found = uploads.survey_upload(actor, file.id)
        if upload.without_zone(found):
            found = uploads.survey_upload(actor, file.id, said)
        if found.needs_start:
            raise RefusalError(Text(NEEDS_START.msgid, {"name": file.name}))
        nights |= {span.night for span in found.nights if span.night is not None}
    newest = sorted(nights)[-analysing.forms.NIGHTS_AT_ONCE :]
    queue.enqueue(actor, [file.id for file in here], nights=newest or [None], choices=said)
