"""The lane that says which stream was measured when, and where what was recorded could not be used."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.strokes import Lane, bars, boxes, pattern, runs_of
from somnia_engine.text import Text, t
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NightAnalysis

STREAMS: tuple[tuple[tuple[str, ...], str, Text], ...] = (
    (("spo2_pct",), "spo2", Text("oxygen")),
    (("p_breathing_event", "resp_rate_bpm"), "spo2", Text("breath")),
    (("hr_bpm",), "heart", Text("heart")),
    (("rmssd_ms", "rr_ms"), "heart", Text("beats")),
    (("p_irregular_rhythm",), "heart", Text("rhythm")),
    (("sound_level_db",), "snore", Text("sound")),
    (("activity_count", "motion_index", "camera_motion_pct"), "movement", Text("movement")),
    (("room_temp_c",), "room", Text("room")),
)
"""Rows from the top: the columns that stand for each stream (the first that was measured), its color and its short name."""
JOINED = 2
"""Holes of at most this many epochs are not drawn: a watch that writes once a minute is not a stream with holes."""


def quality_lane(analysis: NightAnalysis) -> Lane | None:
    """Return a row a stream: solid where it was measured, hatched where it was on and gave nothing usable, empty before and after."""
    rows = [(column, token, t(name)) for columns, token, name in STREAMS if (column := _measured(analysis, columns)) is not None]
    if not rows:
        return None
    traces: list[dict[str, Any]] = []
    for i, (column, token, name) in enumerate(rows):
        row = len(rows) - 1 - i
        solid, refused = _stretches(np.isfinite(analysis.features[column]))
        traces.append(bars(solid * EPOCH_S, row, token=token, width=7, name=name))
        if len(refused):
            hatch = boxes(refused * EPOCH_S, low=row - 0.32, high=row + 0.32)
            traces.append({**hatch, "fillpattern": pattern("/", "muted", 0.35), "name": t("Not usable")})
    axis = {
        "range": [-0.7, len(rows) - 0.3],
        "tickvals": list(range(len(rows) - 1, -1, -1)),
        "ticktext": [name for *_, name in rows],
        "showgrid": False,
    }
    return Lane("quality", t("Measured when"), 16 * len(rows) + 10, tuple(traces), axis)


def _measured(analysis: NightAnalysis, columns: tuple[str, ...]) -> str | None:
    return next((column for column in columns if analysis.features.coverage(column) > 0), None)


def _stretches(seen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the measured stretches and, between the first and the last of them, those without a usable value."""
    first, last = np.flatnonzero(seen)[[0, -1]]
    holes = runs_of(~seen)
    inner = (holes[:, 0] > first) & (holes[:, 1] <= last)
    refused = holes[inner & (np.diff(holes, axis=1).ravel() > JOINED)]
    joined = np.zeros(len(seen), bool)
    joined[first : last + 1] = True
    for begin, end in refused:
        joined[begin:end] = False
    return runs_of(joined), refused
