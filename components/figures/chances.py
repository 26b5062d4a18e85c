"""Lanes of what is estimated for each half minute: how likely disturbed breathing and an irregular pulse were, and when they showed."""

from typing import Any

import numpy as np

from components.figures.strokes import Lane, bars, evenly, pattern, unmeasured, var
from somnia_engine.text import t
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NightAnalysis

LIKELY = 50.0
"""From here on [%] an event is more likely than not; a dotted line says where."""
AXIS = {"range": [0, 118], "tickvals": [0, 50, 100], "ticktext": ["0", "50", "100 %"]}


def breathing_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how likely disturbed breathing was in each half minute; None where it was not estimated."""
    return _chance_lane(analysis, "p_breathing_event", title=t("Disturbed breathing, likelihood"), dress=("spo2", "\\"))


def rhythm_lane(analysis: NightAnalysis) -> Lane | None:
    """Return how likely an irregular pulse was in each half minute, its episodes barred above; None where it was not estimated."""
    found = analysis.events.of_kind(EventKind.IR)
    spans = np.column_stack([found.onset_s, found.onset_s + np.maximum(found.duration_s, EPOCH_S)])
    above = (bars(spans, 111, token="heart", width=7, name=t("Irregular pulse")),) if len(found) else ()
    return _chance_lane(analysis, "p_irregular_rhythm", title=t("Irregular pulse, likelihood"), dress=("heart", "x"), episodes=above)


def _chance_lane(
    analysis: NightAnalysis, column: str, *, title: str, dress: tuple[str, str], episodes: tuple[dict[str, Any], ...] = ()
) -> Lane | None:
    token, shape = dress
    share = 100 * analysis.features[column]
    if not np.isfinite(share).any():
        return None
    whole = share.round()
    area = {"fill": "tozeroy", "fillpattern": {**pattern(shape, token, 0.3), "bgcolor": var(token, 0.12)}}
    drawn = {**evenly(whole, token), **area, "name": title}
    half = {
        "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": LIKELY, "y1": LIKELY,
        "line": {"color": var("muted"), "width": 1, "dash": "dot"}, "layer": "below",
    }  # fmt: skip
    traces = (*unmeasured(share, low=0, high=100), drawn, *episodes)
    return Lane(column, title, 56, traces, AXIS, (half,))
