"""A night in every form in which it leaves the house: each with its media type, its suffix and what makes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from somnia_engine.document import to_document
from somnia_engine.exports.edf_plus import edf_plus
from somnia_engine.exports.fhir import fhir_bundle
from somnia_engine.exports.omh import sleep_episode
from somnia_server.reports.narrator import words_of
from somnia_server.reports.paper import Paper, Signed, print_pdf, report_page
from somnia_server.store import interpretations, opencsv
from somnia_server.store.actors import Actor, Role, pseudonym
from somnia_server.store.nights import StoredNight, count_nights


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its media type, the end of its file name, and the function that makes it (None: not of this night)."""

    media: str
    suffix: str
    make: Callable[[Actor, StoredNight], bytes | None]


def _json(_actor: Actor, stored: StoredNight) -> bytes:
    return json.dumps(to_document(stored.analysis), ensure_ascii=False).encode()


def _csv(_actor: Actor, stored: StoredNight) -> bytes:
    epochs = next(pieces for name, pieces in opencsv.night_tables(stored.analysis) if name == "epochs.csv")
    return "".join(epochs).encode()


def _edf(_actor: Actor, stored: StoredNight) -> bytes:
    return edf_plus(stored.analysis)


def _fhir(_actor: Actor, stored: StoredNight) -> bytes:
    bundle = fhir_bundle(stored.analysis, night_id=stored.id, person=pseudonym(stored.owner), issued=stored.created_at)
    return json.dumps(bundle, ensure_ascii=False).encode()


def _episode(_actor: Actor, stored: StoredNight) -> bytes | None:
    found = sleep_episode(stored.analysis, night_id=stored.id, issued=stored.created_at)
    return None if found is None else json.dumps(found, ensure_ascii=False).encode()


def _pdf(actor: Actor, stored: StoredNight) -> bytes:
    return print_pdf(report_page(paper_of(actor, stored, full=True)))


def _short(actor: Actor, stored: StoredNight) -> bytes:
    return print_pdf(report_page(paper_of(actor, stored, full=False)))


FORMS: dict[str, Form] = {
    "json": Form("application/json", "json", _json),
    "csv": Form("text/csv", "csv", _csv),
    "edf": Form("application/edf", "edf", _edf),
    "fhir": Form("application/fhir+json", "fhir.json", _fhir),
    "omh": Form("application/vnd.openmhealth.sleep-episode+json", "omh.json", _episode),
    "pdf": Form("application/pdf", "pdf", _pdf),
    "short": Form("application/pdf", "pdf", _short),
}
"""By the name under which a page asks for it; the first of a media type is what the API answers."""


def form_for(media: str) -> Form | None:
    """Return the form of a media type; None when a night has no such form."""
    return next((form for form in FORMS.values() if form.media == media), None)


def paper_of(actor: Actor, stored: StoredNight, *, full: bool) -> Paper:
    """Return what a night's report is made of; a doctor's speaks to doctors, and what was signed stands in it."""
    found = interpretations.interpretations_of(actor, stored.id)
    signed = [Signed(one.version, one.name, one.signed_at, one.text) for one in found if one.signed_at is not None]
    known, doctor = count_nights(actor, stored.owner), actor.role is Role.DOCTOR and actor.id != stored.owner
    about = Paper(stored.owner, stored.night, stored.analysis, known, doctor=doctor, full=full)
    return replace(about, signed=signed, demo=stored.demo, worded=words_of(stored))
