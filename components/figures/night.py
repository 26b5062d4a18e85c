"""The night in one picture: lanes stacked over one clock."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.clock import Clock
from components.figures.lanes import (
    Lane,
    device_lane,
    events_lane,
    hypnogram_lane,
    movement_lane,
    probability_lane,
    room_lane,
    sound_lane,
    spo2_lane,
    stage_name,
    trace_lane,
    var,
)
from components.theme import Theme, color
from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_engine.types.night import NightAnalysis

GAP = 30
TOP = 26
BOTTOM = 44
LEFT = 74
RIGHT = 14
READ_OUT: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (Text("SpO₂"), ("spo2_pct",)),
    (Text("heart"), ("hr_bpm",)),
    (Text("sound"), ("sound_level_db",)),
    (Text("movement"), ("activity_count", "motion_index")),
)


def night_figure(analysis: NightAnalysis, *, theme: Theme | None = None, probabilities: bool = False) -> dict[str, Any]:
    """Return the stacked night as a figure.

    `theme` gives its colors; without one they are names of tokens, which the page's script turns into the colors of the moment.
    `probabilities` shows how probable each stage was in place of the stages.
    """
    lanes = night_lanes(analysis, probabilities=probabilities)
    duration = analysis.features.n_epochs * EPOCH_S
    clock = Clock(analysis.start, analysis.zone)
    height = sum(lane.height + GAP for lane in lanes) + TOP + BOTTOM
    layout = _layout(clock, duration, height)
    traces: list[dict[str, Any]] = []
    top, inner = 0.0, float(height - TOP - BOTTOM)
    for i, lane in enumerate(lanes):
        top += GAP if i else GAP - 8
        name = "y" if i == 0 else f"y{i + 1}"
        layout[f"yaxis{'' if i == 0 else i + 1}"] = _axis(lane, 1 - (top + lane.height) / inner, 1 - top / inner)
        layout["annotations"].append(_title(lane, 1 - top / inner))
        layout["shapes"] += [_placed(shape, name) for shape in lane.shapes]
        traces += [{**trace, "xaxis": "x", "yaxis": name, "showlegend": False} for trace in lane.traces]
        top += lane.height
    layout["xaxis"]["anchor"] = "free"
    layout["xaxis"]["position"] = 0
    layout["meta"] = _read_out(analysis, clock, duration)
    figure = {"data": traces, "layout": layout}
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


def night_lanes(analysis: NightAnalysis, *, probabilities: bool = False) -> tuple[Lane, ...]:
    """Return the lanes that this night has, from the top."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    traces = {trace.channel: trace for trace in analysis.traces}
    lanes: list[Lane | None] = []
    if hypnogram is not None:
        lanes.append((probability_lane(hypnogram) if probabilities else None) or hypnogram_lane(hypnogram))
    if analysis.hypnogram is not None and analysis.device_hypnogram is not None:
        lanes.append(device_lane(analysis.device_hypnogram))
    if _has(traces.get("spo2_pct")):
        lanes.append(spo2_lane(traces["spo2_pct"], analysis))
    if _has(traces.get("hr_bpm")):
        lanes.append(trace_lane(traces["hr_bpm"], "heart", title=t("Heart rate, per minute")))
    if _has(traces.get("sound_level_db")):
        lanes.append(sound_lane(traces["sound_level_db"]))
    for column in ("activity_count", "motion_index"):
        if analysis.features.coverage(column) > 0:
            lanes.append(movement_lane(analysis, column))
            break
    lanes += [room_lane(analysis), events_lane(analysis)]
    return tuple(lane for lane in lanes if lane is not None)


def _has(trace: Any) -> bool:
    return trace is not None and bool(np.isfinite(trace.samples).any())


def _layout(clock: Clock, duration: float, height: int) -> dict[str, Any]:
    places, labels = clock.ticks(duration)
    axis = {
        "range": [0, duration], "minallowed": 0, "maxallowed": duration, "tickvals": places, "ticktext": labels, "showgrid": True,
        "gridcolor": var("line"), "zeroline": False, "showline": False, "tickfont": {"color": var("muted"), "size": 12}, "ticks": "",
    }  # fmt: skip
    seams = [_seam(clock, at, change=change, late=at > duration / 2) for at, change in _changes(clock, duration)]
    return {
        "height": height, "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, Noto Sans, system-ui, sans-serif", "size": 12, "color": var("text")}, "xaxis": axis, "bargap": 0,
        "hovermode": "x", "dragmode": "zoom", "showlegend": False, "uirevision": "night",
        "shapes": [seam[0] for seam in seams], "annotations": [seam[1] for seam in seams],
    }  # fmt: skip


def _axis(lane: Lane, bottom: float, top: float) -> dict[str, Any]:
    look = {
        "gridcolor": var("line"),
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": var("muted"), "size": 12},
        "ticks": "",
        "ticklabelstandoff": 6,
    }
    return {**look, **lane.axis, "domain": [max(0.0, bottom), min(1.0, top)]}


def _title(lane: Lane, top: float) -> dict[str, Any]:
    place = {"x": 0, "xref": "paper", "xanchor": "left", "y": min(1.0, top), "yref": "paper", "yanchor": "bottom", "yshift": 3}
    return {**place, "text": lane.title, "showarrow": False, "font": {"size": 12, "color": var("muted")}}


def _placed(shape: dict[str, Any], axis: str) -> dict[str, Any]:
    yref = f"{axis} domain" if shape.get("yref") == "domain" else axis
    return {"xref": "x", **shape, "yref": yref}


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
        {"label": t(label), "values": _whole(analysis.features[found])}
        for label, names in READ_OUT
        if (found := next((name for name in names if analysis.features.coverage(name) > 0), None)) is not None
    ]
    meta: dict[str, Any] = {"columns": columns, "epoch_s": EPOCH_S, "duration_s": duration, "offsets": clock.offsets(duration)}
    meta["start_ms"] = None if analysis.start is None else int(analysis.start.timestamp() * 1000)
    if hypnogram is not None:
        meta["stages"] = hypnogram.stages.tolist()
        meta["names"] = {str(int(stage)): stage_name(stage) for stage in (*hypnogram.classes, Stage.UNSCORED)}
        if hypnogram.probabilities is not None:
            best = np.nan_to_num(_chosen(hypnogram.stages, hypnogram.classes, hypnogram.probabilities), nan=-1)
            meta["sure"] = [round(100 * p) if p >= 0 else None for p in best.tolist()]
    return meta


def _whole(column: NDArray[np.float32]) -> list[int | None]:
    """Return a column rounded to whole numbers, None where it was not measured."""
    seen = np.isfinite(column)
    rounded = np.rint(np.where(seen, column, 0)).astype(int).tolist()
    return [value if known else None for value, known in zip(rounded, seen.tolist(), strict=True)]


def _chosen(stages: Any, classes: tuple[Stage, ...], p: Any) -> Any:
    column = {int(stage): i for i, stage in enumerate(classes)}
    index = np.array([column.get(int(s), 0) for s in stages])
    chosen = p[np.arange(len(stages)), index]
    return np.where(stages == Stage.UNSCORED, np.nan, chosen)
