"""Reads what is known of a person from a small JSON file, checking every value."""

import json
from collections.abc import Mapping
from pathlib import Path

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.text import Text
from somnia_engine.types.recording import Subject

LIMITS: dict[str, tuple[float, float]] = {
    "birth_year": (1900, 2100),
    "height_cm": (30, 260),
    "weight_kg": (1, 400),
    "gestation_week": (0, 45),
}
SEXES = ("female", "male", "other")
FIELDS = (*LIMITS, "sex", "infant")
LARGEST_BYTES = 65536


def read_subject(path: Path) -> Subject:
    """Read a subject file: a JSON object with any of birth_year, sex, height_cm, weight_kg, gestation_week, infant.

    Raises
    ------
    ReadError
        The file cannot be opened.
    DamagedFile
        It is not such an object; the text names the field, what was given and what is allowed.
    """
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(LARGEST_BYTES))
    except OSError as error:
        raise ReadError(
            Text("{name} cannot be opened: {reason}", {"name": path.name, "reason": error.strerror or type(error).__name__})
        ) from error
    except ValueError as error:
        raise DamagedFile(
            Text("{name} is not a JSON file. Write an object such as {example}.", {"name": path.name, "example": '{"birth_year": 1980}'})
        ) from error
    return subject_of(content, path.name)


def subject_of(content: object, name: str) -> Subject:
    """Return a subject from parsed JSON; raises DamagedFile as `read_subject`."""
    if not isinstance(content, dict):
        raise _refusal(name, "…", given=content, allowed="{" + ", ".join(FIELDS) + "}")
    unknown = sorted(set(content) - set(FIELDS))
    if unknown:
        raise _refusal(name, unknown[0], given=content[unknown[0]], allowed="only " + ", ".join(FIELDS))
    return Subject(
        birth_year=None if (year := _number(content, "birth_year", name=name)) is None else int(year),
        sex=_sex(content, name),
        height_cm=_number(content, "height_cm", name=name),
        weight_kg=_number(content, "weight_kg", name=name),
        gestation_week=_number(content, "gestation_week", name=name),
        infant=_infant(content, name),
    )


def _number(content: Mapping[str, object], field: str, *, name: str) -> float | None:
    value, (low, high) = content.get(field), LIMITS[field]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _refusal(name, field, given=value, allowed=f"{low:g}-{high:g}")
    return float(value)


def _sex(content: Mapping[str, object], name: str) -> str | None:
    value = content.get("sex")
    if value is None:
        return None
    if not isinstance(value, str) or value not in SEXES:
        raise _refusal(name, "sex", given=value, allowed=", ".join(SEXES))
    return value


def _infant(content: Mapping[str, object], name: str) -> bool:
    value = content.get("infant", False)
    if not isinstance(value, bool):
        raise _refusal(name, "infant", given=value, allowed="true, false")
    return value


def _refusal(name: str, field: str, *, given: object, allowed: str) -> DamagedFile:
    values: dict[str, str | int | float | Text] = {"name": name, "field": field, "given": json.dumps(given)[:60], "allowed": allowed}
    return DamagedFile(Text("{name}: {field} is {given}; allowed is {allowed}.", values))
