"""One night twice, from its files and from its packet: how far the two analyses are apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.agreement import matched
from models.packet.nights import RawNight
from somnia_engine.analyse import analyse, record_of
from somnia_engine.detectors import judge
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.seal import OVERHEAD
from somnia_engine.packing import BUDGET, pack_night, packet_of
from somnia_engine.readers.packet import recording_of
from somnia_engine.types.events import EventTable
from somnia_engine.types.findings import Finding
from somnia_engine.types.night import NightAnalysis, NightHistory
from somnia_engine.types.recording import ReadOptions

INDICES = ("odi3_per_h", "odi4_per_h", "breathing_events_per_h", "breathing_pause_per_h")
STAGE_MINUTES = ("wake_min", "light_min", "n3_min", "rem_min")
NEAR_S = 15.0
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Apart:
    """How far a packet's analysis is from that of the files; NaN where the night has none of it."""

    set: str
    person: str
    packet_bytes: int
    raw_bytes: int
    kappa: float
    tst_min: float
    stage_min: float
    events_pct: float
    near_pct: float
    index_per_h: float
    levels_same: bool


def compare(raw: RawNight, *, budget: int = BUDGET, effort: int = 300) -> Apart:
    """Return how far the night of a packet of `budget` bytes is from the night of the files."""
    letter = pack_night(packet_of(raw.analysis), budget=budget, effort=effort)
    wanted = raw.analysis
    found = analyse([recording_of(read_letter(letter), "night.pkt", options=ReadOptions())], history=NightHistory(raw.earlier))
    counted, near = _events(wanted.events, found.events)
    return Apart(
        raw.set, raw.person, len(letter) + OVERHEAD, raw.raw_bytes,
        kappa=_kappa(wanted, found),
        tst_min=_apart(wanted, found, "tst_min"),
        stage_min=_largest([_apart(wanted, found, name) for name in STAGE_MINUTES]),
        events_pct=counted, near_pct=near,
        index_per_h=_largest([abs(found.measures.get(name, NAN) - wanted.measures.get(name, NAN)) for name in INDICES]),
        levels_same=_levels(judge(NightHistory((*raw.earlier, record_of(wanted))))) == _levels(found.findings),
    )  # fmt: skip


def _kappa(wanted: NightAnalysis, found: NightAnalysis) -> float:
    if wanted.hypnogram is None or found.hypnogram is None:
        return NAN if wanted.hypnogram is found.hypnogram else 0.0
    return kappa(wanted.hypnogram.stages, found.hypnogram.stages)


def kappa(first: NDArray[np.int8], second: NDArray[np.int8]) -> float:
    """Return Cohen's kappa of two scorings, unscored epochs as a class of their own; 1 where they are the same."""
    if np.array_equal(first, second):
        return 1.0
    same = float((first == second).mean())
    chance = sum(float((first == stage).mean() * (second == stage).mean()) for stage in np.union1d(first, second))
    return (same - chance) / (1.0 - chance) if chance < 1.0 else 0.0


def _apart(wanted: NightAnalysis, found: NightAnalysis, name: str) -> float:
    if wanted.hypnogram is None:
        return NAN  # the device's own stages are not in a packet
    return abs(float(getattr(found.statistics, name)) - float(getattr(wanted.statistics, name)))


def _largest(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return max(known) if known else NAN


def _levels(findings: Sequence[Finding]) -> dict[str, str]:
    return {finding.disorder: str(finding.level) for finding in findings}


def _events(wanted: EventTable, found: EventTable) -> tuple[float, float]:
    """Return by how much the numbers of events differ [%], the worst kind, and the share [%] of events found within 15 s."""
    if not len(wanted):
        return (NAN, NAN) if not len(found) else (100.0, 0.0)
    worst, near = 0.0, 0
    for kind in sorted(set(wanted.kind) | set(found.kind)):
        first, second = wanted.of_kind(kind).onset_s, found.of_kind(kind).onset_s
        worst = max(worst, 100.0 * abs(len(second) - len(first)) / max(len(first), 1))
        near += matched(first, second, within=NEAR_S)[0]
    return worst, 100.0 * near / len(wanted)
