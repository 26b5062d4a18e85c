"""What the browser needs to draw a night for scoring: stages of everybody, chances, events, signals, the clock."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.figures.clock import Clock
from components.figures.lanes import stage_name
from components.figures.reduction import packed, reduce_min_max
from components.words import CHANNELS
from somnia_engine.metrics.agreement import least_certain
from somnia_engine.text import t
from somnia_engine.types.events import GLOSSARY, EventTable
from somnia_engine.types.features import FEATURES
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal

POINTS = 1600
"""About how many points of a signal are drawn for a whole night."""
FULL_S = 1800.0
"""A window as long as this or shorter is drawn with every sample [s]."""
PERCENT = 100.0
COLORS = {"hr": "heart", "spo2": "spo2", "sound": "snore", "snore": "snore", "motion": "movement", "activity": "movement", "room": "room"}
"""The hue of a modality, by the first word of its channel."""


def digits(hypnogram: Hypnogram | None, n: int) -> str:
    """Return stages in digits, "0" where there is none; as long as the night."""
    said = "" if hypnogram is None else "".join(chr(ord("1") + int(stage)) for stage in hypnogram.stages[:n].tolist())
    return said.ljust(n, "0")


def review_data(analysis: NightAnalysis, others: Sequence[tuple[str, str]], own: Any) -> dict[str, Any]:
    """Return the night for the browser; `others` are further scorers' names and stages, `own` the doctor's marks or None."""
    n, clock = analysis.features.n_epochs, Clock(analysis.start, analysis.zone)
    lanes = [_lane(t("Automatic"), digits(analysis.hypnogram, n))] if analysis.hypnogram is not None else []
    lanes += (
        [_lane(analysis.device_hypnogram.scorer, digits(analysis.device_hypnogram, n))] if analysis.device_hypnogram is not None else []
    )
    lanes += [_lane(name, stages) for name, stages in others]
    first = analysis.hypnogram or analysis.device_hypnogram
    return {
        "n": n,
        "epoch_s": EPOCH_S,
        "start_ms": None if analysis.start is None else int(analysis.start.timestamp() * 1000),
        "offsets": clock.offsets(n * EPOCH_S),
        "lanes": lanes,
        "mine": {"label": t("Yours"), "stages": digits(first, n) if own is None else own.stages},
        "p": _chances(analysis.hypnogram),
        "tour": list(least_certain(analysis.hypnogram)) if analysis.hypnogram is not None else [],
        "names": {chr(ord("1") + stage.value): stage_name(stage) for stage in Stage},
        "kinds": {kind.value: t(name) for kind, (name, _) in GLOSSARY.items()},
        "events": _events(analysis.events),
        "own_events": _events(analysis.events) if own is None else [[e.kind.value, e.onset_s, e.duration_s] for e in own.events],
        "comments": [] if own is None else [[c.at_s, c.text] for c in own.comments],
        "lights": {"off": analysis.lights.off_s, "on": analysis.lights.on_s},
        "own_lights": {"off": None, "on": None} if own is None else {"off": own.off_s, "on": own.on_s},
        "signals": [_overview(trace) for trace in analysis.traces],
        "full_s": FULL_S,
        "words": _words(),
    }


def full_signals(analysis: NightAnalysis, from_s: float, to_s: float) -> list[dict[str, Any]]:
    """Return every sample of each signal within a window [s], as it is kept."""
    found = []
    for trace in analysis.traces:
        first = max(int((from_s - trace.onset_s) * trace.fs), 0)
        last = min(int((to_s - trace.onset_s) * trace.fs) + 1, len(trace.samples))
        if last > first:
            found.append(
                {
                    "key": trace.channel,
                    "onset": trace.onset_s + first / trace.fs,
                    "fs": trace.fs,
                    "values": packed(trace.samples[first:last]),
                }
            )
    return found


def _lane(label: str, stages: str) -> dict[str, str]:
    return {"label": label, "stages": stages}


def _chances(hypnogram: Hypnogram | None) -> dict[str, Any] | None:
    """Return how likely each stage is, in percent of a byte each, 255 where unscored; None without."""
    if hypnogram is None or hypnogram.probabilities is None:
        return None
    p = np.where(np.isfinite(hypnogram.probabilities), np.rint(PERCENT * np.nan_to_num(hypnogram.probabilities)), 255)
    return {"classes": "".join(chr(ord("1") + int(stage)) for stage in hypnogram.classes), "values": packed(p, kind="u1")}


def _events(events: EventTable) -> list[list[Any]]:
    return [[e.kind.value, round(e.onset_s, 2), round(e.duration_s, 2), e.source] for e in events]


def _overview(trace: Signal) -> dict[str, Any]:
    times, values = reduce_min_max(trace.onset_s + np.arange(len(trace.samples)) / trace.fs, trace.samples, most=POINTS)
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    name = CHANNELS.get(trace.channel) or (FEATURES[trace.channel].label if trace.channel in FEATURES else None)
    return {
        "key": trace.channel,
        "label": t(name) if name is not None else trace.channel,
        "unit": trace.unit,
        "fs": trace.fs,
        "color": COLORS.get(trace.channel.split("_")[0], "movement"),
        "times": packed(times),
        "values": packed(values),
        "low": low,
        "high": high if high > low else low + 1,
    }


def _words() -> dict[str, str]:
    """Return what the script says; it makes no sentence of its own."""
    return {
        "epoch": t("epoch"), "mine": t("yours"), "automatic": t("automatic"), "sure": t("how certain"), "chances": t("Probabilities"),
        "own_events": t("Your events"), "comment": t("Your comment on this moment:"), "none": t("No event."), "tour": t("least certain"),
        "seconds": t("s"),
    }  # fmt: skip
