"""From overlapping sleep records to nights: what belongs together, which source is believed, where lights went off."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np

from somnia_engine.readers._apple_records import BIN_S, IN_BED, Records, SleepRow
from somnia_engine.readers._clock import NOON, night_key
from somnia_engine.types.hypnogram import Stage, StageIntervals
from somnia_engine.types.recording import NightSpan

_APART_S = 2 * 3600.0
"""Records that lie further apart than this [s] are two sleeps."""
_LEAST_BINS = 4
"""Half hours with heart rate or oxygen that make a night without sleep records worth listing."""
_DETAILED = frozenset((Stage.L, Stage.N3, Stage.R))


@dataclass(frozen=True, slots=True)
class Sleep:
    """Sleep records that lie together, of all sources."""

    rows: tuple[SleepRow, ...]

    @property
    def start_s(self) -> float:
        return min(row.start_s for row in self.rows)

    @property
    def end_s(self) -> float:
        return max(row.end_s for row in self.rows)

    @property
    def zone(self) -> str | None:
        """The zone that most records name."""
        named = Counter(row.zone for row in self.rows if row.zone)
        return named.most_common(1)[0][0] if named else None


@dataclass(frozen=True, slots=True)
class FileZone:
    """How local days are found: a zone, or else the phone's offset at export; the hour at which a night's day begins."""

    zone: str | None
    offset_s: float
    split_hour: int = NOON

    def key(self, at_s: float, zone: str | None = None) -> date:
        """Return the night of a moment; `zone` is the record's own."""
        offset = timezone(timedelta(seconds=self.offset_s))
        return night_key(datetime.fromtimestamp(at_s, offset), zone or self.zone, self.split_hour)


def sleeps(rows: Sequence[SleepRow]) -> list[Sleep]:
    """Group records, in order of time, into sleeps."""
    groups: list[list[SleepRow]] = []
    end = -np.inf
    for row in rows:
        if not groups or row.start_s - end > _APART_S:
            groups.append([])
        groups[-1].append(row)
        end = row.end_s if len(groups[-1]) == 1 else max(end, row.end_s)
    return [Sleep(tuple(group)) for group in groups]


def by_night(found: Sequence[Sleep], days: FileZone) -> dict[date, list[Sleep]]:
    """Return the sleeps of each night, the longest first."""
    nights: dict[date, list[Sleep]] = defaultdict(list)
    for sleep in found:
        nights[days.key(sleep.start_s, sleep.zone)].append(sleep)
    return {key: sorted(group, key=lambda s: s.start_s - s.end_s) for key, group in sorted(nights.items())}


def spans(nights: dict[date, list[Sleep]], records: Records, days: FileZone) -> tuple[NightSpan, ...]:
    """Return what a survey shows: nights with sleep records, and those with two hours of heart rate or oxygen."""
    found = {key: (group[0].start_s, group[0].end_s) for key, group in nights.items()}
    measured: dict[date, list[int]] = defaultdict(list)
    for at in sorted(records.bins.get("hr_bpm", set()) | records.bins.get("spo2_pct", set())):
        measured[days.key(at * BIN_S)].append(at)
    for key, bins in measured.items():
        if key not in found and len(bins) >= _LEAST_BINS:
            found[key] = (bins[0] * BIN_S, (bins[-1] + 1) * BIN_S)
    moments = {key: (datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for key, (a, b) in sorted(found.items())}
    return tuple(NightSpan(key, a, b, (b - a).total_seconds()) for key, (a, b) in moments.items())


def believed(sleep: Sleep) -> tuple[str, list[str]]:
    """Return the source whose stages count and the names of the others: stages before plain sleep before time in bed, then the longest."""
    ranks: dict[str, tuple[int, float]] = {}
    for source in {row.source for row in sleep.rows}:
        own = [row for row in sleep.rows if row.source == source]
        asleep = [row for row in own if row.code not in (IN_BED, Stage.W)]
        detail = 2 if any(row.code in _DETAILED for row in own) else int(bool(asleep))
        ranks[source] = (detail, sum(row.end_s - row.start_s for row in asleep or own))
    order = sorted(ranks, key=lambda source: (*ranks[source], source), reverse=True)
    return order[0], order[1:]


def stages_of(sleep: Sleep, source: str, *, start_s: float) -> StageIntervals | None:
    """Return the stages of one source, sorted and without overlap; None when it knows only the time in bed."""
    own = [row for row in sleep.rows if row.source == source and row.code != IN_BED]
    if not any(row.code != Stage.W for row in own):
        return None
    placed: list[tuple[float, float, int]] = []
    for plain in (False, True):
        for row in own:
            if (row.code == Stage.S) is plain:
                placed += [(a, b, row.code) for a, b in _free(row.start_s, row.end_s, placed)]
        placed.sort()
    return StageIntervals(
        onset_s=np.array([a - start_s for a, _, _ in placed], dtype=np.float64),
        duration_s=np.array([b - a for a, b, _ in placed], dtype=np.float64),
        stages=np.array([code for _, _, code in placed], dtype=np.int8),
        scorer=device_name(source),
    )


def _free(start: float, end: float, placed: Sequence[tuple[float, float, int]]) -> list[tuple[float, float]]:
    """Return the parts of an interval that no placed one covers."""
    parts = [(start, end)]
    for a, b, _ in placed:
        if b > start and a < end:
            parts = [(x, y) for p, q in parts for x, y in ((p, min(q, a)), (max(p, b), q)) if y > x]
    return parts


def lights_s(sleep: Sleep, source: str) -> tuple[float, float]:
    """Return lights off and on [UTC s]: the source's own time in bed or waking before sleep, else another source's time in bed."""
    own = [row for row in sleep.rows if row.source == source]
    staged = [row for row in own if row.code != IN_BED] or own
    low, high = min(row.start_s for row in staged), max(row.end_s for row in staged)
    in_bed = [row for row in own if row.code == IN_BED]
    if not in_bed and min(staged, key=lambda row: row.start_s).code != Stage.W:
        others = [row for row in sleep.rows if row.code == IN_BED and row.start_s < high and row.end_s > low]
        in_bed = [max(others, key=lambda row: row.end_s - row.start_s)] if others else []
    return min([low, *(row.start_s for row in in_bed)]), max([high, *(row.end_s for row in in_bed)])


def device_name(source: str) -> str:
    """Return a source's name without its owner: "Dee's Apple Watch" is an Apple Watch."""
    return re.sub(r"^.*?[’'`´]s?\s+", "", source) or source
