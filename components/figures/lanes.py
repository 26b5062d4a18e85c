"""The lanes of a night, one function each: analysis in, traces and the lane's axis out."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.reduction import envelope, packed, packed_times, reduce_min_max
from components.theme import STAGE_TOKENS
from somnia_engine.text import Text, t
from somnia_engine.types.events import GLOSSARY, EventKind
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal

POINTS = 1200
POINTS_OF = {"spo2_pct": 2000}
SOUND_SLICES = 900
BREATHING_90 = 90.0
LEVELS = {Stage.W: 4.0, Stage.R: 3.0, Stage.N1: 2.0, Stage.N2: 1.0, Stage.L: 1.0, Stage.S: 1.0, Stage.N: 1.0, Stage.T: 2.0, Stage.N3: 0.0}
NAMES: dict[Stage, Text] = {
    Stage.W: Text("Awake"),
    Stage.R: Text("REM"),
    Stage.N1: Text("N1"),
    Stage.N2: Text("N2"),
    Stage.L: Text("Light"),
    Stage.S: Text("Asleep"),
    Stage.N: Text("Non-REM"),
    Stage.T: Text("Transitional"),
    Stage.N3: Text("Deep"),
}


def var(token: str, alpha: float = 1.0) -> str:
    """Return a token's name as the page's script resolves it, in the theme of the moment."""
    return f"var(--{token})" if alpha == 1.0 else f"var(--{token})/{alpha}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One panel: `height` in px, its traces and its y axis; `shapes` lie under them in the lane's own coordinates."""

    key: str
    title: str
    height: int
    traces: tuple[dict[str, Any], ...]
    axis: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[dict[str, Any], ...] = ()


def stage_name(stage: Stage) -> str:
    """Return a stage's name for people."""
    return t("Not scored") if stage is Stage.UNSCORED else t(NAMES[stage])


def hypnogram_lane(hypnogram: Hypnogram) -> Lane:
    """Return the stages as blocks on their rows, W, R, N1, N2, N3 from the top, REM thickest."""
    order = [s for s in (Stage.W, Stage.R, Stage.N1, Stage.T, Stage.N2, Stage.L, Stage.S, Stage.N, Stage.N3) if s in hypnogram.classes]
    rows = {stage: float(len(order) - 1 - i) for i, stage in enumerate(order)}
    unscored = _hatched(_runs(hypnogram.stages, Stage.UNSCORED) * hypnogram.epoch_s, low=-0.6, high=len(order) - 0.4)
    traces = [*unscored, _steps(hypnogram, rows), *(_blocks(hypnogram, stage, row) for stage, row in rows.items())]
    axis = {
        "range": [-0.6, len(order) - 0.4],
        "tickvals": list(rows.values()),
        "ticktext": [stage_name(s) for s in rows],
        "showgrid": False,
    }
    return Lane("stages", t("Sleep stages"), 42 * max(len(order), 2) + 8, tuple(traces), axis)


def probability_lane(hypnogram: Hypnogram) -> Lane | None:
    """Return how probable each stage was, stacked to one, two-minute means; None when the scorer gives none."""
    p = hypnogram.probabilities
    if p is None or not len(p):
        return None
    starts = np.arange(0, len(p), 4)
    means = np.stack([_nan_mean(p[s : s + 4]) for s in starts])
    order = [s for s in (Stage.N3, Stage.L, Stage.N2, Stage.S, Stage.N, Stage.N1, Stage.T, Stage.R, Stage.W) if s in hypnogram.classes]
    traces = tuple(
        {
            "type": "scatter", "mode": "lines", "stackgroup": "p", "x": packed_times(starts * hypnogram.epoch_s),
            "y": packed(means[:, hypnogram.classes.index(stage)].round(3)), "line": {"width": 0},
            "fillcolor": var(STAGE_TOKENS[stage], 0.9), "hoverinfo": "none", "name": stage_name(stage),
        }
        for stage in order
    )  # fmt: skip
    return Lane(
        "probabilities", t("How sure: share of each stage"), 110, traces, {"range": [0, 1], "tickvals": [0, 0.5, 1], "tickformat": ".0%"}
    )


def device_lane(hypnogram: Hypnogram) -> Lane:
    """Return the device's own stages as one thin strip."""
    traces = tuple(_blocks(hypnogram, stage, 0.0, width=10) for stage in hypnogram.classes)
    return Lane(
        "device", t("Stages by {scorer}", scorer=hypnogram.scorer), 22, traces, {"range": [-1, 1], "tickvals": [], "showgrid": False}
    )


def trace_lane(trace: Signal, token: str, *, title: str) -> Lane:
    """Return one channel as a line; gaps stay gaps."""
    times, values = reduce_min_max(trace.times_s, trace.samples, most=POINTS_OF.get(trace.channel, POINTS))
    line = {**_line(times, values, token), "name": title}
    return Lane(trace.channel, title, 64, (line,), {"range": _range(values), "nticks": 3})


def sound_lane(trace: Signal) -> Lane:
    """Return the loudest sound of each half minute as a filled outline."""
    times, values = envelope(trace.times_s, trace.samples, slices=SOUND_SLICES)
    low, high = _range(values)
    level = {
        **_line(times, values - low, "snore"),
        "fill": "tozeroy",
        "fillcolor": var("snore", 0.28),
    }  # from the lane's floor, not from 0 dB
    marks = [float(mark) for mark in range(-200, 200, 20) if low < mark < high]
    axis = {"range": [0, high - low], "tickvals": [mark - low for mark in marks], "ticktext": [f"{mark:.0f}" for mark in marks]}
    return Lane(trace.channel, t("Sound level, relative dB"), 64, (level,), axis)


def _range(values: NDArray[np.float32]) -> list[float]:
    """Return the ends of an axis around all values, rounded."""
    seen = values[np.isfinite(values)]
    if not len(seen):
        return [0.0, 1.0]
    pad = max(float(np.ptp(seen)) * 0.08, 0.5)
    return [round(float(seen.min()) - pad, 1), round(float(seen.max()) + pad, 1)]


def _line(times: NDArray[np.float64], values: NDArray[np.float32], token: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": packed_times(times), "y": packed(values), "connectgaps": False, "hoverinfo": "none",
        "line": {"color": var(token), "width": 1.25, "shape": "hv"},
    }  # fmt: skip


def spo2_lane(trace: Signal, analysis: NightAnalysis) -> Lane:
    """Return blood oxygen from 70 (or lower, when the night goes lower) to 100, below 90 shaded, with a tick at each desaturation."""
    base = trace_lane(trace, "spo2", title=t("Blood oxygen, %"))
    lowest = float(np.nanmin(trace.samples))
    bottom = 70.0 if lowest >= 70 else 5 * np.floor(lowest / 5)
    bottom = 80.0 if lowest >= 84 else bottom
    ticks = analysis.events.of_kind(EventKind.DS)
    marks = {
        "type": "scatter", "mode": "markers", "x": packed_times(ticks.onset_s), "y": packed(np.full(len(ticks), 100.0)),
        "hoverinfo": "none",
        "marker": {"symbol": "line-ns", "size": 6, "line": {"width": 1.2, "color": var("spo2")}}, "name": t("Desaturation"),
    }  # fmt: skip
    below = {
        "type": "rect",
        "x0": 0,
        "x1": 1,
        "xref": "paper",
        "y0": bottom,
        "y1": BREATHING_90,
        "fillcolor": var("spo2", 0.08),
        "line": {"width": 0},
        "layer": "below",
    }
    tickvals = [v for v in (60, 70, 80, 90, 100) if v >= bottom]
    return Lane("spo2_pct", base.title, 84, (*base.traces, marks), {"range": [bottom, 101.5], "tickvals": tickvals}, (below,))


def movement_lane(analysis: NightAnalysis, column: str) -> Lane:
    """Return movement as bars, its root so that small turns are seen beside large ones."""
    counts = analysis.features[column]
    moved = np.flatnonzero(counts > 0)
    bars = {
        "type": "bar", "x": packed_times((moved + 0.5) * EPOCH_S), "y": packed(np.sqrt(counts[moved])), "width": EPOCH_S,
        "marker": {"color": var("movement"), "line": {"width": 0}}, "hoverinfo": "none", "name": t("Movement"),
    }  # fmt: skip
    tallest = float(np.sqrt(counts[moved].max())) if len(moved) else 1.0
    gaps = _runs(np.isnan(counts).astype(np.int8), 1)
    missing = _hatched(gaps[np.diff(gaps, axis=1).ravel() >= 10] * EPOCH_S, low=0.0, high=tallest)
    axis = {"range": [0, tallest * 1.05], "tickvals": [], "showgrid": False}
    return Lane(column, t("Movement"), 48, (*missing, bars), axis)


def events_lane(analysis: NightAnalysis) -> Lane | None:
    """Return one row a kind of event; None when there is none."""
    kinds = [kind for kind in EventKind if kind in analysis.events.kind]
    if not kinds:
        return None
    traces = [_event_row(analysis, kind, len(kinds) - 1 - i) for i, kind in enumerate(kinds)]
    rows = list(range(len(kinds) - 1, -1, -1))
    axis = {"range": [-0.7, len(kinds) - 0.3], "tickvals": rows, "ticktext": [str(k) for k in kinds], "showgrid": False}
    return Lane(
        "events",
        t("Events: {kinds}", kinds=", ".join(f"{k} {t(GLOSSARY[k][0])}" for k in kinds)),
        20 * len(kinds) + 10,
        tuple(traces),
        axis,
    )


def room_lane(analysis: NightAnalysis) -> Lane | None:
    """Return the room's temperature; None when it was not measured."""
    values = analysis.features["room_temp_c"]
    if not np.isfinite(values).any():
        return None
    return trace_lane(Signal("room_temp_c", values, 1 / EPOCH_S, FEATURES["room_temp_c"].unit), "room", title=t("Room temperature, °C"))


def _event_row(analysis: NightAnalysis, kind: EventKind, row: int) -> dict[str, Any]:
    events = analysis.events.of_kind(kind)
    ends = events.onset_s + np.maximum(events.duration_s, 5.0)
    x = np.stack([events.onset_s, ends, ends], axis=1).ravel()
    token = {EventKind.DS: "spo2", EventKind.BR: "heart", EventKind.TA: "heart", EventKind.IR: "heart", EventKind.SN: "snore"}.get(
        kind, "muted"
    )
    y = np.tile([row, row, np.nan], len(events))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed_times(x),
        "y": packed(y),
        "line": {"color": var(token), "width": 9, "simplify": False},
        "hoverinfo": "none",
        "name": str(kind),
    }


def _blocks(hypnogram: Hypnogram, stage: Stage, row: float, *, width: int = 15) -> dict[str, Any]:
    runs = _runs(hypnogram.stages, stage) * hypnogram.epoch_s
    x = np.column_stack([runs, runs[:, 1]]).ravel()
    y = np.tile([row, row, np.nan], len(runs))
    line = {"color": var(STAGE_TOKENS[stage]), "width": width + 5 if stage is Stage.R and width > 10 else width, "simplify": False}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed_times(x),
        "y": packed(y),
        "line": line,
        "hoverinfo": "none",
        "name": stage_name(stage),
    }


def _steps(hypnogram: Hypnogram, rows: dict[Stage, float]) -> dict[str, Any]:
    y = np.array([rows.get(Stage(s), np.nan) for s in hypnogram.stages.tolist()], dtype=np.float32)
    change = np.flatnonzero(np.diff(y, prepend=np.nan) != 0)
    x = change * hypnogram.epoch_s
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed_times(x),
        "y": packed(y[change]),
        "line": {"shape": "hv", "width": 1, "color": var("muted", 0.55)},
        "hoverinfo": "none",
    }


def _runs(values: NDArray[np.int8], wanted: int) -> NDArray[np.int64]:
    """Return [begin, end) of each unbroken run of a value, shape (k, 2), in epochs."""
    edges = np.diff(np.concatenate([[0], (values == wanted).astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)])


def _hatched(runs: NDArray[Any], *, low: float, high: float) -> tuple[dict[str, Any], ...]:
    """Return stretches without a value as hatched boxes over the lane's height; nothing where there are none."""
    if not len(runs):
        return ()
    begin, end = runs[:, 0], runs[:, 1]
    x = np.column_stack([begin, begin, end, end, begin, begin]).ravel()
    y = np.tile([low, high, high, low, low, np.nan], len(runs))
    pattern = {"shape": "/", "size": 7, "solidity": 0.25, "fgcolor": var("stage-none"), "bgcolor": "rgba(0,0,0,0)"}
    return (
        {
            "type": "scatter", "mode": "lines", "x": packed_times(x), "y": packed(y), "fill": "toself", "fillpattern": pattern,
            "line": {"width": 0}, "hoverinfo": "skip", "name": t("Not measured"),
        },
    )  # fmt: skip


def _nan_mean(p: NDArray[np.float32]) -> NDArray[np.float32]:
    seen = np.isfinite(p).all(axis=1)
    mean: NDArray[np.float32] = p[seen].mean(axis=0) if seen.any() else np.full(p.shape[1], np.nan, np.float32)
    return mean
