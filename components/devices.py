"""Devices that send sealed nights: a card that lists them, makes a key or a code for a new one, renews and ends."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import t

PAGE = "settings"


def devices_card(devices: Sequence[Any]) -> html.Section:
    """Return the card of a person's devices."""
    entries = [(_entry(device), _acts(device)) for device in devices]
    form = fields.fields(
        fields.text(PAGE, "device", t("Name of the device"), hint=t("As you will recognize it, for example Bedroom phone."))
    )
    buttons = html.Div(
        [
            fields.button(PAGE, "device_code", t("Show a code"), primary=True),
            fields.button(PAGE, "device_key", t("Show a key")),
        ],
        className="actions",
    )
    lead = t(
        "A phone or small computer beside the bed can send a night as a sealed letter of 2 KB: no sound and no picture leaves it. "
        "An app asks for a code; a program without network takes a key file."
    )
    listed = fields.rows(entries, empty=t("No device is enrolled."))
    return fields.card(t("Devices that send sealed nights"), listed, form, buttons, lead=lead)


def _entry(device: Any) -> html.Div:
    said = (
        t("waits for its code")
        if device.waits
        else t("last night sent {day}", day=day(device.seen_at))
        if device.seen_at
        else t("no night yet")
    )
    return html.Div([html.Strong(device.name), html.Span(f" {device.id} · {said}", className="muted small")])


def _acts(device: Any) -> list[html.Button]:
    end = fields.button(PAGE, "device_end", t("Remove"), device.id, quiet=True)
    return [end] if device.waits else [fields.button(PAGE, "device_renew", t("New key"), device.id, quiet=True), end]
