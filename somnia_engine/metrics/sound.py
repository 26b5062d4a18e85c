"""What the sounds of a night add up to: snoring, its loudness and its pattern, pauses, voices; over the time in bed that could be heard."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NAN, Lights

MINUTES = EPOCH_S / 60.0
LEAST_HEARD_MIN = 60.0
"""Heard time in bed under which no rate per hour is told."""

BOUT_BREAK_S = 60.0
"""Snores further apart than this belong to two bouts: about ten quiet breaths."""
REGULAR_SPREAD = 0.3
LEAST_SNORES = 5
"""A bout of fewer snores has no pattern. Its pattern is regular when half of its intervals lie within 0.3 of their median."""
RISING_SNORES, RISING_DB = 3, 3.0
PAUSE_WITHIN_S = 5.0
TONES = ("snore_pitch_hz", "snore_formant_1_hz", "snore_formant_2_hz")
LEAST_TONES = 5
"""Half minutes with a pitch or formant under which the night has none."""
"""Rising snores before a pause: the last three before it grow by 3 dB or more, and it begins within 5 s of the last."""


def sound_measures(features: NightFeatures, events: EventTable, *, lights: Lights) -> dict[str, float]:
    """Return the numbers of what was heard between lights off and on; empty when no sound was recorded.

    Parameters
    ----------
    features : NightFeatures
        `snore_frac` says which epochs could be heard.
    events : EventTable
        SN, BP, CO, TK and CR are read.
    lights : Lights
        Epochs and events that begin between lights off and on count.

    Returns
    -------
    dict of str to float
        `snore_heard_min`: minutes that could be judged; `snore_min`, `snore_pct`: of them with snoring; `snores_per_h`;
        `snore_peak_p50_db`, `snore_peak_p90_db`: peaks of the snores above the sound around them [dB]; `snore_regular_pct`: share of
        the snores in regular bouts; `snore_pitch_hz`, `snore_formant_1_hz`, `snore_formant_2_hz`: median over the epochs;
        `rising_snore_pauses`: pauses that end a crescendo of snores; `breathing_pause_per_h`: pauses of
        10 s or more per hour heard, no AHI; `coughs`, `talks`, `cries`: bouts; `sound_mean_dba`: level of the mean power [dB(A)], of a
        calibrated microphone only; `resp_rate_mean_bpm`, `resp_rate_sd_bpm`: mean and spread of the epochs' rates;
        `periodic_breathing_min`, `breathing_cycle_s`: minutes in which breathing waxed and waned and the median length of the waves
        (experimental). NaN where too little was heard.
    """
    if features.coverage("snore_frac") == 0 and not _any(events, EventKind.SN, EventKind.BP):
        return {}
    start_s = np.arange(features.n_epochs) * EPOCH_S
    share = features["snore_frac"][(start_s >= lights.off_s) & (start_s < lights.on_s)].astype(np.float64)
    heard = np.isfinite(share)
    minutes = float(heard.sum()) * MINUTES
    inside = events.between(lights.off_s, lights.on_s)
    snores, pauses = inside.of_kind(EventKind.SN), inside.of_kind(EventKind.BP)
    enough = minutes >= LEAST_HEARD_MIN
    median_db, loud_db = np.percentile(snores.value, (50.0, 90.0)) if len(snores) else (NAN, NAN)
    found = {
        "snore_heard_min": minutes,
        "snore_min": float(share[heard].sum()) * MINUTES if minutes else NAN,
        "snore_pct": 100.0 * float(share[heard].mean()) if minutes else NAN,
        "snores_per_h": inside.rate_per_h(EventKind.SN, minutes) if enough else NAN,
        "snore_peak_p50_db": float(median_db),
        "snore_peak_p90_db": float(loud_db),
        "snore_regular_pct": regular_pct(snores),
        "rising_snore_pauses": float(rising_pauses(snores, pauses)),
        "breathing_pause_per_h": inside.rate_per_h(EventKind.BP, minutes) if enough else NAN,
        "breathing_pause_longest_s": float(pauses.duration_s.max()) if len(pauses) else NAN,
    }
    for key in TONES:
        column = features[key][(start_s >= lights.off_s) & (start_s < lights.on_s)]
        seen = column[np.isfinite(column)]
        found[key] = float(np.median(seen)) if len(seen) >= LEAST_TONES else NAN
    found |= _breathing(features, (start_s >= lights.off_s) & (start_s < lights.on_s))
    if features.coverage("sound_level_dba") > 0:
        found["sound_mean_dba"] = _mean_dba(features["sound_level_dba"][(start_s >= lights.off_s) & (start_s < lights.on_s)])
    counted = {"coughs": EventKind.CO, "talks": EventKind.TK, "cries": EventKind.CR}
    return found | {key: float(len(inside.of_kind(kind))) if enough else NAN for key, kind in counted.items()}


def _breathing(features: NightFeatures, in_bed: NDArray[np.bool_]) -> dict[str, float]:
    rate, waves, cycle = (features[name][in_bed] for name in ("resp_rate_bpm", "periodic_breathing_frac", "breathing_cycle_s"))
    rates = rate[np.isfinite(rate)].astype(np.float64)
    enough = len(rates) * MINUTES >= LEAST_HEARD_MIN
    heard = np.isfinite(waves)
    return {
        "resp_rate_mean_bpm": float(rates.mean()) if enough else NAN,
        "resp_rate_sd_bpm": float(rates.std(ddof=1)) if enough else NAN,
        "periodic_breathing_min": float(waves[heard].sum()) * MINUTES if heard.sum() * MINUTES >= LEAST_HEARD_MIN else NAN,
        "breathing_cycle_s": float(np.median(cycle[np.isfinite(cycle)])) if np.isfinite(cycle).any() else NAN,
    }


def _mean_dba(levels: NDArray[np.float32]) -> float:
    """Return the level of the mean power of the epochs that were measured [dB(A)], NaN when too few were."""
    seen = levels[np.isfinite(levels)].astype(np.float64)
    return float(10.0 * np.log10(np.mean(10.0 ** (seen / 10.0)))) if len(seen) * MINUTES >= LEAST_HEARD_MIN else NAN


def _any(events: EventTable, *kinds: EventKind) -> bool:
    return any(kind in events.kind for kind in kinds)


def snore_bouts(snores: EventTable) -> list[tuple[int, int]]:
    """Return first and end row of each bout of snores that follow each other within a minute."""
    if not len(snores):
        return []
    cuts = 1 + np.flatnonzero(np.diff(snores.onset_s) > BOUT_BREAK_S)
    edges = [0, *cuts.tolist(), len(snores)]
    return list(pairwise(edges))


def regular_pct(snores: EventTable) -> float:
    """Return the share [%] of the snores that lie in regular bouts; NaN when no bout has enough snores for a pattern."""
    judged = regular = 0
    for first, end in snore_bouts(snores):
        if end - first < LEAST_SNORES:
            continue
        judged += end - first
        regular += (end - first) * _is_regular(np.diff(snores.onset_s[first:end]))
    return 100.0 * regular / judged if judged else NAN


def _is_regular(intervals: NDArray[np.float64]) -> bool:
    middle = float(np.median(intervals))
    return float(np.median(np.abs(intervals - middle))) <= REGULAR_SPREAD / 2.0 * middle


def rising_pauses(snores: EventTable, pauses: EventTable) -> int:
    """Return how many pauses follow three snores or more of growing loudness, as in obstruction (crescendo, then silence)."""
    ends = snores.onset_s + snores.duration_s
    count = 0
    for onset_s in pauses.onset_s.tolist():
        last = int(np.searchsorted(ends, onset_s + 1.0, side="right"))
        peaks = snores.value[max(0, last - RISING_SNORES) : last]
        close = last > 0 and onset_s - float(ends[last - 1]) <= PAUSE_WITHIN_S
        count += bool(close and len(peaks) == RISING_SNORES and np.all(np.diff(peaks) > 0) and peaks[-1] - peaks[0] >= RISING_DB)
    return count
