"""Numbers that only the full signals give, carried with the precision that matters."""

from collections.abc import Mapping

import numpy as np

from somnia_engine.packet.counting import Numbers
from somnia_engine.packet.rans import Coder

STEPS: dict[str, float] = {
    "odi3_per_h": 0.02,
    "odi4_per_h": 0.02,
    "t90_pct": 0.05,
    "t90_min": 0.1,
    "t88_pct": 0.05,
    "t88_min": 0.1,
    "spo2_mean_pct": 0.05,
    "spo2_min_pct": 0.1,
    "desaturation_burden": 0.5,
    "spo2_valid_min": 0.1,
    "breathing_assessable_min": 0.5,
    "breathing_event_pct": 0.02,
    "hr_mean_bpm": 0.1,
    "hr_min_bpm": 0.5,
    "hr_max_bpm": 0.5,
    "rmssd_ms": 0.2,
    "sdnn_index_ms": 0.2,
    "pnn50_pct": 0.1,
    "lf_ms2": 5.0,
    "hf_ms2": 5.0,
    "rhythm_analyzable_min": 0.5,
    "irregular_burden_pct": 0.02,
    "irregular_longest_min": 0.5,
    "snore_heard_min": 0.5,
    "snore_min": 0.1,
    "snores_per_h": 0.2,
    "snore_peak_p50_db": 0.5,
    "snore_peak_p90_db": 0.5,
    "snore_regular_pct": 1.0,
    "rising_snore_pauses": 1.0,
    "breathing_pause_per_h": 0.02,
    "breathing_pause_longest_s": 1.0,
    "coughs": 1.0,
    "talks": 1.0,
    "cries": 1.0,
    "lf_hf_ratio": 0.01,
    "sd1_ms": 0.2,
    "sd2_ms": 0.2,
}
"""Step of each, in its unit; the order is the format: new ones are added at the end of a new version."""
LARGEST = 1 << 31


def code_measures(coder: Coder, measures: Mapping[str, float]) -> dict[str, float]:
    """Write or read the measures that the night has; one that was not measured stays out."""
    numbers, found = Numbers(), {}
    for name, step in STEPS.items():
        value = measures.get(name, float("nan"))
        if coder.bits(int(bool(np.isfinite(value)) and 0 <= value / step < LARGEST), 1):
            found[name] = numbers.code(coder, round(value / step) if np.isfinite(value) else 0) * step
    return found
