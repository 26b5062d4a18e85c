"""Breathing events of every sensor as one list: each with the sensors that saw it, how likely it is, and how it was lain in."""

import math
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.resources import load_card
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NAN, Lights

NAME = "joined_breathing"
LAG_S = 20.0
"""Blood oxygen at the finger follows the breath by about this long [s]: the circulation from lung to finger. Our own, rounded."""
FALLING = 0.56
"""Share of a fall, from its onset to two thirds of its recovery, that lies before the nadir; the median of HuGCDN2014's falls."""
SHORTEST_S = 10.0
"""An apnea lasts at least this long [s] (Berry 2012, doi 10.5664/jcsm.2172)."""
NEAR_S = 10.0
"""Two sensors tell one event where their times overlap or lie this close [s]. Our own."""
FOLLOWS_S = 25.0
"""A fall may begin this much after the lag [s]. Our own."""
BODY = (EventKind.DS, EventKind.BE)
SCORED = (EventKind.OA, EventKind.CA, EventKind.MA, EventKind.H)
LEAST_MIN = 15.0
"""Less monitored time in a position or stage has no index of its own [min]."""
LEAST_NIGHT_MIN = 240.0
"""Less monitored time has no index at all [min] (a home test's least: Kapur 2017, doi 10.5664/jcsm.6506)."""
INDEX = "joined_events_per_h"
PARTS = ("supine", "other_side", "rem", "nrem")
NAMES = (INDEX, *(f"joined_{part}_per_h" for part in PARTS), *(f"joined_{part}_min" for part in PARTS))
BACK, BACK_OR_FRONT = 0.0, 5.0
"""Values of `trunk_position`, and one more for a mat, which cannot tell the back from the front; both count as supine."""
NREM = (Stage.N1, Stage.N2, Stage.N3, Stage.L, Stage.N)


class JoinedEvent(NamedTuple):
    """One breathing event: `p` is its likelihood 0..1, `kinds` what was seen of it, `sources` who saw it; times in night seconds."""

    onset_s: float
    duration_s: float
    p: float
    kinds: tuple[EventKind, ...]
    sources: tuple[str, ...]


@cache
def _sound_weights() -> tuple[float, float]:
    """Return what a pause that was heard adds to the logit of an event, and what hearing none takes from it."""
    card = load_card(NAME)["sound"]
    recall, false = float(card["recall"]), float(card["false_frac"])
    return float(np.log(recall / false)), float(np.log((1.0 - recall) / (1.0 - false)))


def join_breathing(features: NightFeatures, events: EventTable, *, lights: Lights) -> tuple[JoinedEvent, ...]:
    """Return the breathing events in bed, told by blood oxygen, by the pulse and by sound or picture, each once.

    Parameters
    ----------
    features : NightFeatures
        `p_breathing_event` and, for whether breathing could be heard, `snore_frac`.
    events : EventTable
        DS, BE and BP are read. A fall of blood oxygen tells of an event 20 s before it.
    lights : Lights

    Returns
    -------
    tuple of JoinedEvent
        In order of time; none on a night whose source scored apneas itself, or without blood oxygen and beats. The likelihood is that
        of the half minutes it lies in, raised by a pause that was heard, and lowered where breathing was heard without one: by the
        likelihood ratios in `models/joined_breathing/card.toml`. A pause alone is listed where the two make it likely.
    """
    p = features["p_breathing_event"]
    if any(kind in SCORED for kind in events.kind) or not np.isfinite(p).any():
        return ()
    inside = events.between(lights.off_s, lights.on_s)
    groups = _grouped([_span(event) for event in inside.of_kind(*BODY)], [_span(event) for event in inside.of_kind(EventKind.BP)])
    heard, sounds = np.isfinite(features["snore_frac"]), features.sources.get("snore_frac", ())
    least = float(load_card(NAME)["least_p"])
    found = (_joined(group, p, heard, sounds=sounds) for group in groups)
    return tuple(sorted(event for event in found if event.p >= least))


def _span(event: Event) -> Event:
    """Return an event at the time of the breath that it tells of."""
    if event.kind is not EventKind.DS:
        return event
    return event._replace(onset_s=max(event.onset_s - LAG_S, 0.0), duration_s=max(FALLING * event.duration_s, SHORTEST_S))


def _grouped(body: list[Event], pauses: list[Event]) -> list[list[Event]]:
    """Return events with the pauses that belong to them; a pause that belongs to none stands alone."""
    groups = [[event] for event in body]
    starts = np.array([event.onset_s for event in body])
    ends = np.array([event.onset_s + event.duration_s for event in body])
    for pause in pauses:
        shared = np.minimum(ends, pause.onset_s + pause.duration_s) - np.maximum(starts, pause.onset_s)
        best = int(np.argmax(shared)) if len(shared) else -1
        if best >= 0 and shared[best] >= -NEAR_S:
            groups[best].append(pause)
        else:
            groups.append([pause])
    return groups


def _joined(group: list[Event], p: NDArray[np.float32], heard: NDArray[np.bool_], *, sounds: tuple[str, ...]) -> JoinedEvent:
    timed = [event for event in group if event.kind is EventKind.BP] or group
    onset = min(event.onset_s for event in timed)
    end = max(event.onset_s + event.duration_s for event in timed)
    first = min(int(onset // EPOCH_S), len(p) - 1)
    span = slice(first, max(int(np.ceil((end + LAG_S) / EPOCH_S)), first + 1))
    likely = max((value for value in p[span].tolist() if not math.isnan(value)), default=0.0)
    if heard[span].all():
        paused = any(event.kind is EventKind.BP and event.source in sounds for event in group)
        likely = _weighed(likely, _sound_weights()[0 if paused else 1])
    kinds = tuple(sorted({event.kind for event in group}))
    return JoinedEvent(onset, max(end - onset, SHORTEST_S), likely, kinds, tuple(sorted({event.source for event in group})))


def _weighed(p: float, weight: float) -> float:
    odds = math.exp(weight) * p / max(1.0 - p, 1e-6)
    return odds / (1.0 + odds)


def position_of(features: NightFeatures) -> NDArray[np.float32]:
    """Return the position of each epoch, shape (n_epochs,), in the values of `trunk_position`, 5 for "back or front"; NaN unknown.

    A sensor on the trunk goes before a mat under it.
    """
    trunk, mat = features["trunk_position"], features["mat_position"]
    return np.where(np.isnan(trunk), np.where(mat == 0.0, BACK_OR_FRONT, mat), trunk).astype(np.float32)


def joined_measures(features: NightFeatures, events: EventTable, *, hypnogram: Hypnogram | None, lights: Lights) -> dict[str, float]:
    """Return joined breathing events per hour of monitored time in bed: of all of it, by position and by stage.

    Parameters
    ----------
    features, events, lights
        As of `join_breathing`.
    hypnogram : Hypnogram or None
        For the indices of REM and other sleep.

    Returns
    -------
    dict of str to float
        `joined_events_per_h`, and for `supine`, `other_side`, `rem` and `nrem` the index and the monitored minutes behind it. NaN: under
        4 h in all, under 15 min in a part, or the source scored apneas itself (its own indices hold).
    """
    watched = np.isfinite(features["p_breathing_event"])
    start_s = np.arange(features.n_epochs) * EPOCH_S
    watched &= (start_s >= lights.off_s) & (start_s < lights.on_s)
    if watched.sum() * EPOCH_S / 60.0 < LEAST_NIGHT_MIN or any(kind in SCORED for kind in events.kind):
        return dict.fromkeys(NAMES, NAN)
    onsets = np.array([event.onset_s for event in join_breathing(features, events, lights=lights)])
    counts = np.bincount((onsets // EPOCH_S).astype(np.int64), minlength=features.n_epochs)[: features.n_epochs]
    found = {INDEX: _per_h(counts, watched, least_min=0.0)}
    for part, mask in _parts(features, hypnogram).items():
        found[f"joined_{part}_per_h"] = _per_h(counts, watched & mask, least_min=LEAST_MIN)
        found[f"joined_{part}_min"] = float((watched & mask).sum() * EPOCH_S / 60.0) if mask.any() else NAN
    return found


def _per_h(counts: NDArray[np.int64], mask: NDArray[np.bool_], *, least_min: float) -> float:
    minutes = mask.sum() * EPOCH_S / 60.0
    return float(60.0 * counts[mask].sum() / minutes) if minutes > 0 and minutes >= least_min else NAN


def _parts(features: NightFeatures, hypnogram: Hypnogram | None) -> Mapping[str, NDArray[np.bool_]]:
    position, stages = position_of(features), np.full(features.n_epochs, Stage.UNSCORED)
    if hypnogram is not None:
        n = min(len(hypnogram.stages), features.n_epochs)
        stages[:n] = hypnogram.stages[:n]
    supine = np.isin(position, (BACK, BACK_OR_FRONT))
    return {
        "supine": supine,
        "other_side": np.isfinite(position) & ~supine,
        "rem": stages == Stage.R,
        "nrem": np.isin(stages, NREM),
    }


class Agreement(NamedTuple):
    """Pauses heard or seen while blood oxygen was measured: how many, how many a fall of it followed, and how many would by chance."""

    pauses: int
    followed: int
    by_chance: float


def pauses_and_falls(features: NightFeatures, events: EventTable, *, lights: Lights) -> Agreement | None:
    """Return whether falls of blood oxygen follow the pauses of another sensor; None without both.

    A fall follows a pause where it begins within the pause or 45 s (the lag and half a minute of falling) after it. By chance: the
    share of the moments with blood oxygen that such a time before a fall takes up.
    """
    measured = np.repeat(np.isfinite(features["spo2_pct"]), int(EPOCH_S))
    inside = events.between(lights.off_s, lights.on_s)
    pauses = [pause for pause in inside.of_kind(EventKind.BP) if measured[min(int(pause.onset_s), len(measured) - 1)]]
    falls = inside.of_kind(EventKind.DS).onset_s
    if not pauses or not measured.any():
        return None
    reach_s = LAG_S + FOLLOWS_S
    followed = sum(bool(((falls >= p.onset_s) & (falls <= p.onset_s + p.duration_s + reach_s)).any()) for p in pauses)
    near = np.zeros(len(measured), dtype=np.bool_)
    length_s = float(np.mean([pause.duration_s for pause in pauses]))
    for onset in falls.tolist():
        near[max(int(onset - length_s - reach_s), 0) : int(onset) + 1] = True
    return Agreement(len(pauses), followed, len(pauses) * float(near[measured].mean()))
