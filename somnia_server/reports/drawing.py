"""The night as vectors for paper: lanes under one clock, told apart by height and pattern, so that they read in grey."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from somnia_engine.metrics.sound import snore_bouts
from somnia_engine.text import Text, t
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis

WIDTH, LEFT, RIGHT = 700.0, 74.0, 6.0
GAP, TITLE = 8.0, 11.0
HOUR_S = 3600.0
MOST_HOURS = 12
STAGES = (Stage.W, Stage.R, Stage.N1, Stage.T, Stage.N2, Stage.L, Stage.S, Stage.N, Stage.N3)
NAMES = {
    Stage.W: "W", Stage.R: "R", Stage.N1: "N1", Stage.N2: "N2", Stage.L: "N1+N2", Stage.N3: "N3", Stage.S: "S", Stage.N: "NREM",
    Stage.T: "T",
}  # fmt: skip
FILLS = {Stage.W: "#B7791F", Stage.R: "#C93B52", Stage.N1: "#5C97C9", Stage.N3: "#173A6B"}
SLEEP_FILL = "#2F74B5"
LOOK = (
    "text{font:6.5px Inter,sans-serif;fill:#5B6678}.title{fill:#18202E}.base,.hours{stroke:#D5DAE2;stroke-width:.5;fill:none}"
    ".rule{stroke:#5B6678;stroke-width:.4;stroke-dasharray:2 2;fill:none}.line{stroke:#18202E;stroke-width:.6;fill:none}"
    ".bars{stroke:#7A5AC2;stroke-width:.7;fill:none}.mark{fill:#18202E;stroke:#18202E;stroke-width:.4}.none{fill:#E3E7ED}"
)
"""The picture's own style: paper looks into it, and not into that of the page around."""


class Panel(NamedTuple):
    """One lane: its title, its height in points, what is drawn in it, and what stands at its left, by height."""

    title: str
    height: float
    body: str
    ticks: Sequence[tuple[float, str]]


def draw_night(analysis: NightAnalysis) -> str:
    """Return the lanes that a night has as one SVG picture, 700 points wide."""
    duration = max(analysis.features.n_epochs * EPOCH_S, EPOCH_S)
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    panels: list[Panel | None] = [None if hypnogram is None else _stages(hypnogram, duration)]
    for column, label, least in (("spo2_pct", Text("Blood oxygen, %"), 85.0), ("hr_bpm", Text("Heart rate, per minute"), None)):
        panels.append(_line(analysis, column, title=t(label), least=least))
    panels += [_snoring(analysis), _events(analysis, duration)]
    top, parts = 0.0, []
    for panel in (panel for panel in panels if panel is not None):
        parts.append(f'<g transform="translate(0 {top + TITLE:.1f})">{_framed(panel)}</g>')
        top += TITLE + panel.height + GAP
    hours, axis = _clock(analysis, duration, top)
    size = f'viewBox="0 0 {WIDTH:g} {top + 14:.1f}" width="{WIDTH:g}" height="{top + 14:.1f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="night"><style>{LOOK}</style>{hours}{"".join(parts)}{axis}</svg>'


def _x(second: float, duration: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * second / duration


def _framed(panel: Panel) -> str:
    ticks = "".join(f'<text x="{LEFT - 5:g}" y="{y + 2.6:.1f}" text-anchor="end">{escape(said)}</text>' for y, said in panel.ticks)
    base = f'<path d="M{LEFT:g} {panel.height:g}H{WIDTH - RIGHT:g}" class="base"/>'
    return f'<text x="{LEFT:g}" y="-2.5" class="title">{escape(panel.title)}</text>{base}{panel.body}{ticks}'


def _stages(hypnogram: Hypnogram, duration: float) -> Panel:
    """Return the stages as blocks on their rows; REM is the tallest block, unscored is dotted."""
    rows = [stage for stage in STAGES if stage in hypnogram.classes]
    step = 11.0
    body, at = [], 0
    for value, run in groupby(hypnogram.stages.tolist()):
        stage, length = Stage(value), sum(1 for _ in run)
        x0, x1 = (_x(place * hypnogram.epoch_s, duration) for place in (at, at + length))
        at += length
        if stage not in rows:
            body.append(f'<rect x="{x0:.1f}" y="0" width="{x1 - x0:.1f}" height="{step * len(rows):g}" class="none"/>')
            continue
        tall = 9.0 if stage is Stage.R else 6.0
        y = step * rows.index(stage) + (step - tall) / 2
        body.append(f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0, 0.4):.1f}" height="{tall:g}" fill="{FILLS.get(stage, SLEEP_FILL)}"/>')  # noqa: E501  # fmt: skip
    ticks = [(step * i + step / 2, NAMES[stage]) for i, stage in enumerate(rows)]
    return Panel(t("Sleep stages"), step * len(rows), "".join(body), ticks)


def _line(analysis: NightAnalysis, column: str, *, title: str, least: float | None) -> Panel | None:
    """Return a column as a line; a gap stays a gap. `least`: the axis goes down to it, and further when the night does."""
    values = analysis.features[column].astype(np.float64)
    seen = values[np.isfinite(values)]
    if not len(seen):
        return None
    low, high = float(seen.min()), float(seen.max())
    low, high = (min(least, low), 100.0) if least is not None else (low - 2.0, high + 2.0)
    height = 46.0
    y = height * (1.0 - (values - low) / (high - low))
    duration = max(analysis.features.n_epochs * EPOCH_S, EPOCH_S)
    path = "".join(_strokes(y, duration))
    middle = 90.0 if least is not None and low < 90.0 else (low + high) / 2
    ticks = [(height * (1.0 - (value - low) / (high - low)), f"{value:.0f}") for value in (low, middle, high)]
    rule = f'<path d="M{LEFT:g} {ticks[1][0]:.1f}H{WIDTH - RIGHT:g}" class="rule"/>' if least is not None else ""
    return Panel(title, height, f'{rule}<path d="{path}" class="line"/>', ticks)


def _strokes(y: NDArray[np.float64], duration: float) -> list[str]:
    parts, drawn = [], False
    for at, value in enumerate(y.tolist()):
        if not np.isfinite(value):
            drawn = False
            continue
        parts.append(f"{'L' if drawn else 'M'}{_x((at + 0.5) * EPOCH_S, duration):.1f} {value:.1f}")
        drawn = True
    return parts


def _snoring(analysis: NightAnalysis) -> Panel | None:
    share = analysis.features["snore_frac"]
    if not np.isfinite(share).any():
        return None
    duration, height = analysis.features.n_epochs * EPOCH_S, 26.0
    tall = [(_x((at + 0.5) * EPOCH_S, duration), height * float(share[at])) for at in np.flatnonzero(share > 0).tolist()]
    bars = "".join(f"M{x:.1f} {height:g}v{-y:.1f}" for x, y in tall)
    return Panel(t("Snoring, share of each half minute"), height, f'<path d="{bars}" class="bars"/>', [(height, "0"), (3.0, "100 %")])


def _events(analysis: NightAnalysis, duration: float) -> Panel | None:
    kinds = [kind for kind in EventKind if kind in analysis.events.kind]
    if not kinds:
        return None
    step, body = 9.0, []
    for row, kind in enumerate(kinds):
        events = analysis.events.of_kind(kind)
        ends = events.onset_s + events.duration_s
        spans = list(zip(events.onset_s.tolist(), ends.tolist(), strict=True))
        if kind is EventKind.SN:
            spans = [(float(events.onset_s[first]), float(ends[end - 1])) for first, end in snore_bouts(events)]
        marks = (f"M{_x(onset, duration):.1f} {row * step + 1.5:g}h{max(_x(end, duration) - _x(onset, duration), 0.4):.1f}v5H{_x(onset, duration):.1f}z" for onset, end in spans)  # noqa: E501  # fmt: skip
        body.append(f'<path d="{"".join(marks)}" class="mark"/>')
    return Panel(t("Events"), step * len(kinds), "".join(body), [(row * step + step / 2, str(kind)) for row, kind in enumerate(kinds)])


def _clock(analysis: NightAnalysis, duration: float, height: float) -> tuple[str, str]:
    """Return a thin line at each full hour of the local clock, and the hours' labels below."""
    start = analysis.start
    first = 0.0
    if start is not None:
        local = start.astimezone(ZoneInfo(analysis.zone)) if analysis.zone else start
        first = (HOUR_S - (local.minute * 60 + local.second)) % HOUR_S
    step = HOUR_S * (1 if duration <= MOST_HOURS * HOUR_S else 2)
    places = np.arange(first, duration, step).tolist()
    lines = "".join(f"M{_x(at, duration):.1f} 0V{height:.1f}" for at in places)
    said = [(_x(at, duration), _hour(start, analysis.zone, at)) for at in places]
    labels = (f'<text x="{x:.1f}" y="{height + 7:.1f}" text-anchor="middle">{hour}</text>' for x, hour in said)
    return f'<path d="{lines}" class="hours"/>', "".join(labels)


def _hour(start: datetime | None, zone: str | None, at: float) -> str:
    if start is None:
        return f"+{at / HOUR_S:.0f} h"
    moment = start.astimezone(UTC) + timedelta(seconds=at)
    return f"{moment.astimezone(ZoneInfo(zone) if zone else start.tzinfo):%H:%M}"
