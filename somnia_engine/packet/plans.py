"""How each column is carried: as a spectrum of its course, or as levels; what is not named here goes as a plain spectrum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.heart_waves import WAVES
from somnia_engine.types.features import FEATURES

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """A column as a spectrum.

    Parameters
    ----------
    step : float
        Quantiser step at quality 1, in the unit of the column, or of its logarithm.
    log_from : float
        0 for a column as it is; else ln(x + log_from) is carried.
    corner : int
        The step doubles its power at the frequency 2^-corner (1 = half of the sampling rate): fast changes are told more coarsely.
    keep : int
        Only the lowest 2^-keep of the spectrum is carried.
    """

    step: float
    log_from: float = 0.0
    corner: int = 2
    keep: int = 0


COURSES: dict[str, Course] = {
    "hr_bpm": Course(1.4, 0.0, 0),
    "spo2_pct": Course(0.9, 0.0, 3, 1),
    "spo2_min_pct": Course(1.6, 0.0, 2, 1),
    "p_breathing_event": Course(0.5, 0.0, 3, 1),
    "p_irregular_rhythm": Course(0.5, 0.0, 3, 1),
    "snore_frac": Course(0.5, 0.0, 3, 1),
    "resp_rate_bpm": Course(2.0, 0.0, 3, 2),
    "sound_level_db": Course(4.0, 0.0, 3, 1),
    "sound_peak_db": Course(8.0, 0.0, 3, 1),
    "skin_temp_c": Course(0.15, 0.0, 4, 3),
    "body_temp_c": Course(0.08, 0.0, 4, 3),
    "room_temp_c": Course(0.4, 0.0, 4, 4),
    "humidity_pct": Course(2.0, 0.0, 4, 4),
    "co2_ppm": Course(0.1, 50.0, 4, 4),
    "light_lux": Course(1.5, 0.5, 3, 2),
    "noise_db": Course(6.0, 0.0, 4, 3),
    "sdnn_ms": Course(0.5, 1.0, 4, 3),
    "rmssd_ms": Course(0.7, 1.0, 3, 2),
    "lf_ms2": Course(1.0, 5.0, 4, 3),
    "hf_ms2": Course(1.0, 5.0, 4, 3),
    "pnn50_pct": Course(1.2, 2.0, 3, 3),
    "beat_quality_frac": Course(0.5, 0.0, 3, 3),
    "ectopic_frac": Course(1.0, 0.02, 3, 3),
    "enmo_mg": Course(1.0, 0.5, 2, 1),
    "arm_angle_deg": Course(30.0, 0.0, 2, 1),
    "worn_frac": Course(0.5, 0.0, 3, 3),
}

SWINGS = ("hr_sd_bpm", *WAVES, "hr_rise_bpm", "hr_dip_bpm")
SWING_FROM = (0.5, 0.1, 0.1, 0.1, 0.1, 0.5, 0.5)
"""ln(x + this) of each is carried."""
SWING = Course(0.8, 0.0, 3)
MIXED: NDArray[np.float64] = np.array(
    (
        (0.3553, -0.1966, 0.0582, 0.1799, -0.2801, 0.4313, 0.7314),
        (0.3625, -0.2817, 0.037, 0.1887, 0.7778, 0.3291, -0.1974),
        (0.3975, -0.09, 0.0083, -0.4048, 0.2624, -0.6756, 0.3804),
        (0.4098, 0.3472, -0.0514, -0.6796, -0.134, 0.4184, -0.2325),
        (0.347, 0.7738, -0.0929, 0.4941, 0.0744, -0.1451, 0.0394),
        (0.418, -0.3662, -0.6122, 0.1982, -0.3633, -0.1657, -0.343),
        (0.3483, -0.1433, 0.7805, 0.1515, -0.3037, -0.1604, -0.3289),
    )
)
"""The seven go together through this rotation (columns: components), so that what they share is told once.

Principal components of 51 nights of Sleep-Accel, HuGCDN2014-OXI and the demo; four decimals are the format.
"""

LEVELS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "activity_count": ((1, 10, 20, 40, 80, 160, 320, 640), (0, 4, 14, 28, 56, 113, 226, 452, 900)),
    "motion_index": ((1, 3, 10, 25, 60, 120), (0, 1, 5, 16, 40, 85, 160)),
    "step_count": ((1, 5, 15, 40), (0, 2, 9, 25, 60)),
    "trunk_position": ((0.5, 1.5, 2.5, 3.5), (0, 1, 2, 3, 4)),
    "vocal_frac": ((0.5,), (0, 1)),
    "jaw_frac": ((0.5,), (0, 1)),
}
"""Edges between levels, and the value that stands for each."""

DERIVED = (
    *("rr_ms", "snore_pitch_hz", "snore_formant_1_hz", "snore_formant_2_hz", "periodic_breathing_frac", "breathing_cycle_s"),
    *("camera_position", "p_camera_position"),
)
"""Not carried: the first is 60,000 / heart rate; nothing is judged by the others."""


def course_of(name: str) -> Course:
    """Return how a column is carried; one that is not named goes with eight times its own resolution."""
    return COURSES.get(name) or Course(8.0 * FEATURES[name].step, 0.0, 3, 1)
