"""Disturbed breathing: its likelihood in every half minute, from blood oxygen, from beats, or from both."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_signs import names, signs
from somnia_engine.dsp.breathing_waves import waves
from somnia_engine.dsp.desaturations import detect_desaturations
from somnia_engine.dsp.heart_cycles import heart_cycles
from somnia_engine.dsp.recurrent import Committee, load_committee
from somnia_engine.dsp.resampling import even_trace
from somnia_engine.dsp.rr import CleanRR
from somnia_engine.dsp.trees import Trees, load_trees
from somnia_engine.dsp.windows import Column
from somnia_engine.errors import ModelError
from somnia_engine.extractors._beats import HOLD_S, Beats, beats_of
from somnia_engine.extractors.oximetry import oxygen_of
from somnia_engine.resources import load_model
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

NAME = "apnea"
WEIGHTS = "apnea.npz"
NETWORKS = "networks.npz"
TREES_SHARE = 1.0 / 3.0
"""Of the common logit where beats are alone; the networks have the rest."""
LIKELY_FROM = 0.3
"""Likelihood of an epoch from which a cycle of the heart rate in it counts as an event: with it the count of Apnea-ECG is unbiased."""
Scores = NDArray[np.float64]


@cache
def _trees(kind: str) -> Trees:
    model = load_model(NAME)
    if list(model.card["inputs"]) != list(names(beats=True, oxygen=True)):
        raise ModelError(Text("The model {name} was trained on other inputs than this version computes; train it again.", {"name": NAME}))
    return load_trees(model.weights[WEIGHTS], f"{kind}_")


@cache
def _committee() -> Committee:
    return load_committee(load_model(NAME).weights[NETWORKS])


def event_probability(n_epochs: int, *, beats: Beats | None, spo2_pct: NDArray[np.float32] | None) -> Column:
    """Return the likelihood of an apnea or hypopnea in each epoch, shape (n_epochs,), from the best that each epoch has.

    Parameters
    ----------
    n_epochs : int
    beats : Beats or None
    spo2_pct : ndarray, shape (n_epochs * 30,), float32, or None
        Each second; NaN where not measured.
    """
    p = np.full(n_epochs, np.nan, dtype=np.float32)
    rr = beats.rr if beats is not None else None
    for kind, some_rr, some_spo2 in (("both", rr, spo2_pct), ("beats", rr, None), ("oxygen", None, spo2_pct)):
        if (kind != "oxygen" and some_rr is None) or (kind != "beats" and some_spo2 is None) or not np.isnan(p).any():
            continue
        rows = signs(n_epochs, rr=some_rr, spo2_pct=some_spo2)
        columns = names(beats=some_rr is not None, oxygen=some_spo2 is not None)
        seen = np.isfinite(rows[:, 0])
        if kind == "both":
            seen &= np.isfinite(rows[:, columns.index("o2_level")])
        wanted = seen & np.isnan(p)
        if wanted.any():
            drawn = _drawn(rr, seen)[wanted[seen]] if rr is not None and kind == "beats" else None
            p[wanted] = joined(_trees(kind).score(rows[wanted]), drawn)
    return p


def joined(trees: Scores, networks: Scores | None) -> Scores:
    """Return the probability that trees and networks agree on, from the logits of each; of the trees where no networks answer."""
    score = trees if networks is None else TREES_SHARE * trees + (1.0 - TREES_SHARE) * networks
    return np.asarray(1.0 / (1.0 + np.exp(-score)))


def _drawn(rr: CleanRR, seen: NDArray[np.bool_]) -> Scores:
    """Return the networks' logits where seen; they read from the first to the last such epoch, wherever the night begins."""
    first, end = int(np.argmax(seen)), len(seen) - int(np.argmax(seen[::-1]))
    drawn = waves(end - first, rr=replace(rr, times_s=rr.times_s - first * EPOCH_S))
    scores: Scores = _committee().logits(drawn)[seen[first:end]]
    return scores


def _oxygen(night: NightInput) -> tuple[str, NDArray[np.float32]] | None:
    """Return the best covered continuous oximetry of the night, each second."""
    ordered = sorted(night.placed, key=lambda placed: placed.source)
    found = [(placed.source, oxygen) for placed in ordered if (oxygen := oxygen_of(placed, night)) is not None]
    offers = [(source, oxygen.trace.samples) for source, oxygen in found if oxygen.continuous]
    return max(offers, key=lambda offer: int(np.isfinite(offer[1]).sum()), default=None)


def _beats(night: NightInput) -> tuple[str, Beats] | None:
    ordered = sorted(night.placed, key=lambda placed: placed.source)
    found = [(placed.source, beats) for placed in ordered if (beats := beats_of(placed, night)) is not None]
    return max(found, key=lambda offer: int(offer[1].rr.normal.sum()), default=None)


def breathing_cycles(p: Column, beats: Beats, *, spo2_pct: NDArray[np.float32] | None, source: str) -> EventTable:
    """Return BE events: cycles of the heart rate in likely epochs, but for those that a fall of blood oxygen follows (it tells the event).

    Parameters
    ----------
    p : ndarray, shape (n_epochs,), float32
        From `event_probability`.
    beats : Beats
    spo2_pct : ndarray, shape (n_epochs * 30,), float32, or None
        Each second; NaN where not measured.
    source : str
        Who recorded the beats.
    """
    normal, seconds = beats.rr.normal, len(p) * EPOCH_S
    hr = even_trace(beats.rr.times_s[normal], 60000.0 / beats.rr.rr_ms[normal], fs=1.0, duration_s=seconds, hold_s=HOLD_S)
    told = np.zeros(len(hr) + int(EPOCH_S), dtype=np.bool_)
    for fall in detect_desaturations(spo2_pct) if spo2_pct is not None else ():
        told[max(fall.onset - int(EPOCH_S), 0) : fall.end] = True
    found = []
    for cycle in heart_cycles(hr):
        likely = float(p[min(cycle.peak_s // int(EPOCH_S), len(p) - 1)])
        if likely >= LIKELY_FROM and not told[cycle.onset_s : cycle.peak_s + 1].any():
            found.append(Event(EventKind.BE, float(cycle.onset_s), float(cycle.end_s - cycle.onset_s), likely, source, cycle.rise_bpm))
    return EventTable.of(found)


def extract_breathing_events(night: NightInput) -> tuple[Extraction, ...]:
    """Extract how likely each epoch holds an apnea or a hypopnea.

    Parameters
    ----------
    night : NightInput
        `spo2_pct` at least every 5 s and beats (`rr_ms` or an ECG) of the best covered sources are read.

    Returns
    -------
    tuple of Extraction
        `p_breathing_event`: 0..1, from both where both were measured, else from one; NaN where neither was. The model and its limits
        stand in `models/apnea/card.toml`. BE events: cycles of the heart rate in likely epochs that no fall of blood oxygen tells of,
        with the rise of the heart rate [1/min] in `value`.
    """
    oxygen, beats = _oxygen(night), _beats(night)
    if oxygen is None and beats is None:
        return ()
    p = event_probability(night.n_epochs, beats=beats[1] if beats is not None else None, spo2_pct=oxygen[1] if oxygen is not None else None)
    seen = np.flatnonzero(np.isfinite(p))
    if not len(seen):
        return ()
    source = " + ".join(dict.fromkeys(offer[0] for offer in (oxygen, beats) if offer is not None))
    quality = StreamQuality(
        "p_breathing_event", source, float(np.isfinite(p).mean()), float(seen[0] * EPOCH_S), float((seen[-1] + 1) * EPOCH_S)
    )
    events = EventTable.empty()
    if beats is not None:
        events = breathing_cycles(p, beats[1], spo2_pct=oxygen[1] if oxygen is not None else None, source=beats[0])
    return (Extraction(source, "p_breathing_event", {"p_breathing_event": p}, events, quality=(quality,)),)


EXTRACTOR = Extractor(
    key="breathing_events",
    name=Text("Disturbed breathing"),
    channels=("spo2_pct", "rr_ms"),
    columns=("p_breathing_event",),
    extract=extract_breathing_events,
)
