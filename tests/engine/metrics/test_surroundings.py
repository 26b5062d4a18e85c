"""The room's means are of the time in bed, and told only where most of it was measured."""

import numpy as np
import pytest

from somnia_engine.metrics.surroundings import surroundings_measures
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights


def test_the_mean_is_of_the_time_in_bed() -> None:
    warm = np.full(200, 18.0, np.float32)
    warm[:100] = 30.0
    found = surroundings_measures(NightFeatures(None, 200, {"room_temp_c": warm}), Lights(3000.0, 6000.0))
    assert found == {"room_temp_mean_c": pytest.approx(18.0)}


def test_under_half_of_the_time_in_bed_tells_no_mean() -> None:
    thin = np.full(200, np.nan, np.float32)
    thin[:90] = 600.0
    features = NightFeatures(None, 200, {"co2_ppm": thin})
    assert surroundings_measures(features, Lights(0.0, 6000.0)) == {}
    assert surroundings_measures(features, Lights(0.0, 3000.0)) == {"co2_mean_ppm": pytest.approx(600.0)}
