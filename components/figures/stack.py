"""Lanes under one another: where each lies in the picture, its axis, and its traces on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.figures.strokes import Lane, var

GAP = 32
TOP = 26
BOTTOM = 44
LEFT = 74
RIGHT = 14


@dataclass(frozen=True, slots=True)
class Stack:
    """Lanes as parts of a figure: `axes` are the layout's y axes, `named` says whose axis is which, `height` is in px."""

    traces: list[dict[str, Any]]
    axes: dict[str, Any]
    shapes: list[dict[str, Any]]
    titles: list[dict[str, Any]]
    named: list[dict[str, Any]]
    height: int


def stack(lanes: Sequence[Lane], *, titled: bool, times: Sequence[str] = ()) -> Stack:
    """Return lanes stacked from the top; `titled` writes their titles into the picture, `times` names each lane's time axis."""
    height = sum(lane.height + GAP for lane in lanes) + TOP + BOTTOM
    found = Stack([], {}, [], [], [], height)
    top, inner = 0.0, float(height - TOP - BOTTOM)
    for i, lane in enumerate(lanes):
        top += GAP if i else GAP - 8
        name, time = "y" if i == 0 else f"y{i + 1}", times[i] if times else "x"
        found.axes[f"yaxis{'' if i == 0 else i + 1}"] = _axis(lane, 1 - (top + lane.height) / inner, 1 - top / inner)
        found.titles.extend([_title(lane, 1 - top / inner)] if titled else [])
        found.named.append({"key": lane.key, "axis": name, "height": lane.height, "title": lane.title})
        found.shapes.extend(_placed(shape, name) for shape in lane.shapes)
        found.traces.extend({**trace, "xaxis": time, "yaxis": name, "showlegend": False} for trace in lane.traces)
        top += lane.height
    return found


def frame(height: int) -> dict[str, Any]:
    """Return what the layout of every stack has: size, margins, letters."""
    return {
        "height": height, "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "bargap": 0, "showlegend": False,
        "font": {"family": "Inter, Noto Sans, system-ui, sans-serif", "size": 12, "color": var("text")},
    }  # fmt: skip


def time_axis(places: Sequence[float], labels: Sequence[str]) -> dict[str, Any]:
    """Return an axis of clock times with its grid."""
    return {
        "tickvals": list(places), "ticktext": list(labels), "showgrid": True, "gridcolor": var("line"), "zeroline": False,
        "showline": False, "tickfont": {"color": var("muted"), "size": 12}, "ticks": "",
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
