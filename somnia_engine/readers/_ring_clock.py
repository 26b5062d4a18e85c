"""The clock of a ring's CSV: several ways to write a date, local time without a zone, and nights on which the clock changes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._clock import wall_to_epoch
from somnia_engine.text import Text

_HOUR_S = 3600.0
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?\s*([AaPp][Mm])?")
_MONTHS = {name: i + 1 for i, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}
_PARTS = re.compile(r"[A-Za-z]+|\d+")
Order = Callable[[int, int, int], tuple[int, int, int]]
_ORDERS: dict[str, Order] = {
    "day first": lambda a, b, c: (c, b, a),
    "month first": lambda a, b, c: (c, a, b),
}
_ORDER_NAMES = {"day first": Text("day first"), "month first": Text("month first")}


def wall_clock(cells: list[str], path: Path) -> tuple[NDArray[np.float64], list[bool], list[Text]]:
    """Return the local times as if they were UTC [s], which cells could be read, and notes; raises DamagedFile when none could.

    The order of day and month is the one that reads every row within one night; where both do, the file's name decides, then AM/PM.
    """
    matches = [_TIME.search(cell) for cell in cells]
    dates = {cell[: m.start()] + " " + cell[m.end() :] for cell, m in zip(cells, matches, strict=True) if m}
    readings = {order: _read_all(cells, matches, dates, order) for order in _ORDERS}
    day_first, month_first = readings["day first"], readings["month first"]
    best = max(_ORDERS, key=lambda order: _fitness(readings[order]))
    notes = []
    if _fitness(day_first) == _fitness(month_first) and not np.array_equal(day_first, month_first, equal_nan=True):
        best = _guess(readings, path, half_days=any(m and m[4] for m in matches))
        said = {"order": _ORDER_NAMES[best]}
        notes.append(Text("Day and month can be read both ways in this file. I took them as: {order}.", said))
    seconds = readings[best]
    readable = np.isfinite(seconds)
    if not readable.any():
        raise DamagedFile(Text("{name} has no time that I can read. Export the night from the ring's app again.", {"name": path.name}))
    return seconds[readable], readable.tolist(), notes


def _fitness(seconds: NDArray[np.float64]) -> tuple[int, int]:
    """Rank a reading: rows read, then rows that follow the row before within an hour."""
    known = seconds[np.isfinite(seconds)]
    return len(known), int((np.abs(np.diff(known)) <= _HOUR_S).sum())


def _guess(readings: dict[str, NDArray[np.float64]], path: Path, *, half_days: bool) -> str:
    stamp = re.search(r"20\d{6}", path.name)
    for order, seconds in readings.items():
        first = seconds[np.isfinite(seconds)][0]
        if stamp and f"{datetime.fromtimestamp(first, UTC):%Y%m%d}" == stamp[0]:
            return order
    return "month first" if half_days else "day first"


def _read_all(cells: list[str], matches: list[re.Match[str] | None], dates: set[str], order: str) -> NDArray[np.float64]:
    days = {text: _day_s(text, _ORDERS[order]) for text in dates}
    seconds = np.full(len(cells), np.nan)
    for i, (cell, match) in enumerate(zip(cells, matches, strict=True)):
        if match:
            seconds[i] = days[cell[: match.start()] + " " + cell[match.end() :]] + _clock_s(match)
    return seconds


def _clock_s(match: re.Match[str]) -> float:
    hour, minute, second, half = int(match[1]), int(match[2]), int(match[3]), match[4]
    if half:
        if not 1 <= hour <= 12:
            return float("nan")
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    return hour * 3600.0 + minute * 60.0 + second if hour < 24 and minute < 60 and second < 60 else float("nan")


def _day_s(text: str, order: Order) -> float:
    """Return the day's first second, NaN when the text is not a date."""
    parts = _PARTS.findall(text)
    if len(parts) != 3:
        return float("nan")
    words = [p for p in parts if p[:3].lower() in _MONTHS]
    numbers = [int(p[:9]) for p in parts if p.isdigit()]
    if words and len(numbers) == 2:
        year, day = max(numbers), min(numbers)
        month = _MONTHS[words[0][:3].lower()]
    elif len(numbers) == 3:
        year, month, day = tuple(numbers) if numbers[0] > 31 else order(*numbers)
    else:
        return float("nan")
    try:
        at = date(year, month, day) if 2000 <= year < 2100 else None
    except ValueError:
        at = None
    return datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp() if at else float("nan")


def elapsed_s(wall_s: NDArray[np.float64], zone: str | None) -> tuple[NDArray[np.float64], float, list[Text]]:
    """Return seconds since the first row, the step [s], and notes.

    A ring measures in even steps, so a clock that falls back by an hour, or jumps ahead at the zone's spring change, did not stop it.
    """
    notes: list[Text] = []
    steps = np.diff(wall_s)
    ahead = steps[steps > 0]
    step = float(np.median(ahead)) if len(ahead) else 1.0
    back = np.abs(steps + _HOUR_S - step) <= 2 * step
    jump = np.abs(steps - _HOUR_S - step) <= 2 * step
    if zone is not None and jump.any():
        true_steps = np.diff(wall_to_epoch(wall_s, zone))
        jump &= np.abs(true_steps - step) <= 2 * step
    else:
        jump &= False
    repaired = steps + _HOUR_S * back - _HOUR_S * jump
    if (back | jump).any():
        notes.append(Text("The clock was changed during the night; the time that passed is kept."))
    elapsed = np.concatenate(([0.0], np.cumsum(repaired)))
    if (repaired < 0).any():
        notes.append(Text("The rows were not in order of time; they were put in order."))
        elapsed -= elapsed.min()
    return elapsed, step, notes
