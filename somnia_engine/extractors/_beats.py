"""Beats of one source for everybody who reads them: `beats_of(placed, night) -> Beats | None`, from `rr_ms`, an ECG or a pulse wave.

One function, called by each modality that needs beats (heart rate, breathing, rhythm); it keeps what it found as long as the placed
recording lives, so that a night is cleaned once.
"""

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.beats import detect_beats
from somnia_engine.dsp.pulse import LEAST_HZ, detect_pulse
from somnia_engine.dsp.rr import CleanRR, clean_rr
from somnia_engine.dsp.windows import epoch_of
from somnia_engine.types.features import NightInput, Placed
from somnia_engine.types.hypnogram import EPOCH_S

HOLD_S = 15.0
"""A watch writes heart rate about every 5 s; a longer silence than this is a gap in the chart."""
LEAST_ECG_HZ = 60.0
"""Below this sampling rate [Hz] QRS complexes cannot be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The intervals of one source that end within the night, in night time.

    Parameters
    ----------
    rr : CleanRR
        Raw intervals with their kinds; `rr.times_s` is the beat that ends each.
    epochs : ndarray, shape (n,), int64
        The 30-s epoch that each interval ends in, 0..n_epochs-1.
    origin : str
        The channel they come from: `rr_ms`, `ecg_mv` or `ppg`.
    amplitude_mv : ndarray, shape (n,), float32, or None
        Height of the R wave that ends each interval [mV]; NaN where it is not known, None without an ECG.
    usable_frac : ndarray, shape (n_epochs,), float32, or None
        Share of each epoch in which the signal could be read, 0..1; None for beats that came as intervals.
    """

    rr: CleanRR
    epochs: NDArray[np.int64]
    origin: str
    amplitude_mv: NDArray[np.float32] | None = None
    usable_frac: NDArray[np.float32] | None = None


_KNOWN: "WeakKeyDictionary[Placed, tuple[NightInput, Beats | None]]" = WeakKeyDictionary()


def beats_of(placed: Placed, night: NightInput) -> Beats | None:
    """Return the beats of a source within the night; None when it has none."""
    known = _KNOWN.get(placed)
    if known is None or known[0] is not night:
        known = (night, _from_intervals(placed, night) or _from_ecg(placed, night) or _from_pulse(placed, night))
        _KNOWN[placed] = known
    return known[1]


def _from_intervals(placed: Placed, night: NightInput) -> Beats | None:
    series = placed.series("rr_ms")
    if series is None:
        return None
    epochs = epoch_of(series.times_s)
    inside = (epochs >= 0) & (epochs < night.n_epochs)
    if not inside.any():
        return None
    return Beats(clean_rr(series.times_s[inside], series.values[inside].astype(np.float64)), epochs[inside], "rr_ms")


def _from_ecg(placed: Placed, night: NightInput) -> Beats | None:
    """Return the intervals between beats of an ECG whose seconds can all be read."""
    leads = [signal for signal in placed.recording.signals if signal.channel == "ecg_mv"]
    leads = [lead for lead in leads if (lead.fs, lead.onset_s, len(lead.samples)) == (leads[0].fs, leads[0].onset_s, len(leads[0].samples))]
    if not leads or leads[0].fs < LEAST_ECG_HZ:
        return None
    found = detect_beats([lead.samples for lead in leads], fs=leads[0].fs)
    return _between(_Found(found.times_s, found.usable, found.amplitude_mv, "ecg_mv"), leads[0].onset_s + placed.offset_s, night)


def _from_pulse(placed: Placed, night: NightInput) -> Beats | None:
    """Return the intervals between the peaks of a pulse wave whose seconds can all be read."""
    wave = next((signal for signal in placed.recording.signals if signal.channel == "ppg" and signal.fs >= LEAST_HZ), None)
    if wave is None:
        return None
    found = detect_pulse(wave.samples, fs=wave.fs)
    return _between(_Found(found.times_s, found.usable, None, "ppg"), wave.onset_s + placed.offset_s, night)


class _Found(NamedTuple):
    """Beats as a detector gives them [s from the first sample], and the seconds that it could read."""

    times_s: NDArray[np.float64]
    usable: NDArray[np.bool_]
    amplitude_mv: NDArray[np.float32] | None
    origin: str


def _between(found: _Found, shift_s: float, night: NightInput) -> Beats | None:
    if len(found.times_s) < 2:
        return None
    usable = _usable_frac(found.usable, shift_s, n_epochs=night.n_epochs)
    unread = np.concatenate(([0], np.cumsum(~found.usable)))
    second = np.minimum(found.times_s.astype(np.int64), len(found.usable) - 1)
    whole = unread[second[1:] + 1] == unread[second[:-1]]
    times_s = found.times_s[1:] + shift_s
    epochs = epoch_of(times_s)
    kept = whole & (epochs >= 0) & (epochs < night.n_epochs)
    if not kept.any():
        return None
    rr = clean_rr(times_s[kept], (1000.0 * np.diff(found.times_s))[kept])
    amplitude = None if found.amplitude_mv is None else found.amplitude_mv[1:][kept]
    return Beats(rr, epochs[kept], found.origin, amplitude, usable)


def _usable_frac(usable: NDArray[np.bool_], shift_s: float, *, n_epochs: int) -> NDArray[np.float32]:
    """Return the share of each epoch's 30 s that can be read; 0 where there is no signal."""
    epochs = epoch_of(np.flatnonzero(usable) + shift_s)
    epochs = epochs[(epochs >= 0) & (epochs < n_epochs)]
    return np.minimum(np.bincount(epochs, minlength=n_epochs) / EPOCH_S, 1.0).astype(np.float32)
