"""How dates, lengths of time, channels and stages of work are written for people."""

import math
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from somnia_engine.report import NOTHING, length
from somnia_engine.text import Text, t

WEEKDAYS = (Text("Mon"), Text("Tue"), Text("Wed"), Text("Thu"), Text("Fri"), Text("Sat"), Text("Sun"))
MONTHS = (
    Text("January"), Text("February"), Text("March"), Text("April"), Text("May"), Text("June"),
    Text("July"), Text("August"), Text("September"), Text("October"), Text("November"), Text("December"),
)  # fmt: skip
CHANNELS: dict[str, Text] = {
    "hr_bpm": Text("heart rate"), "rr_ms": Text("beat intervals"), "r_amplitude_mv": Text("R-wave height"),
    "sdnn_ms": Text("heart-rate variability"),
    "spo2_pct": Text("oxygen"), "activity_count": Text("movement"), "motion_index": Text("movement"), "step_count": Text("steps"),
    "acc_x_g": Text("acceleration"), "acc_y_g": Text("acceleration"), "acc_z_g": Text("acceleration"),
    "resp_rate_bpm": Text("breathing rate"),
    "skin_temp_c": Text("skin temperature"), "body_temp_c": Text("body temperature"), "room_temp_c": Text("room temperature"),
    "humidity_pct": Text("humidity"), "co2_ppm": Text("carbon dioxide"), "light_lux": Text("light"), "noise_db": Text("sound level"),
    "audio": Text("sound"), "video": Text("pictures"), "mat": Text("pressure maps"), "stage": Text("sleep stages"),
}  # fmt: skip
WORK: dict[str, Text] = {
    "": Text("Waiting for its turn"),
    "read": Text("Reading the files"),
    "extract": Text("Measuring heart, breath and movement"),
    "stage": Text("Finding the sleep stages"),
    "measure": Text("Counting minutes and events"),
    "judge": Text("Looking for signs"),
}


def day(at: date, *, year: bool = False) -> str:
    """Return a date as `Fri 14 Nov`, with the year when asked for."""
    said = {"weekday": t(WEEKDAYS[at.weekday()]), "day": at.day, "month": t(MONTHS[at.month - 1])[:3], "year": at.year}
    return t("{weekday} {day} {month} {year}", **said) if year else t("{weekday} {day} {month}", **said)


def day_month(at: date) -> str:
    """Return a date as `04 Nov`."""
    return t("{day} {month}", day=f"{at.day:02d}", month=t(MONTHS[at.month - 1])[:3])


def month(at: date) -> str:
    """Return a month as `November 2025`."""
    return t("{month} {year}", month=t(MONTHS[at.month - 1]), year=at.year)


def clock(at: datetime, zone: str | None) -> str:
    """Return the time of day in a zone, or as it was written when the zone is unknown."""
    place: tzinfo | None = ZoneInfo(zone) if zone else at.tzinfo
    return at.astimezone(place).strftime("%H:%M")


def day_of(at: datetime, zone: str | None) -> date:
    """Return the day that it is in a zone, or where the moment was written when the zone is unknown."""
    return at.astimezone(ZoneInfo(zone) if zone else at.tzinfo).date()


def minutes(value: float) -> str:
    """Return minutes as `7 h 04` or `14 min`; a dash when not measured."""
    return str(length(value))


def decimal(value: float, places: int) -> str:
    """Return a number with a fraction, in the reader's notation; without places it is whole, and a dash when not measured."""
    if not math.isfinite(value):
        return NOTHING
    whole, _, fraction = f"{value:.{places}f}".partition(".")
    return t("{whole}.{fraction}", whole=whole, fraction=fraction) if fraction else whole


def percent(value: float) -> str:
    """Return a share in percent; a dash when not measured."""
    return t("{n} %", n=round(value)) if math.isfinite(value) else NOTHING


def size(n_bytes: int) -> str:
    """Return the size of a file."""
    if n_bytes < 1 << 20:
        return t("{n} KB", n=max(1, n_bytes >> 10))
    return t("{n} MB", n=decimal(n_bytes / (1 << 20), 1) if n_bytes < 10 << 20 else n_bytes >> 20)


def channels(names: tuple[str, ...]) -> str:
    """Return what is measured, in words, each once."""
    return ", ".join(dict.fromkeys(t(CHANNELS[name]) if name in CHANNELS else name for name in names))
