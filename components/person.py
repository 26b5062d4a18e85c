"""What a person says about themselves, as forms: profile, medical history, settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

PAGE = "settings"
INCH_CM = 2.54
POUND_KG = 0.45359237
SEXES = {"": Text("not said"), "female": Text("female"), "male": Text("male"), "other": Text("other")}
KINDS = {"diagnosis": Text("Diagnosis"), "medication": Text("Medication"), "therapy": Text("Therapy")}
NOTICES = {
    "night": Text("a night is ready or signed"),
    "sharing": Text("somebody asks to share, or answers"),
    "access": Text("somebody looked at my nights"),
    "emergency": Text("somebody used emergency access"),
    "visit": Text("a visit is near"),
}
QUIET = ("night", "access", "visit")
"""What need not be told in the app either."""


def _spoken(options: Mapping[str, Text]) -> dict[str, str]:
    return {key: t(said) for key, said in options.items()}


def profile_card(profile: Any, *, zones: Sequence[str], languages: Mapping[str, str], imperial: bool) -> html.Section:
    """Return the form of a profile; lengths and weights in the units that the person chose."""
    height, weight = (INCH_CM, POUND_KG) if imperial else (1.0, 1.0)
    how_tall, how_heavy = (t("Height [in]"), t("Weight [lb]")) if imperial else (t("Height [cm]"), t("Weight [kg]"))
    zone_names = {"": t("not said")} | {zone: zone.replace("_", " ") for zone in zones}
    parts = [
        fields.text(PAGE, "name", t("Name"), profile.name),
        fields.day(PAGE, "birth_date", t("Date of birth"), profile.birth_date),
        fields.choice(PAGE, "sex", t("Sex"), _spoken(SEXES), profile.sex or ""),
        fields.number(PAGE, "height", how_tall, _scaled(profile.height_cm, height), limits=(0, 300)),
        fields.number(PAGE, "weight", how_heavy, _scaled(profile.weight_kg, weight), limits=(0, 1500)),
        fields.day(PAGE, "due_date", t("Due date"), profile.due_date, hint=t("If you are pregnant.")),
        fields.number(PAGE, "gestation_weeks", t("Weeks of pregnancy"), profile.gestation_weeks, limits=(0, 45)),
        fields.day(PAGE, "gestation_on", t("Counted on"), profile.gestation_on),
        fields.choice(PAGE, "zone", t("Time zone"), zone_names, profile.zone or ""),
        fields.choice(PAGE, "language", t("Language"), {"": t("not said"), **languages}, profile.language or ""),
        fields.switch(PAGE, "infant", t("These are the nights of an infant"), on=profile.infant),
    ]
    lead = t("What the reading of a night may need to know. Everything here is kept sealed; nothing but the date of birth is needed.")
    return fields.card(t("Profile"), fields.fields(*parts), _save("profile"), lead=lead)


def history_card(history: Any) -> html.Section:
    """Return the medical history with a form for one more entry."""
    entries = [(_entry(entry), fields.button(PAGE, "forget", t("Remove"), entry.id, quiet=True)) for entry in history.entries]
    form = fields.fields(
        fields.choice(PAGE, "kind", t("What it is"), _spoken(KINDS), "diagnosis"),
        fields.text(PAGE, "text", t("In words")),
        fields.text(PAGE, "code", t("Code"), hint=t("If you know it, for example from ICD-10.")),
        fields.day(PAGE, "begins", t("Since")),
        fields.day(PAGE, "ends", t("Until")),
    )
    lead = t("Diagnoses, medication and therapy. The doctors with whom you share your nights see this list.")
    return fields.card(
        t("Medical history"),
        fields.rows(entries, empty=t("Nothing yet.")),
        form,
        html.Div(fields.button(PAGE, "add", t("Add")), className="actions"),
        lead=lead,
    )


def settings_card(settings: Any, *, raw_hours: float) -> html.Section:
    """Return the form of a person's settings; `raw_hours` is what this server does when nothing is said [h]."""
    hours = {str(hour): f"{hour:02d}:00" for hour in range(24)}
    notices = [
        fields.switch(PAGE, f"notice_{key}", t("E-mail: {what}", what=t(said)), on=key in settings.email_notices)
        for key, said in NOTICES.items()
    ]
    notices += [
        fields.switch(PAGE, f"told_{key}", t("In the app: {what}", what=t(NOTICES[key])), on=key not in settings.quiet_notices)
        for key in QUIET
    ]
    parts = [
        fields.choice(PAGE, "units", t("Units"), {"metric": t("metric"), "imperial": t("imperial")}, settings.units),
        fields.choice(PAGE, "clock", t("Clock"), {"24": t("24 hours"), "12": t("12 hours")}, str(settings.clock)),
        fields.choice(PAGE, "night_split_h", t("A new night begins at"), hours, str(settings.night_split_h)),
        fields.number(
            PAGE,
            "raw_retention_h",
            t("Keep raw files after the analysis [h]"),
            settings.raw_retention_h,
            limits=(0, 8760),
            hint=t("Empty: as this server does, {hours} h.", hours=f"{raw_hours:g}"),
        ),
        fields.number(
            PAGE,
            "full_scale_db",
            t("Calibration of the microphone [dB]"),
            settings.full_scale_db,
            limits=(60, 180),
            hint=t("The level of what the file shows as 0 dB: 120 when a calibrator of 94 dB shows as -26. Empty: levels are relative."),
        ),
        fields.switch(
            PAGE,
            "loud_clips",
            t("Keep the loudest moments of a night to listen to, for 30 days; voices are blanked"),
            on=settings.loud_clips,
        ),
        fields.switch(PAGE, "ai_text", t("Let an outside service word my reports"), on=settings.ai_text),
        *notices,
    ]
    return fields.card(t("Settings"), fields.fields(*parts), _save("settings"))


def _entry(entry: Any) -> html.P:
    span = " – ".join(day(at, year=True) if at else "" for at in (entry.begins, entry.ends)).strip(" –")
    code = f" ({entry.code})" if entry.code else ""
    return html.P([html.Strong(f"{t(KINDS[entry.kind])}: "), f"{entry.text}{code} ", html.Span(span, className="muted small")])


def _save(part: str) -> html.Div:
    return html.Div(fields.button(PAGE, part, t("Save"), primary=True), className="actions")


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else round(value / unit, 1)
