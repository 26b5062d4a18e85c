"""The night in one picture: lanes stacked over one clock."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.chances import breathing_lane, rhythm_lane
from components.figures.clock import Clock
from components.figures.lanes import (
    camera_lane,
    column_lane,
    device_lane,
    events_lane,
    heart_lane,
    hypnogram_lane,
    mat_lane,
    movement_lane,
    position_lane,
    probability_lane,
    room_lane,
    snore_lane,
    sound_lane,
    spo2_lane,
    stage_name,
)
from components.figures.measured import quality_lane
from components.figures.reduction import packed
from components.figures.stack import GAP, frame, stack, time_axis
from components.figures.strokes import Lane, Window, var
from components.theme import Theme, color
from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_engine.types.night import NightAnalysis

PERCENT = 100.0
MOVED = ("activity_count", "motion_index", "camera_motion_pct")
"""Columns of movement; the first that was measured is drawn."""
READ_OUT: tuple[tuple[Text, tuple[str, ...], float], ...] = (
    (Text("SpO₂"), ("spo2_pct",), 1),
    (Text("disturbed breathing"), ("p_breathing_event",), PERCENT),
    (Text("breaths"), ("resp_rate_bpm",), 1),
    (Text("heart"), ("hr_bpm",), 1),
    (Text("RMSSD"), ("rmssd_ms",), 1),
    (Text("irregular pulse"), ("p_irregular_rhythm",), PERCENT),
    (Text("sound"), ("sound_level_dba", "sound_level_db"), 1),
    (Text("snoring"), ("snore_frac",), PERCENT),
    (Text("movement"), MOVED, 1),
)
"""What the cursor reads out of each epoch: its word, the columns that stand for it, and how many of what is said make one."""


def night_figure(
    analysis: NightAnalysis, *, theme: Theme | None = None, probabilities: bool = False, window: Window = None
) -> dict[str, Any]:
    """Return the stacked night as a figure.

    `theme` gives its colors and titles its lanes; without one the colors are names of tokens, which the page's script turns into the
    colors of the moment, and the titles are the page's (`meta.lanes` says whose axis is which). `probabilities` shows how probable
    each stage was in place of the stages; `window` draws those seconds of the night more finely.
    """
    lanes = night_lanes(analysis, probabilities=probabilities, window=window)
    duration = analysis.features.n_epochs * EPOCH_S
    clock = Clock(analysis.start, analysis.zone)
    stacked = stack(lanes, titled=theme is not None)
    layout = _layout(clock, duration, stacked.height)
    layout |= stacked.axes
    layout["annotations"] += stacked.titles
    layout["shapes"] += stacked.shapes
    layout["xaxis"] |= {"anchor": "free", "position": 0}
    layout["meta"] = {**_read_out(analysis, clock, duration), "lanes": stacked.named, "gap": GAP}
    figure = {"data": stacked.traces, "layout": layout}
    return figure if theme is None else dressed(figure, theme)


def dressed(node: Any, theme: Theme) -> Any:
    """Return a figure's part with the names of tokens replaced by a theme's colors."""
    if isinstance(node, dict):
        return {key: part if key in ("meta", "bdata") else dressed(part, theme) for key, part in node.items()}
    if isinstance(node, list):
        return [dressed(part, theme) for part in node]
    if not isinstance(node, str) or not node.startswith("var(--"):
        return node
    name, _, alpha = node.removeprefix("var(--").partition(")")
    code = color(name, theme)
    if not alpha:
        return code
    return f"rgba({int(code[1:3], 16)},{int(code[3:5], 16)},{int(code[5:7], 16)},{alpha[1:]})"


def night_lanes(analysis: NightAnalysis, *, probabilities: bool = False, window: Window = None) -> tuple[Lane, ...]:
    """Return the lanes that this night has, from the top: sleep, breath, heart, what was around, events, and what was measured."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    traces = {trace.channel: trace for trace in analysis.traces if np.isfinite(trace.samples).any()}
    lanes: list[Lane | None] = []
    if hypnogram is not None:
        lanes.append((probability_lane(hypnogram) if probabilities else None) or hypnogram_lane(hypnogram))
    if analysis.hypnogram is not None and analysis.device_hypnogram is not None:
        lanes.append(device_lane(analysis.device_hypnogram))
    if "spo2_pct" in traces:
        lanes.append(spo2_lane(traces["spo2_pct"], analysis, window=window))
    lanes.append(breathing_lane(analysis))
    if analysis.features.coverage("resp_rate_bpm") > 0:
        lanes.append(column_lane(analysis, "resp_rate_bpm", "spo2", title=t("Breathing rate, per minute")))
    if "hr_bpm" in traces:
        lanes.append(heart_lane(traces["hr_bpm"], analysis, window=window))
    if analysis.features.coverage("rmssd_ms") > 0:
        lanes.append(column_lane(analysis, "rmssd_ms", "heart", title=t("Heart rate variability (RMSSD), ms")))
    lanes.append(rhythm_lane(analysis))
    loudness = traces.get("sound_level_dba", traces.get("sound_level_db"))
    if loudness is not None:
        lanes.append(sound_lane(loudness, analysis, window=window))
    lanes.append(snore_lane(analysis))
    moved = next((column for column in MOVED if analysis.features.coverage(column) > 0), None)
    lanes += [None if moved is None else movement_lane(analysis, moved), position_lane(analysis), mat_lane(analysis)]
    lanes += [camera_lane(analysis), room_lane(analysis)]
    lanes += [events_lane(analysis), quality_lane(analysis)]
    return tuple(lane for lane in lanes if lane is not None)


def _layout(clock: Clock, duration: float, height: int) -> dict[str, Any]:
    places, labels = clock.ticks(duration)
    axis = {**time_axis(places, labels), "range": [0, duration], "minallowed": 0, "maxallowed": duration}
    seams = [_seam(clock, at, change=change, late=at > duration / 2) for at, change in _changes(clock, duration)]
    return {
        **frame(height), "xaxis": axis, "hovermode": "x", "dragmode": "zoom", "uirevision": "night",
        "shapes": [seam[0] for seam in seams], "annotations": [seam[1] for seam in seams],
    }  # fmt: skip


def _changes(clock: Clock, duration: float) -> list[tuple[float, float]]:
    offsets = clock.offsets(duration)
    return [(late[0], late[1] - early[1]) for early, late in pairwise(offsets)]


def _seam(clock: Clock, at: float, *, change: float, late: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the line and the words at a clock change."""
    said = t("clocks go back, {time} again", time=clock.label(at)) if change < 0 else t("clocks go forward to {time}", time=clock.label(at))
    line = {
        "type": "line",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "xref": "x",
        "yref": "paper",
        "line": {"color": var("muted"), "width": 1, "dash": "dot"},
    }
    words = {"x": at, "xref": "x", "y": 1, "yref": "paper", "yanchor": "bottom", "text": said, "showarrow": False}
    words["xanchor"] = "right" if late else "left"
    return line, {**words, "font": {"size": 12, "color": var("muted")}}


def _read_out(analysis: NightAnalysis, clock: Clock, duration: float) -> dict[str, Any]:
    """Return what the cursor's line says of each epoch."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    columns = [
        {"label": t(label), "values": _whole(times * analysis.features[found]), "unit": " %" if times == PERCENT else ""}
        for label, names, times in READ_OUT
        if (found := next((name for name in names if analysis.features.coverage(name) > 0), None)) is not None
    ]
    meta: dict[str, Any] = {"columns": columns, "epoch_s": EPOCH_S, "duration_s": duration, "offsets": clock.offsets(duration)}
    meta["start_ms"] = None if analysis.start is None else int(analysis.start.timestamp() * 1000)
    if hypnogram is not None:
        meta["stages"] = "".join(_digit(stage) for stage in hypnogram.stages.tolist())
        meta["names"] = {_digit(stage): stage_name(stage) for stage in (*hypnogram.classes, Stage.UNSCORED)}
        if hypnogram.probabilities is not None:
            meta["sure"] = _whole(100 * _chosen(hypnogram.stages, hypnogram.classes, hypnogram.probabilities))
    return meta


def _digit(stage: int) -> str:
    """Return a stage as one character; 0 is not scored."""
    return str(int(stage) + 1)


def _whole(column: NDArray[np.float32]) -> dict[str, Any]:
    """Return a column rounded to whole numbers above its lowest, the highest of their kind where it was not measured."""
    seen = np.isfinite(column)
    low = int(np.rint(column[seen].min())) if seen.any() else 0
    above = np.rint(np.where(seen, column, low)).astype(np.int64) - low
    kind, most = ("u1", 255) if above.max(initial=0) < 255 else ("u2", 65535)
    return {"from": low, "none": most, **packed(np.where(seen, np.minimum(above, most - 1), most), kind=kind)}


def _chosen(stages: Any, classes: tuple[Stage, ...], p: Any) -> Any:
    column = {int(stage): i for i, stage in enumerate(classes)}
    index = np.array([column.get(int(s), 0) for s in stages])
    chosen = p[np.arange(len(stages)), index]
    return np.where(stages == Stage.UNSCORED, np.nan, chosen)
