"""The strokes that lanes are drawn with: lines, boxes, hatching, in names of colors that the page's script resolves."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.figures.reduction import packed, packed_times, packed_values
from somnia_engine.text import t
from somnia_engine.types.hypnogram import EPOCH_S

GAP_EPOCHS = 10
"""From how many epochs on a stretch without data is hatched."""

Window = tuple[float, float] | None
"""The seconds of the night that are looked at closely; None is the whole night."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One panel: `height` in px, its traces and its y axis; `shapes` lie under them in the lane's own coordinates."""

    key: str
    title: str
    height: int
    traces: tuple[dict[str, Any], ...]
    axis: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[dict[str, Any], ...] = ()


def var(token: str, alpha: float = 1.0) -> str:
    """Return a token's name as the page's script resolves it, in the theme of the moment."""
    return f"var(--{token})" if alpha == 1.0 else f"var(--{token})/{alpha}"


def line(times: NDArray[np.float64], values: NDArray[np.float32], token: str) -> dict[str, Any]:
    """Return values as a line of steps; gaps stay gaps."""
    return {
        "type": "scatter", "mode": "lines", "x": packed_times(times), "y": packed_values(values), "connectgaps": False, "hoverinfo": "none",
        "line": {"color": var(token), "width": 1.25, "shape": "hv"},
    }  # fmt: skip


def evenly(values: NDArray[np.float32], token: str) -> dict[str, Any]:
    """Return a column of the 30-s grid as a line of steps; its times need not be sent."""
    drawn = line(np.empty(0), values, token)
    del drawn["x"]
    return {**drawn, "x0": 0, "dx": EPOCH_S}


def bars(runs: NDArray[Any], row: float, *, token: str, width: int, name: str) -> dict[str, Any]:
    """Return stretches [begin, end) in seconds as thick strokes on a row; they may be short, so none is thinned away."""
    x = np.column_stack([runs, runs[:, 1]]).ravel()
    y = np.tile([row, row, np.nan], len(runs))
    stroke = {"color": var(token), "width": width, "simplify": False}
    return {
        "type": "scatter", "mode": "lines", "x": packed_times(x), "y": packed(y), "line": stroke, "hoverinfo": "none", "name": name,
    }  # fmt: skip


def hatched(runs: NDArray[Any], *, low: float, high: float) -> tuple[dict[str, Any], ...]:
    """Return stretches without a value as hatched boxes over the lane's height; nothing where there are none."""
    if not len(runs):
        return ()
    return ({**boxes(runs, low=low, high=high), "fillpattern": pattern("/", "stage-none", 0.25), "name": t("Not measured")},)


def unmeasured(values: NDArray[np.float32], *, low: float, high: float) -> tuple[dict[str, Any], ...]:
    """Return what a column of the 30-s grid lacks for `GAP_EPOCHS` or more as hatched boxes; a column without any value has no gaps."""
    gaps = runs_of(np.isnan(values))
    long = gaps[np.diff(gaps, axis=1).ravel() >= GAP_EPOCHS]
    return hatched(long * EPOCH_S, low=low, high=high) if np.isfinite(values).any() else ()


def boxes(runs: NDArray[Any], *, low: float, high: float) -> dict[str, Any]:
    """Return stretches as boxes from one height to another, without a fill of their own."""
    begin, end = runs[:, 0], runs[:, 1]
    x = np.column_stack([begin, begin, end, end, begin, begin]).ravel()
    y = np.tile([low, high, high, low, low, np.nan], len(runs))
    return {
        "type": "scatter", "mode": "lines", "x": packed_times(x), "y": packed(y), "fill": "toself", "line": {"width": 0},
        "hoverinfo": "skip",
    }  # fmt: skip


def pattern(shape: str, token: str, solidity: float) -> dict[str, Any]:
    """Return a pattern that reads in grey too."""
    return {"shape": shape, "size": 7, "solidity": solidity, "fgcolor": var(token), "bgcolor": "rgba(0,0,0,0)"}


def runs_of(values: NDArray[Any], wanted: int | bool = True) -> NDArray[np.int64]:
    """Return [begin, end) of each unbroken run of a value, shape (k, 2), in epochs."""
    edges = np.diff(np.concatenate([[0], (values == wanted).astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)])


def range_of(values: NDArray[np.float32]) -> list[float]:
    """Return the ends of an axis around all values, rounded."""
    seen = values[np.isfinite(values)]
    if not len(seen):
        return [0.0, 1.0]
    pad = max(float(np.ptp(seen)) * 0.08, 0.5)
    return [round(float(seen.min()) - pad, 1), round(float(seen.max()) + pad, 1)]
