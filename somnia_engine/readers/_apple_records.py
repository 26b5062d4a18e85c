"""The records of an Apple Health export that matter at night: sleep, and what the watch measured."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from somnia_engine.readers._clock import is_zone
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import Stage

IN_BED = -2
"""Code of a time in bed, beside the codes of `Stage`."""

_SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
_VALUE = "HKCategoryValueSleepAnalysis"
SLEEP_CODES: dict[str, int] = {
    _VALUE + "InBed": IN_BED,
    _VALUE + "Awake": Stage.W,
    _VALUE + "AsleepCore": Stage.L,
    _VALUE + "AsleepDeep": Stage.N3,
    _VALUE + "AsleepREM": Stage.R,
    _VALUE + "AsleepUnspecified": Stage.S,
    _VALUE + "Asleep": Stage.S,
}
_HK = "HKQuantityTypeIdentifier"
CHANNELS: dict[str, str] = {
    _HK + "HeartRate": "hr_bpm",
    _HK + "OxygenSaturation": "spo2_pct",
    _HK + "HeartRateVariabilitySDNN": "sdnn_ms",
    _HK + "RespiratoryRate": "resp_rate_bpm",
    _HK + "AppleSleepingWristTemperature": "skin_temp_c",
    _HK + "BodyTemperature": "body_temp_c",
    _HK + "StepCount": "step_count",
}
BIN_S = 1800
"""Length of the bins in which a survey remembers when something was measured [s]."""


@dataclass(frozen=True, slots=True)
class SleepRow:
    """One sleep record: UTC seconds, a code of `Stage` or IN_BED, and the zone that its metadata names."""

    source: str
    start_s: float
    end_s: float
    code: int
    zone: str | None


class Clock:
    """Reads `YYYY-MM-DD HH:MM:SS +HHMM` fast: each day and offset is worked out once."""

    def __init__(self) -> None:
        self._days: dict[str, float] = {}
        self.offset_s = 0.0

    def __call__(self, text: str) -> float:
        """Return UTC seconds; a text that is not such a time raises ValueError."""
        key = text[:10] + text[20:]
        day = self._days.get(key)
        if day is None:
            at = datetime.fromisoformat(f"{text[:10]}T00:00:00{text[20:].strip()}")
            offset = at.utcoffset()
            if offset is None or not 1990 < at.year < 2200:
                raise ValueError(text)
            self.offset_s = offset.total_seconds()
            day = self._days[key] = at.timestamp()
        return day + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])


@dataclass(slots=True)
class Records:
    """Collects records while expat walks the file; give `on_start` to the feed.

    Parameters
    ----------
    days : frozenset of str
        Dates (as written in the file) of which measured values are kept; nothing is kept when empty, only where values lie.
    """

    days: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=Clock)
    sleep: dict[tuple[str, float, float, int], str | None] = field(default_factory=dict)
    values: dict[str, dict[tuple[str, float, float, str], float]] = field(default_factory=dict)
    bins: dict[str, set[int]] = field(default_factory=dict)
    seen: int = 0
    repeated: int = 0
    unreadable: int = 0
    impossible: dict[str, int] = field(default_factory=dict)
    _current: tuple[str, float, float, int] | None = None

    def on_start(self, name: str, attributes: list[str]) -> None:
        """Take in one element; attributes are key, value, key, value."""
        if name == "Record":
            self._current = None
            kind = attributes[1] if attributes and attributes[0] == "type" else dict(_pairs(attributes)).get("type", "")
            if kind == _SLEEP:
                self._sleep(dict(_pairs(attributes)))
            elif kind in CHANNELS:
                self._value(CHANNELS[kind], attributes)
        elif name == "MetadataEntry" and self._current is not None:
            entry = dict(_pairs(attributes))
            if entry.get("key") == "HKTimeZone":
                self.sleep[self._current] = entry.get("value") or None

    def _sleep(self, record: dict[str, str]) -> None:
        self.seen += 1
        try:
            start, end = self.clock(record["startDate"]), self.clock(record["endDate"])
            code = SLEEP_CODES[record["value"]]
        except (KeyError, ValueError):
            self.unreadable += 1
            return
        if not 0 < end - start <= 86400:
            self.unreadable += 1
            return
        key = (" ".join(record.get("sourceName", "").split()), start, end, int(code))
        self.repeated += key in self.sleep
        self.sleep.setdefault(key, None)
        self._current = key

    def _value(self, channel: str, attributes: list[str]) -> None:
        self.seen += 1
        try:
            begin = attributes[attributes.index("startDate") + 1]
            if not self.days:
                self.bins.setdefault(channel, set()).add(int(self.clock(begin)) // BIN_S)
            elif begin[:10] in self.days:
                self._keep(channel, dict(_pairs(attributes)))
        except (KeyError, ValueError, IndexError):
            self.unreadable += 1

    def _keep(self, channel: str, record: dict[str, str]) -> None:
        start = self.clock(record["startDate"])
        end = self.clock(record.get("endDate", record["startDate"]))
        value = in_unit(channel, float(record["value"]), record.get("unit", ""))
        key = (record.get("sourceName", ""), start, end, record["value"])
        held = self.values.setdefault(channel, {})
        bounds = FEATURES[channel]
        high = math.inf if channel == "step_count" else bounds.high
        if key in held:
            self.repeated += 1
        elif bounds.low <= value <= high:
            held[key] = value
        else:
            self.impossible[channel] = self.impossible.get(channel, 0) + 1

    def rows(self) -> list[SleepRow]:
        """Return the sleep records in order of time."""
        known = {zone: zone if is_zone(zone) else None for zone in set(self.sleep.values()) if zone}
        rows = [SleepRow(*key, known.get(zone) if zone else None) for key, zone in self.sleep.items()]
        return sorted(rows, key=lambda row: (row.start_s, row.end_s, row.source, row.code))


def in_unit(channel: str, value: float, unit: str) -> float:
    """Return a value in its channel's unit: Apple writes oxygen as a fraction, and temperatures as the phone shows them."""
    if channel == "spo2_pct" and value <= 1.0:
        return 100.0 * value
    if channel.endswith("_temp_c") and unit == "degF":
        return (value - 32.0) / 1.8
    if channel in ("hr_bpm", "resp_rate_bpm") and unit == "count/s":
        return 60.0 * value
    if channel == "sdnn_ms" and unit == "s":
        return 1000.0 * value
    return value


def _pairs(attributes: list[str]) -> Iterator[tuple[str, str]]:
    return zip(attributes[::2], attributes[1::2], strict=False)
