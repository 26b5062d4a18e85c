"""The lanes of a night, one function each: analysis in, traces and the lane's axis out."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.reduction import envelope_around, packed, packed_times, reduce_around
from components.figures.strokes import Lane, Window, bars, evenly, hatched, line, range_of, runs_of, unmeasured, var
from components.theme import STAGE_TOKENS
from somnia_engine.metrics.sound import snore_bouts
from somnia_engine.text import Text, t
from somnia_engine.types.events import GLOSSARY, EventKind
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal

POINTS = 960
POINTS_OF = {"spo2_pct": 1400}
SOUND_SLICES = 720
"""How many points a lane gets for the whole night; a window that is looked at closely is asked for again."""
BREATHING_90 = 90.0
LEVELS = {Stage.W: 4.0, Stage.R: 3.0, Stage.N1: 2.0, Stage.N2: 1.0, Stage.L: 1.0, Stage.S: 1.0, Stage.N: 1.0, Stage.T: 2.0, Stage.N3: 0.0}
EVENT_TOKENS = {
    EventKind.DS: "spo2",
    EventKind.BP: "spo2",
    EventKind.BE: "heart",
    EventKind.BR: "heart",
    EventKind.TA: "heart",
    EventKind.IR: "heart",
    EventKind.SN: "snore",
}
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


def stage_name(stage: Stage) -> str:
    """Return a stage's name for people."""
    return t("Not scored") if stage is Stage.UNSCORED else t(NAMES[stage])


def hypnogram_lane(hypnogram: Hypnogram) -> Lane:
    """Return the stages as blocks on their rows, W, R, N1, N2, N3 from the top, REM thickest."""
    order = [s for s in (Stage.W, Stage.R, Stage.N1, Stage.T, Stage.N2, Stage.L, Stage.S, Stage.N, Stage.N3) if s in hypnogram.classes]
    rows = {stage: float(len(order) - 1 - i) for i, stage in enumerate(order)}
    unscored = hatched(runs_of(hypnogram.stages, Stage.UNSCORED) * hypnogram.epoch_s, low=-0.6, high=len(order) - 0.4)
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
        "stages", t("Sleep stages: how likely each was"), 110, traces, {"range": [0, 1], "tickvals": [0, 0.5, 1], "tickformat": ".0%"}
    )


def device_lane(hypnogram: Hypnogram) -> Lane:
    """Return the device's own stages as one thin strip."""
    traces = tuple(_blocks(hypnogram, stage, 0.0, width=10) for stage in hypnogram.classes)
    return Lane(
        "device", t("Stages by {scorer}", scorer=hypnogram.scorer), 22, traces, {"range": [-1, 1], "tickvals": [], "showgrid": False}
    )


def heart_lane(trace: Signal, analysis: NightAnalysis, *, window: Window = None) -> Lane:
    """Return the heart rate, what was not measured for five minutes hatched."""
    lane = trace_lane(trace, "heart", title=t("Heart rate, per minute"), window=window)
    low, high = lane.axis["range"]
    return replace(lane, traces=(*unmeasured(analysis.features["hr_bpm"], low=low, high=high), *lane.traces))


def trace_lane(trace: Signal, token: str, *, title: str, window: Window = None) -> Lane:
    """Return one channel as a line; gaps stay gaps."""
    times, values = reduce_around(trace.times_s, trace.samples, most=POINTS_OF.get(trace.channel, POINTS), window=window)
    drawn = {**line(times, values, token), "name": title}
    return Lane(trace.channel, title, 64, (drawn,), {"range": range_of(values), "nticks": 3})


def column_lane(analysis: NightAnalysis, column: str, token: str, *, title: str) -> Lane:
    """Return a column of the 30-s grid as a line, what was not measured for five minutes hatched."""
    values = analysis.features[column]
    low, high = range_of(values)
    drawn = {**evenly(values, token), "name": title}
    axis = {"range": [low, high], "nticks": 3}
    return Lane(column, title, 48, (*unmeasured(values, low=low, high=high), drawn), axis)


def sound_lane(trace: Signal, analysis: NightAnalysis, *, window: Window = None) -> Lane:
    """Return the loudest sound of each half minute as a filled outline, hatched where noise may hide a sleeper."""
    times, values = envelope_around(trace.times_s, trace.samples, slices=SOUND_SLICES, window=window)
    low, high = range_of(values)
    level = {
        **line(times, values - low, "snore"),
        "fill": "tozeroy",
        "fillcolor": var("snore", 0.28),
    }  # from the lane's floor, not from 0 dB
    marks = [float(mark) for mark in range(-200, 200, 20) if low < mark < high]
    axis = {"range": [0, high - low], "tickvals": [mark - low for mark in marks], "ticktext": [f"{mark:.0f}" for mark in marks]}
    hidden = hatched(_hidden(analysis), low=0, high=high - low)
    title = t("Sound level, dB(A)") if trace.channel == "sound_level_dba" else t("Sound level, relative dB")
    return Lane(trace.channel, title, 64, (*hidden, level), axis)


def _hidden(analysis: NightAnalysis) -> NDArray[Any]:
    """Return first and end second of each recorded stretch in which noise hid the sleeper; none for a night of an older engine."""
    level, clear = analysis.features["sound_level_db"], analysis.features["jaw_frac"]
    known = "jaw_frac" in analysis.features.columns
    return runs_of(np.isfinite(level) & np.isnan(clear) & known, True) * EPOCH_S


def snore_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how much of each half minute was snored through, as bars; None where no sound could be judged."""
    share = analysis.features["snore_frac"]
    if not np.isfinite(share).any():
        return None
    snored = np.flatnonzero(share > 0)
    drawn = {
        "type": "bar", "x": packed_times((snored + 0.5) * EPOCH_S), "y": packed((100 * share[snored]).round()), "width": EPOCH_S,
        "marker": {"color": var("snore"), "line": {"width": 0}}, "hoverinfo": "none", "name": t("Snoring"),
    }  # fmt: skip
    axis = {"range": [0, 105], "tickvals": [0, 50, 100], "ticktext": ["0", "50", "100 %"]}
    return Lane("snore_frac", t("Snoring, share of each half minute"), 48, (*unmeasured(share, low=0, high=105), drawn), axis)


def spo2_lane(trace: Signal, analysis: NightAnalysis, *, window: Window = None) -> Lane:
    """Return blood oxygen from 70 (or lower, when the night goes lower) to 100, below 90 shaded, each desaturation barred above."""
    base = trace_lane(trace, "spo2", title=t("Blood oxygen, %"), window=window)
    lowest = float(np.nanmin(trace.samples))
    bottom = 70.0 if lowest >= 70 else 5 * np.floor(lowest / 5)
    bottom = 80.0 if lowest >= 84 else bottom
    falls = analysis.events.of_kind(EventKind.DS)
    marks = {
        "type": "scatter", "mode": "markers", "x": packed_times(falls.onset_s), "y": packed(np.full(len(falls), 101), kind="u1"),
        "hoverinfo": "none", "name": t("Desaturation"),
        "marker": {"symbol": "line-ns", "size": 6, "line": {"width": 1.2, "color": var("spo2")}},
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
    gaps = unmeasured(analysis.features["spo2_pct"], low=bottom, high=100.0)
    tickvals = [v for v in (60, 70, 80, 90, 100) if v >= bottom]
    return Lane("spo2_pct", base.title, 84, (*gaps, *base.traces, marks), {"range": [bottom, 102.5], "tickvals": tickvals}, (below,))


def movement_lane(analysis: NightAnalysis, column: str) -> Lane:
    """Return movement as bars, its root so that small turns are seen beside large ones."""
    counts = analysis.features[column]
    moved = np.flatnonzero(counts > 0)
    moves = {
        "type": "bar", "x": packed_times((moved + 0.5) * EPOCH_S), "y": packed(np.sqrt(counts[moved])), "width": EPOCH_S,
        "marker": {"color": var("movement"), "line": {"width": 0}}, "hoverinfo": "none", "name": t("Movement"),
    }  # fmt: skip
    tallest = float(np.sqrt(counts[moved].max())) if len(moved) else 1.0
    axis = {"range": [0, tallest * 1.05], "tickvals": [], "showgrid": False}
    return Lane(column, t("Movement"), 48, (*unmeasured(counts, low=0.0, high=tallest), moves), axis)


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


def position_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how the trunk lay; None when no sensor was worn on it."""
    if analysis.features.coverage("trunk_position") == 0:
        return None
    lane = column_lane(analysis, "trunk_position", "room", title=t("Position of the trunk"))
    names = [t("on the back"), t("on the left"), t("on the right"), t("on the front"), t("upright")]
    return replace(lane, height=84, axis={"range": [-0.5, 4.5], "tickvals": list(range(5)), "ticktext": names})


def mat_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how the body lay on a pressure mat; None when there was none."""
    if analysis.features.coverage("mat_position") == 0:
        return None
    lane = column_lane(analysis, "mat_position", "room", title=t("Position on the mat"))
    names = [t("back or front"), t("left"), t("right")]
    return replace(lane, height=56, axis={"range": [-0.5, 2.5], "tickvals": list(range(3)), "ticktext": names})


def camera_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how a camera saw the body lie; None when no position was told."""
    if analysis.features.coverage("camera_position") == 0:
        return None
    lane = column_lane(analysis, "camera_position", "room", title=t("Position seen by the camera"))
    names = [t("on the back"), t("on the left"), t("on the right"), t("on the front"), t("upright")]
    return replace(lane, height=84, axis={"range": [-0.5, 4.5], "tickvals": list(range(5)), "ticktext": names})


def room_lane(analysis: NightAnalysis) -> Lane | None:
    """Return the room's temperature; None when it was not measured."""
    if analysis.features.coverage("room_temp_c") == 0:
        return None
    return column_lane(analysis, "room_temp_c", "room", title=t("Room temperature, °C"))


def _event_row(analysis: NightAnalysis, kind: EventKind, row: int) -> dict[str, Any]:
    events = analysis.events.of_kind(kind)
    ends_s = events.onset_s + np.maximum(events.duration_s, 5.0)
    spans = np.column_stack([events.onset_s, ends_s])
    if kind is EventKind.SN:  # thousands in a night: a bar for each bout, as in the list below the chart
        spans = np.array([(events.onset_s[first], ends_s[end - 1]) for first, end in snore_bouts(events)])
    return bars(spans, row, token=EVENT_TOKENS.get(kind, "muted"), width=9, name=str(kind))


def _blocks(hypnogram: Hypnogram, stage: Stage, row: float, *, width: int = 15) -> dict[str, Any]:
    thick = width + 5 if stage is Stage.R and width > 10 else width
    stretches = runs_of(hypnogram.stages, stage) * hypnogram.epoch_s
    return bars(stretches, row, token=STAGE_TOKENS[stage], width=thick, name=stage_name(stage))


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


def _nan_mean(p: NDArray[np.float32]) -> NDArray[np.float32]:
    seen = np.isfinite(p).all(axis=1)
    mean: NDArray[np.float32] = p[seen].mean(axis=0) if seen.any() else np.full(p.shape[1], np.nan, np.float32)
    return mean
