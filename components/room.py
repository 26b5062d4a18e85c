"""The room of a night: each mean beside its usual range, and what light and noise had to do with waking, beside chance."""

import math
from typing import Any

from dash import html

from components import ids
from components.numbers import NUMBERS, Number, said
from somnia_engine.text import t
from somnia_engine.types.night import NightAnalysis

MEANS = ("room_temp_mean_c", "humidity_mean_pct", "co2_mean_ppm", "light_mean_lux", "noise_mean_db")


def room_panel(analysis: NightAnalysis) -> html.Section | None:
    """Return the panel; None when nothing of the room was measured for half of the time in bed."""
    told = [number for number in NUMBERS if number.key in MEANS and not math.isnan(analysis.measures.get(number.key, math.nan))]
    waking = _waking(analysis)
    if not told and not waking:
        return None
    rows = [_row(number, analysis.measures[number.key]) for number in told]
    return html.Section(
        [html.H2(t("The room"), id=ids.ROOM), *([html.Dl(rows)] if rows else []), *waking],
        className="seen finding-more",
        **{"aria-labelledby": ids.ROOM},
    )


def _row(number: Number, value: float) -> html.Div:
    usual = [] if number.usual is None else [t("Usual: {range} ({source}).", range=number.usual, source=number.source)]
    name = html.Dt([t(number.label), *(html.Small(words, className="fine") for words in usual)])
    return html.Div([name, html.Dd(said(value, number.form), className="numeric")], className="seen-row")


def _waking(analysis: NightAnalysis) -> list[Any]:
    keys = ("disturbances_asleep", "disturbances_then_awake", "disturbances_then_awake_by_chance")
    count, awake, chance = (analysis.measures.get(key, math.nan) for key in keys)
    if math.isnan(count) or count == 0 or math.isnan(chance):
        return []
    told = {"n": f"{count:.0f}", "awake": f"{awake:.0f}", "chance": f"{chance:.1f}"}
    return [
        html.P(t("Lights and noises while asleep: {n}; followed by an awakening within a minute: {awake} (by chance {chance}).", **told))
    ]
