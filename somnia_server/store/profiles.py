"""What a person may say about themselves, as values: profile, medical history, settings, each with the checks it must pass."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from somnia_engine.subjects import LIMITS, SEXES
from somnia_engine.text import Text
from somnia_engine.types.recording import Subject
from somnia_server.i18n import languages
from somnia_server.store.refusals import RefusalError

ADULT_YEARS = 18
INFANT_YEARS = 1
EARLIEST_BIRTH = date(1900, 1, 1)
PREGNANCY = timedelta(weeks=40)
NAME_CHARS = 120
LINE_CHARS = 2000
CODE_CHARS = 32
ENTRIES = 500
UNITS = ("metric", "imperial")
CLOCKS = (24, 12)
ENTRY_KINDS = ("diagnosis", "medication", "therapy")
ENTRY_ID = re.compile(r"[0-9a-f]{0,32}")
EMAIL_NOTICES = ("night", "sharing", "access", "emergency", "visit")
"""What a person may be told by e-mail: a night is ready or signed, somebody asks, looked, used emergency access, a visit is near."""
QUIET_NOTICES = ("night", "access", "visit")
"""What a person may choose not to be told in the app."""
RAW_HOURS = (0.0, 8760.0)
FULL_SCALE_DB = (60.0, 180.0)
CAMERA_LOOKS = ("", "above", "oblique", "level")
MAT_HEADS = ("first", "last")


class PersonError(RefusalError):
    """A value that cannot be kept: `field` says which, `text` what was given, what is allowed and what to do."""

    def __init__(self, field: str, given: object, allowed: Text) -> None:
        self.field = field
        super().__init__(
            Text("“{given}” cannot be kept. Allowed is {allowed}. Change it and save again.", {"given": _shown(given), "allowed": allowed})
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a person is; None is unsaid.

    A pregnancy is told by `due_date`, or by `gestation_weeks` as they were on `gestation_on`. `sex` is female, male or other,
    `zone` an IANA name, `language` the code of a language that pages speak.
    """

    name: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    due_date: date | None = None
    gestation_weeks: float | None = None
    gestation_on: date | None = None
    infant: bool = False
    zone: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MedicalEntry:
    """A diagnosis, medication or therapy; `id` is given when it is first kept, `code` is one of a classification such as ICD-10."""

    kind: str
    text: str
    code: str | None = None
    begins: date | None = None
    ends: date | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class MedicalHistory:
    """What a person has, takes and does about it."""

    entries: tuple[MedicalEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """How a person wants things.

    `night_split_h` is the local hour at which a new night begins, `raw_retention_h` how long raw files stay after their analysis
    (None = as this server does, 0 = they go at once), `email_notices` some of EMAIL_NOTICES,
    `quiet_notices` those of QUIET_NOTICES that are not told in the app, `full_scale_db` the calibration of the microphone: the sound
    pressure level of 0 dB re full scale (None = not calibrated), `camera_look` how the camera looks at the bed (one of CAMERA_LOOKS),
    `mat_head` the row of a pressure mat at which the head lies (one of MAT_HEADS),
    `loud_clips` whether the loudest moments are kept to listen to.
    """

    units: str = "metric"
    clock: int = 24
    night_split_h: int = 12
    raw_retention_h: float | None = None
    ai_text: bool = False
    email_notices: tuple[str, ...] = ("sharing", "emergency", "visit")
    quiet_notices: tuple[str, ...] = ()
    full_scale_db: float | None = None
    camera_look: str = ""
    mat_head: str = "first"
    loud_clips: bool = False


def checked_profile(profile: Profile, at: datetime) -> Profile:
    """Return the profile as it may be kept: trimmed; PersonError names the first value that cannot be."""
    if profile.zone is not None and not _is_zone(profile.zone):
        raise PersonError("zone", profile.zone, Text("a time zone such as Europe/Berlin or Asia/Kolkata"))
    today = _local_day(profile.zone, at)
    _check_date("birth_date", profile.birth_date, (EARLIEST_BIRTH, today))
    _check_choice("sex", profile.sex, SEXES)
    _check_number("height_cm", profile.height_cm, LIMITS["height_cm"])
    _check_number("weight_kg", profile.weight_kg, LIMITS["weight_kg"])
    _check_date("due_date", profile.due_date, (today - timedelta(weeks=520), today + PREGNANCY + timedelta(weeks=5)))
    _check_number("gestation_weeks", profile.gestation_weeks, LIMITS["gestation_week"])
    _check_date("gestation_on", profile.gestation_on, (today - timedelta(weeks=520), today))
    if (profile.gestation_weeks is None) != (profile.gestation_on is None):
        raise PersonError("gestation_on", profile.gestation_on, Text("the day on which the weeks were counted, together with the weeks"))
    if not isinstance(profile.infant, bool):
        raise PersonError("infant", profile.infant, Text("yes or no"))
    _check_choice("language", profile.language, languages())
    return replace(profile, name=_line("name", profile.name, NAME_CHARS))


def checked_history(history: MedicalHistory, at: datetime) -> MedicalHistory:
    """Return the history as it may be kept: lines trimmed; PersonError names the first value that cannot be."""
    if len(history.entries) > ENTRIES:
        raise PersonError("entries", len(history.entries), Text("at most {n} entries", {"n": ENTRIES}))
    bounds = (EARLIEST_BIRTH, at.date() + timedelta(days=3660))
    return MedicalHistory(tuple(_checked_entry(entry, bounds) for entry in history.entries))


def checked_settings(settings: PersonSettings) -> PersonSettings:
    """Return the settings as they may be kept; PersonError names the first value that cannot be."""
    _check_choice("units", settings.units, UNITS)
    if settings.clock not in CLOCKS:
        raise PersonError("clock", settings.clock, Text("one of: {choices}", {"choices": "24, 12"}))
    if not isinstance(settings.night_split_h, int) or isinstance(settings.night_split_h, bool) or not 0 <= settings.night_split_h <= 23:
        raise PersonError("night_split_h", settings.night_split_h, Text("a whole hour from {low} to {high}", {"low": 0, "high": 23}))
    _check_number("raw_retention_h", settings.raw_retention_h, RAW_HOURS)
    _check_number("full_scale_db", settings.full_scale_db, FULL_SCALE_DB)
    _check_choice("camera_look", settings.camera_look, CAMERA_LOOKS)
    _check_choice("mat_head", settings.mat_head, MAT_HEADS)
    if not isinstance(settings.ai_text, bool):
        raise PersonError("ai_text", settings.ai_text, Text("yes or no"))
    if not isinstance(settings.loud_clips, bool):
        raise PersonError("loud_clips", settings.loud_clips, Text("yes or no"))
    for notice in settings.email_notices:
        _check_choice("email_notices", notice, EMAIL_NOTICES)
    for notice in settings.quiet_notices:
        _check_choice("quiet_notices", notice, QUIET_NOTICES)
    mailed, quiet = (
        tuple(name for name in known if name in said)
        for known, said in ((EMAIL_NOTICES, settings.email_notices), (QUIET_NOTICES, settings.quiet_notices))
    )
    return replace(settings, email_notices=mailed, quiet_notices=quiet)


def age_at(profile: Profile, day: date) -> int | None:
    """Return the age in whole years on a day; None when the birth date is unsaid or later."""
    born = profile.birth_date
    if born is None or day < born:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_minor(profile: Profile, at: datetime) -> bool | None:
    """Return whether a person is under 18 at a moment, by the calendar of their zone; None when the birth date is unsaid."""
    if profile.birth_date is None:
        return None
    age = age_at(profile, _local_day(profile.zone, at))
    return age is None or age < ADULT_YEARS


def gestation_week_at(profile: Profile, day: date) -> float | None:
    """Return the week of pregnancy on a day; None when there is none that can be told."""
    weeks = None
    if profile.due_date is not None:
        weeks = (day - (profile.due_date - PREGNANCY)).days / 7
    elif profile.gestation_weeks is not None and profile.gestation_on is not None:
        weeks = profile.gestation_weeks + (day - profile.gestation_on).days / 7
    low, high = LIMITS["gestation_week"]
    return weeks if weeks is not None and low <= weeks <= high else None


def engine_subject(profile: Profile, night: date) -> Subject:
    """Return what the engine is told of a person for one night: no name, the year of birth only."""
    age = age_at(profile, night)
    return Subject(
        birth_year=None if profile.birth_date is None else profile.birth_date.year,
        sex=profile.sex,
        height_cm=profile.height_cm,
        weight_kg=profile.weight_kg,
        gestation_week=gestation_week_at(profile, night),
        infant=profile.infant or (age is not None and age < INFANT_YEARS),
    )


def _checked_entry(entry: MedicalEntry, bounds: tuple[date, date]) -> MedicalEntry:
    _check_choice("kind", entry.kind, ENTRY_KINDS)
    if not isinstance(entry.id, str) or not ENTRY_ID.fullmatch(entry.id):
        raise PersonError("id", entry.id, Text("the id that the entry had, or none"))
    text = _line("text", entry.text, LINE_CHARS)
    if text is None:
        raise PersonError("text", entry.text, Text("a few words that say what it is"))
    _check_date("begins", entry.begins, bounds)
    _check_date("ends", entry.ends, (entry.begins or bounds[0], bounds[1]))
    return replace(entry, text=text, code=_line("code", entry.code, CODE_CHARS))


def _check_date(field: str, value: date | None, bounds: tuple[date, date]) -> None:
    if value is None:
        return
    if not isinstance(value, date) or isinstance(value, datetime) or not bounds[0] <= value <= bounds[1]:
        said = {"first": bounds[0].isoformat(), "last": bounds[1].isoformat()}
        raise PersonError(field, value, Text("a day from {first} to {last}", said))


def _check_number(field: str, value: float | None, bounds: tuple[float, float]) -> None:
    if value is None:
        return
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not bounds[0] <= value <= bounds[1]:
        raise PersonError(field, value, Text("a number from {low} to {high}", {"low": bounds[0], "high": bounds[1]}))


def _check_choice(field: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise PersonError(field, value, Text("one of: {choices}", {"choices": ", ".join(choices)}))


def _line(field: str, value: str | None, most: int) -> str | None:
    """Return a line of text, trimmed; None for an empty one."""
    if value is None:
        return None
    good = isinstance(value, str) and len(value.strip()) <= most
    if not good or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value.strip()):
        raise PersonError(field, value, Text("one line of at most {n} characters", {"n": most}))
    return value.strip() or None


def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, TypeError, OSError):
        return False
    return True


def _local_day(zone: str | None, at: datetime) -> date:
    return at.astimezone(UTC if zone is None else ZoneInfo(zone)).date()


def _shown(given: object) -> str:
    return str(given)[:60]
