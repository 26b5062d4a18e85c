"""A night in small as bytes: its times, its numbers, asleep and awake in two bits an epoch; a history of years opens at once."""

import math
import struct
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.sleeps import Sleep, states_of
from somnia_engine.types.trend import TREND_KEYS, TrendNight
from somnia_server.store.nightcodec import Summary, stages_of

VERSION = 1
HEAD = struct.Struct("<BBHHdifff")
"""Version, length of the zone's name, numbers, epochs; start [s since 1970], its offset from UTC [s], lights off and on, epoch [s]."""
NAN = float("nan")


def pack(summary: Summary) -> bytes:
    """Return the bytes of a night, from all of it but its columns."""
    zone = (summary.zone or "").encode("ascii")
    start = NAN if summary.start is None else summary.start.timestamp()
    offset = 0 if summary.start is None else int((summary.start.utcoffset() or timedelta()).total_seconds())
    ribbon = summary.ribbon
    states = np.empty(0, np.int8) if ribbon is None else states_of(stages_of(ribbon.stages))
    values = _values(summary)
    epoch_s = 30.0 if ribbon is None else ribbon.epoch_s
    head = HEAD.pack(VERSION, len(zone), len(values), len(states), start, offset, summary.lights.off_s, summary.lights.on_s, epoch_s)
    return head + zone + values.tobytes() + _squeezed(states)


def unpack(packed: bytes, *, night_id: str, night: date, demo: bool) -> TrendNight:
    """Return the night; numbers that it does not know yet are NaN."""
    version, n_zone, n_values, n_states, start_s, offset, off_s, on_s, epoch_s = HEAD.unpack_from(packed)
    if version != VERSION:
        raise ValueError(f"a trend of version {version} is not known here; there is {VERSION}")
    at = HEAD.size + n_zone
    zone = packed[HEAD.size : at].decode("ascii") or None
    values = np.full(len(TREND_KEYS), np.nan, np.float32)
    kept = np.frombuffer(packed, "<f4", n_values, at)[: len(TREND_KEYS)]
    values[: len(kept)] = kept
    start = None if math.isnan(start_s) else datetime.fromtimestamp(start_s, UTC).astimezone(_place(zone, offset))
    sleep = None
    if start is not None and n_states:
        sleep = Sleep(night, start, zone, _spread(packed[at + 4 * n_values :], n_states), epoch_s, off_s, on_s)
    return TrendNight(night_id, night, values, start, zone, sleep, demo)


@cache
def _place(zone: str | None, offset: int) -> ZoneInfo | timezone:
    return ZoneInfo(zone) if zone else timezone(timedelta(seconds=offset))


def _values(summary: Summary) -> NDArray[np.float32]:
    numbers = {field.name: getattr(summary.statistics, field.name) for field in fields(summary.statistics)}
    numbers |= dict(summary.measures)
    numbers["score"] = NAN if summary.score is None else summary.score.value
    return np.array([numbers.get(key, NAN) for key in TREND_KEYS], "<f4")


def _squeezed(states: NDArray[np.int8]) -> bytes:
    """Return -1, 0 and 1 as 0, 1 and 2 in two bits each."""
    whole = np.concatenate([states + 1, np.zeros(-len(states) % 4, np.int8)]).astype(np.uint8).reshape(-1, 4)
    squeezed: NDArray[np.uint8] = (whole << np.array([0, 2, 4, 6], np.uint8)).sum(axis=1).astype(np.uint8)
    return squeezed.tobytes()


def _spread(squeezed: bytes, n: int) -> NDArray[np.int8]:
    parts = np.frombuffer(squeezed, np.uint8)[:, None] >> np.array([0, 2, 4, 6], np.uint8)
    return ((parts & 3).ravel()[:n].astype(np.int8) - 1).astype(np.int8)
