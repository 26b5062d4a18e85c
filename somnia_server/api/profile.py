"""/api/v1/user: what a person says about themselves, and how they want things."""

from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.store import persons
from somnia_server.store.persons import PersonSettings, Profile

user = APIBlueprint("user", __name__, url_prefix="/api/v1/user", tag="Person")


class ProfileBody(BaseModel):
    """Who a person is; null is unsaid."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str | None = Field(default=None, max_length=120)
    birth_date: date | None = None
    sex: Literal["female", "male", "other"] | None = None
    height_cm: float | None = Field(default=None, description="cm")
    weight_kg: float | None = Field(default=None, description="kg")
    due_date: date | None = Field(default=None, description="When pregnant; or weeks and the day on which they were counted.")
    gestation_weeks: float | None = None
    gestation_on: date | None = None
    infant: bool = Field(default=False, description="These are the nights of an infant.")
    zone: str | None = Field(default=None, max_length=64, description="An IANA time zone such as Asia/Kolkata.")
    language: str | None = Field(default=None, max_length=16, description="The code of a language that pages speak.")


class SettingsBody(BaseModel):
    """How a person wants things."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    units: Literal["metric", "imperial"] = "metric"
    clock: Literal[24, 12] = 24
    night_split_h: int = Field(default=12, ge=0, le=23, description="The local hour at which a new night begins.")
    raw_retention_h: float | None = Field(default=None, ge=0, le=8760, description="Hours that raw files stay; null: as this server does.")
    ai_text: bool = Field(default=False, description="Whether an outside service may word reports.")
    email_notices: list[Literal["night", "sharing", "access", "emergency", "visit"]] = Field(
        default=["sharing", "emergency", "visit"], max_length=5
    )
    quiet_notices: list[Literal["night", "access", "visit"]] = Field(default=[], max_length=3, description="Not told in the app.")
    full_scale_db: float | None = Field(
        default=None,
        ge=60,
        le=180,
        examples=[120.0],
        description="Sound pressure level [dB] of 0 dB re full scale of the microphone; null: not calibrated.",
    )
    camera_look: Literal["", "above", "oblique", "level"] = Field(default="", description="How the camera looks at the bed.")
    mat_head: Literal["first", "last"] = Field(default="first", description="The row of a pressure mat at which the head lies.")
    loud_clips: bool = Field(default=False, description="Whether the loudest moments of a night are kept to listen to, for 30 days.")


@user.get("/profile")
@user.doc(security=BEARER)
@user.output(ProfileBody)
@needs(Action.READ_PROFILE)
def read_profile() -> Any:
    """Return the profile."""
    return asdict(persons.load_profile(caller()))


@user.put("/profile")
@user.doc(security=BEARER)
@user.input(ProfileBody, arg_name="said")
@user.output(ProfileBody)
@needs(Action.CHANGE_PROFILE)
def write_profile(said: ProfileBody) -> Any:
    """Replace the profile."""
    persons.save_profile(caller(), Profile(**said.model_dump()))
    return asdict(persons.load_profile(caller()))


@user.get("/settings")
@user.doc(security=BEARER)
@user.output(SettingsBody)
@needs(Action.READ_PROFILE)
def read_settings() -> Any:
    """Return the settings."""
    return _plain(persons.load_settings(caller()))


@user.put("/settings")
@user.doc(security=BEARER)
@user.input(SettingsBody, arg_name="said")
@user.output(SettingsBody)
@needs(Action.CHANGE_PROFILE)
def write_settings(said: SettingsBody) -> Any:
    """Replace the settings."""
    chosen = {"email_notices": tuple(said.email_notices), "quiet_notices": tuple(said.quiet_notices)}
    persons.save_settings(caller(), PersonSettings(**said.model_dump() | chosen))
    return _plain(persons.load_settings(caller()))


def _plain(settings: PersonSettings) -> dict[str, Any]:
    return asdict(settings) | {"email_notices": list(settings.email_notices), "quiet_notices": list(settings.quiet_notices)}
