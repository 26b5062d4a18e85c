"""Two nights over one clock: the same lane of both under one another, drawn on the same scale."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from components.figures.clock import Clock
from components.figures.lanes import heart_lane, hypnogram_lane, movement_lane, snore_lane, spo2_lane
from components.figures.stack import frame, stack, time_axis
from components.figures.strokes import Lane
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NightAnalysis

NOON = time(12)
MOST_TICKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two nights: its analysis, its day, and what it is called in the picture."""

    analysis: NightAnalysis
    night: date
    name: str

    def noon_s(self) -> float | None:
        """Return how many seconds of the clock after its day's noon the recording begins; None where nobody knows."""
        began = Clock(self.analysis.start, self.analysis.zone).at(0)
        return None if began is None else (began.replace(tzinfo=None) - datetime.combine(self.night, NOON)) / timedelta(seconds=1)


def pair_figure(first: Side, second: Side) -> dict[str, Any]:
    """Return the lanes of two nights, by their clocks where both are known, else from their beginnings."""
    sides = (first, second)
    known = [side.noon_s() for side in sides]
    begins = [at for at in known if at is not None]
    begins = begins if len(begins) == len(sides) else [0.0, 0.0]
    low = min(begins)
    high = max(at + side.analysis.features.n_epochs * EPOCH_S for at, side in zip(begins, sides, strict=True))
    lanes, times = _lanes(sides)
    stacked = stack(lanes, titled=True, times=times)
    axes = {
        name: {**time_axis(*_ticks(side, low - at, high - low)), "range": [low - at, high - at], "fixedrange": True}
        for name, side, at in zip(("xaxis", "xaxis2"), sides, begins, strict=True)
    }
    axes["xaxis"] |= {"anchor": "free", "position": 0}
    axes["xaxis2"] |= {"overlaying": "x", "showticklabels": False}
    layout = {**frame(stacked.height), **axes, **stacked.axes, "shapes": stacked.shapes, "annotations": stacked.titles}
    return {"data": stacked.traces, "layout": {**layout, "hovermode": False, "dragmode": False}}


def _ticks(side: Side, from_s: float, length_s: float) -> tuple[list[float], list[str]]:
    """Return places and labels from a moment on that may lie before the recording."""
    start = side.analysis.start
    clock = Clock(None if start is None else start + timedelta(seconds=from_s), side.analysis.zone)
    places, labels = clock.ticks(length_s, most=MOST_TICKS)
    return [place + from_s for place in places], [label.partition("<")[0] for label in labels]


def _lanes(sides: tuple[Side, Side]) -> tuple[list[Lane], list[str]]:
    """Return the lanes that one of them has at least, each pair on one scale, and each lane's time axis."""
    lanes: list[Lane] = []
    times: list[str] = []
    for made in KINDS:
        pair = [(side, lane, axis) for side, axis in zip(sides, ("x", "x2"), strict=True) if (lane := made(side.analysis)) is not None]
        drawn = [lane for _, lane, _ in pair]
        scale = _scale(drawn)
        lanes += [replace(lane, title=f"{lane.title} · {side.name}", axis={**lane.axis, **scale}) for side, lane, _ in pair]
        times += [axis for _, _, axis in pair]
    return lanes, times


def _scale(lanes: list[Lane]) -> dict[str, Any]:
    """Return the range that holds all lanes; that of stages is their rows' own."""
    if len(lanes) < 2 or lanes[0].key == "stages":
        return {}
    low, high = zip(*(lane.axis["range"] for lane in lanes), strict=True)
    wider = min(lanes, key=lambda lane: lane.axis["range"][0]).axis
    return {**wider, "range": [min(low), max(high)]}


def _stages(analysis: NightAnalysis) -> Lane | None:
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    return None if hypnogram is None else hypnogram_lane(hypnogram)


def _trace(analysis: NightAnalysis, channel: str) -> Any:
    return next((trace for trace in analysis.traces if trace.channel == channel and np.isfinite(trace.samples).any()), None)


def _oxygen(analysis: NightAnalysis) -> Lane | None:
    trace = _trace(analysis, "spo2_pct")
    return None if trace is None else spo2_lane(trace, analysis)


def _heart(analysis: NightAnalysis) -> Lane | None:
    trace = _trace(analysis, "hr_bpm")
    return None if trace is None else heart_lane(trace, analysis)


def _movement(analysis: NightAnalysis) -> Lane | None:
    moved = next((column for column in ("activity_count", "motion_index") if analysis.features.coverage(column) > 0), None)
    return None if moved is None else movement_lane(analysis, moved)


KINDS: tuple[Callable[[NightAnalysis], Lane | None], ...] = (_stages, _oxygen, _heart, snore_lane, _movement)
"""What is compared, from the top."""
