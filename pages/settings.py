"""About you: profile, medical history, settings."""

from dataclasses import replace
from datetime import date
from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import devices as device_parts
from components import fields, ids, person, states
from pages import _acts
from pages._acts import Said
from pages._analysing import zones
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import PEOPLE
from somnia_server.i18n import language_name, languages
from somnia_server.store import devices, persons
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.persons import MedicalEntry, MedicalHistory

dash.register_page(__name__, path="/settings", title="SOMNIA", roles=PEOPLE)
SAVED = Text("Saved.")
CODE = Text("Type this code on the device within 15 minutes: {code}")
KEY = Text("Save this key in a file on the device that only it can read; it is not shown again: {key}")
DAMAGED = Text("Some of what you said about yourself was changed on the server and cannot be read; it is missing below.")


def layout(**_: str) -> html.Div:
    """Return the page."""
    return fields.page("settings", t("About you"), body(actor_now()))


def body(actor: Actor) -> list[Any]:
    """Return the forms as they stand."""
    settings = persons.load_settings(actor)
    spoken = {code: language_name(code) for code in languages()}
    profile = persons.load_profile(actor)
    damaged = [states.message(DAMAGED, tone="high")] if persons.damaged_parts(actor) else []
    return [
        *damaged,
        person.profile_card(profile, zones=zones(), languages=spoken, imperial=settings.units == "imperial"),
        person.history_card(persons.load_history(actor)),
        person.settings_card(settings, raw_hours=house().settings.raw_hours),
        device_parts.devices_card(devices.devices_of(actor)),
    ]


@callback(
    Output(ids.body("settings"), "children"),
    Input(ids.do("settings", ALL, ALL), "n_clicks"),
    State(ids.said("settings", ALL), "value"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any) -> Any:
    """Keep what one of the forms says."""
    return _acts.answer(ACTS, body)


def save_profile(actor: Actor, _key: str, said: Said) -> Text:
    """Keep the profile; lengths and weights come in the person's units."""
    height, weight = (person.INCH_CM, person.POUND_KG) if persons.load_settings(actor).units == "imperial" else (1.0, 1.0)
    words = {name: said.get(name) or None for name in ("name", "sex", "zone", "language")}
    days = {name: _day(said.get(name)) for name in ("birth_date", "due_date", "gestation_on")}
    numbers = {"height_cm": _number(said.get("height"), height), "weight_kg": _number(said.get("weight"), weight)}
    weeks = _number(said.get("gestation_weeks"), 1.0)
    profile = replace(persons.load_profile(actor), **words, **days, **numbers, gestation_weeks=weeks, infant=bool(said.get("infant")))
    persons.save_profile(actor, profile)
    return SAVED


def save_settings(actor: Actor, _key: str, said: Said) -> Text:
    """Keep the settings."""
    notices = tuple(key for key in person.NOTICES if said.get(f"notice_{key}"))
    quiet = tuple(key for key in person.QUIET if not said.get(f"told_{key}"))
    hours = {"clock": int(said.get("clock") or 24), "night_split_h": int(said.get("night_split_h") or 0)}
    kept = _number(said.get("raw_retention_h"), 1.0)
    units, ai_text = str(said.get("units")), bool(said.get("ai_text"))
    told = {"email_notices": notices, "quiet_notices": quiet, "full_scale_db": _number(said.get("full_scale_db"), 1.0)}
    told |= {"loud_clips": bool(said.get("loud_clips"))}
    now = replace(persons.load_settings(actor), **hours, **told, units=units, raw_retention_h=kept, ai_text=ai_text)
    persons.save_settings(actor, now)
    return SAVED


def add(actor: Actor, _key: str, said: Said) -> Text:
    """Add an entry to the medical history."""
    begins, ends = _day(said.get("begins")), _day(said.get("ends"))
    entry = MedicalEntry(str(said.get("kind")), said.get("text") or "", said.get("code") or None, begins, ends)
    persons.save_history(actor, MedicalHistory((*persons.load_history(actor).entries, entry)))
    return SAVED


def forget(actor: Actor, key: str, _said: Said) -> Text:
    """Take an entry out of the medical history."""
    entries = persons.load_history(actor).entries
    persons.save_history(actor, MedicalHistory(tuple(entry for entry in entries if entry.id != key)))
    return Text("Removed.")


def device_code(actor: Actor, _key: str, said: Said) -> Text:
    """Make a code by which a device enrolls."""
    return Text(CODE.msgid, {"code": devices.invite_device(actor, said.get("device") or "")})


def device_key(actor: Actor, _key: str, said: Said) -> Text:
    """Make a device's key and show it."""
    return Text(KEY.msgid, {"key": devices.add_device(actor, said.get("device") or "").written()})


def device_renew(actor: Actor, key: str, _said: Said) -> Text | None:
    """Give a device a new key and show it."""
    made = devices.renew(actor, key)
    return None if made is None else Text(KEY.msgid, {"key": made.written()})


def device_end(actor: Actor, key: str, _said: Said) -> Text | None:
    """End a device."""
    return Text("Removed.") if devices.end_device(actor, key) else None


ACTS = {
    "profile": save_profile, "settings": save_settings, "add": add, "forget": forget,
    "device_code": device_code, "device_key": device_key, "device_renew": device_renew, "device_end": device_end,
}  # fmt: skip


def _number(given: Any, unit: float) -> float | None:
    return None if given in (None, "") else float(given) * unit


def _day(given: Any) -> date | None:
    return date.fromisoformat(given) if given else None
