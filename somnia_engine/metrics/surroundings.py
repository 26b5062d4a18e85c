"""What the room was like while somebody lay in bed: means, so that nights can be compared with each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Lights

MEANS = {
    "room_temp_mean_c": "room_temp_c",
    "humidity_mean_pct": "humidity_pct",
    "co2_mean_ppm": "co2_ppm",
    "light_mean_lux": "light_lux",
    "noise_mean_db": "noise_db",
}
"""Each mean and the column that it is of."""
LEAST_FRAC = 0.5
"""A mean is told when at least half of the time in bed was measured; our own bound."""


def surroundings_measures(features: NightFeatures, lights: Lights) -> dict[str, float]:
    """Return the mean of each room column between lights off and on; left out where under half of that time was measured.

    Parameters
    ----------
    features : NightFeatures
    lights : Lights
        Night seconds.
    """
    at = np.arange(features.n_epochs) * EPOCH_S
    in_bed = (at + EPOCH_S > lights.off_s) & (at < lights.on_s)
    columns: dict[str, NDArray[Any]] = {name: features[column][in_bed] for name, column in MEANS.items()}
    known = {name: column[np.isfinite(column)] for name, column in columns.items()}
    return {name: float(values.mean()) for name, values in known.items() if len(values) and len(values) >= LEAST_FRAC * in_bed.sum()}
