"""The people of the access tests: one patient whose data are marked everywhere, and all who might want to see them."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from somnia_engine.types.clips import Clip
from somnia_engine.types.night import NightAnalysis
from somnia_server.access.kiosks import COOKIE as KIOSK_COOKIE
from somnia_server.access.visitor import CSRF_COOKIE, CSRF_HEADER
from somnia_server.store import (
    clips,
    consents,
    devices,
    filters,
    interpretations,
    invitations,
    kiosks,
    messages,
    persons,
    remarks,
    scorings,
    visits,
)
from somnia_server.store.accounts import HOUSE, make_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import grants_of, revoke
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.persons import MedicalEntry, MedicalHistory, Profile
from somnia_server.store.sessions import begin_session
from somnia_server.store.tables import session

NIGHT = date(2025, 11, 14)
ROLES = {
    "patient": Role.USER,
    "other": Role.USER,
    "doctor": Role.DOCTOR,
    "doctor_revoked": Role.DOCTOR,
    "doctor_without": Role.DOCTOR,
    "admin": Role.ADMIN,
}
NOBODY = ("anonymous", "visitor")
EVERYBODY = (*ROLES, "kiosk", *NOBODY)


@dataclass
class Cast:
    """Who plays: their ids, browsers, the patient's night and the marks that nobody else may ever read."""

    app: Flask
    ids: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, FlaskClient] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    night_id: str = ""
    clip_id: str = ""

    def mark(self) -> str:
        """Return a word that stands nowhere else, to be put where only the patient's data are."""
        self.marks.append(f"mark{secrets.token_hex(8)}")
        return self.marks[-1]

    def actor(self, name: str) -> Actor:
        return Actor(self.ids[name], ROLES[name])

    def call(self, name: str, body: Any) -> Any:
        """Ask for a callback as somebody's browser does."""
        browser = self.browsers[name]
        cookie = browser.get_cookie(CSRF_COOKIE) if name != "anonymous" else None
        return browser.post("/_dash-update-component", json=body, headers={CSRF_HEADER: cookie.value} if cookie else {})

    def page(self, name: str, path: str) -> str:
        """Return what somebody sees at an address of the pages."""
        outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
        inputs = [{"id": "_pages_location", "property": prop, "value": value} for prop, value in (("pathname", path), ("search", ""))]
        body = {"output": ".._pages_content.children..._pages_store.data..", "outputs": outputs, "inputs": inputs}
        answer = self.call(name, body | {"changedPropIds": ["_pages_location.pathname"], "state": []})
        return json.dumps(answer.get_json()) if answer.status_code == 200 else f"HTTP {answer.status_code}"

    def keep_clip(self, said: str) -> None:
        """Keep a loud moment of the patient's night in which something is said."""
        clips.put_clips(self.ids["patient"], self.night_id, clips=[Clip(60.0, 10.0, 20.0, 0.0, said.encode(), said.encode())])
        session().commit()
        self.clip_id = clips.list_clips(self.actor("patient"), self.night_id)[0].id

    def leaks(self, said: bytes | str) -> list[str]:
        """Return the patient's marks in what somebody was told."""
        text = said if isinstance(said, str) else said.decode(errors="replace")
        return [mark for mark in self.marks if mark in text]


def make_cast(app: Flask, night: NightAnalysis) -> Cast:
    """Return the people, each with a browser that is logged in; the doctor may see the patient's nights, a display shows them."""
    cast = Cast(app)
    with app.app_context():
        for name, role in ROLES.items():
            cast.ids[name] = make_account(HOUSE, email=f"{name}@example.org", password_hash="!", role=role)
            _speak_for_oneself(cast, name)
        _patient_shares(cast, night)
        write_of_nights(cast, epochs=len(night.hypnogram.stages), words=cast.mark)
        tokens = {name: begin_session(cast.ids[name], "a browser") for name in ROLES}
        display = _display(cast)
    for name in EVERYBODY:
        browser = cast.browsers[name] = app.test_client(use_cookies=name != "anonymous")
        if name in tokens:
            with browser.session_transaction() as session:
                session["somnia"] = tokens[name]
        if name == "kiosk":
            browser.set_cookie(KIOSK_COOKIE, display)
        browser.get("/")
    return cast


def _speak_for_oneself(cast: Cast, name: str) -> None:
    actor = cast.actor(name)
    called = cast.mark() if name == "patient" else name
    persons.save_profile(actor, Profile(name=called, birth_date=date(1980, 5, 4), zone="Europe/Berlin"))
    for kind in ("terms", "privacy"):
        consents.give(actor, kind)


def _patient_shares(cast: Cast, night: NightAnalysis) -> None:
    patient = cast.actor("patient")
    persons.save_history(patient, MedicalHistory((MedicalEntry("diagnosis", cast.mark()),)))
    cast.night_id = save_night(patient.id, night, kept=Kept(NIGHT, cast.mark()))
    for doctor in ("doctor", "doctor_revoked"):
        invitations.share_with_address(patient, f"{doctor}@example.org")
    for grant in grants_of(patient):
        if grant.doctor == cast.ids["doctor_revoked"]:
            revoke(patient, grant.id)


def write_of_nights(cast: Cast, *, epochs: int, words: Callable[[], str]) -> None:
    """Let the patient and their doctor write of a night wherever they can."""
    patient, doctor = cast.actor("patient"), cast.actor("doctor")
    remarks.save_remark(patient, NIGHT, remark=remarks.Remark(words(), (words()[: remarks.TAG_CHARS],)))
    cast.keep_clip(words())
    devices.add_device(patient, words()[:48])
    for actor in (patient, doctor):
        messages.send(actor, patient.id, doctor.id, text=words())
    detail = visits.Detail(f"https://rooms.example.org/{words()}", cast.night_id)
    visit = visits.plan(doctor, patient.id, begins_at=now() + timedelta(days=1), minutes=30, detail=detail)
    visits.keep_notes(doctor, visit, words())
    said = scorings.Comment(30.0, words())
    scorings.save_draft(doctor, cast.night_id, scorings.Marks("1" * epochs, comments=(said,)))
    interpretations.sign(doctor, cast.night_id, words())
    interpretations.write(doctor, cast.night_id, words())
    filters.keep_filter(doctor, words(), model={"name": {"filterType": "text", "type": "contains", "filter": words()}})


def _display(cast: Cast) -> str:
    doctor = cast.actor("doctor")
    pairing = kiosks.start_pairing(doctor, "ward 1")
    kiosks.add_bed(doctor, pairing.kiosk, patient=cast.ids["patient"], alias="bed 1")
    token = kiosks.pair(pairing.code)
    assert token is not None
    cast.ids["kiosk"] = pairing.kiosk
    return token
