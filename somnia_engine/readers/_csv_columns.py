"""The columns of the open CSV: names, units, bounds, and how a column of cells becomes numbers."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.text import Said, Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import Stage

STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Channel:
    """A column that the open CSV knows: unit and the bounds outside of which a value is not a measurement."""

    unit: str
    low: float
    high: float


def _of_feature(name: str) -> Channel:
    return Channel(FEATURES[name].unit, FEATURES[name].low, FEATURES[name].high)


CHANNELS: dict[str, Channel] = {
    "hr_bpm": _of_feature("hr_bpm"),
    "rr_ms": _of_feature("rr_ms"),
    "r_amplitude_mv": Channel("mV", -50.0, 50.0),
    "spo2_pct": _of_feature("spo2_pct"),
    "activity_count": _of_feature("activity_count"),
    "acc_x_g": Channel("g", -32.0, 32.0),
    "acc_y_g": Channel("g", -32.0, 32.0),
    "acc_z_g": Channel("g", -32.0, 32.0),
    "resp_rate_bpm": _of_feature("resp_rate_bpm"),
    "skin_temp_c": _of_feature("skin_temp_c"),
    "body_temp_c": _of_feature("body_temp_c"),
    "room_temp_c": _of_feature("room_temp_c"),
    "humidity_pct": _of_feature("humidity_pct"),
    "co2_ppm": _of_feature("co2_ppm"),
    "light_lux": _of_feature("light_lux"),
    "noise_db": _of_feature("noise_db"),
}

STAGE_CODES: dict[str, float] = {stage.letter: float(stage) for stage in Stage}

_OTHER_COUNTS = frozenset(("activity", "zcm", "pim", "tat", "enmo", "mad", "vm", "vector_magnitude", "axis1", "axis2", "axis3", "steps"))
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


def is_other_count(name: str) -> bool:
    """Tell whether a column counts movement in a unit that is not `activity_count`."""
    plain = name.lower()
    return name != "activity_count" and (plain in _OTHER_COUNTS or "count" in plain or plain.startswith(("enmo", "activity")))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The measured cells of a column: times [s] shape (n,), values shape (n,), in order of time."""

    times_s: NDArray[np.float64]
    values: NDArray[np.float32]


@dataclass(slots=True)
class Refused:
    """Cells of one column that were not used, by reason."""

    not_numbers: int = 0
    decimal_commas: int = 0
    out_of_bounds: int = 0

    def reasons(self, name: str) -> list[tuple[Text, int]]:
        """Return the reasons as sentences with their counts."""
        said: Said = {"column": name}
        if name in CHANNELS:
            said |= {"low": f"{CHANNELS[name].low:g}", "high": f"{CHANNELS[name].high:g}"}
            kept = Text("{column}: a value outside {low} to {high}", said)
        else:
            kept = Text("{column}: a value out of bounds", said)
        junk = Text("{column}: not one of W N1 N2 N3 R L S N T ?", said) if name == STAGE else Text("{column}: not a number", said)
        comma = Text("{column}: a decimal comma; write a decimal point", said)
        return [(junk, self.not_numbers), (comma, self.decimal_commas), (kept, self.out_of_bounds)]


def numbers(cells: tuple[str, ...], refused: Refused, *, name: str) -> NDArray[np.float64]:
    """Return the cells as numbers, NaN where empty or refused; what is refused is counted."""
    if not any(cells):
        return np.full(len(cells), np.nan)
    values = _floats(cells, refused)
    if name in CHANNELS:
        with np.errstate(invalid="ignore"):
            outside = (values < CHANNELS[name].low) | (values > CHANNELS[name].high)
        refused.out_of_bounds += int(outside.sum())
        values[outside] = np.nan
    return values


def _floats(cells: tuple[str, ...], refused: Refused) -> NDArray[np.float64]:
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells], dtype=np.float64)
    except ValueError:
        values = np.array([_number(cell, refused) for cell in cells], dtype=np.float64)
        return values
    empty = len(cells) - sum(map(bool, cells))
    infinite = np.isinf(values)
    refused.not_numbers += int(np.isnan(values).sum()) - empty + int(infinite.sum())
    values[infinite] = np.nan
    return values


def _number(cell: str, refused: Refused) -> float:
    """Return one cell as a number, NaN when it is none."""
    if not cell or cell.isspace():
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    if _DECIMAL_COMMA.fullmatch(cell):
        refused.decimal_commas += 1
    else:
        refused.not_numbers += 1
    return math.nan


def stage_codes(cells: tuple[str, ...], refused: Refused) -> NDArray[np.float64]:
    """Return the cells of the stage column as codes of `Stage`, NaN where empty or refused."""
    if not any(cells):
        return np.full(len(cells), np.nan)
    codes = np.array([STAGE_CODES.get(cell.strip(), math.nan) if cell else math.nan for cell in cells], dtype=np.float64)
    refused.not_numbers += int(np.isnan(codes).sum()) - sum(not cell or cell.isspace() for cell in cells)
    return codes
