"""Room, temperature and breathing columns."""

import numpy as np

from somnia_engine.extractors.breathing import extract_breathing
from somnia_engine.extractors.environment import extract_environment
from tests.engine.make import night_of, recording


def test_a_room_reading_stands_for_ten_minutes_and_no_longer() -> None:
    (found,) = extract_environment(night_of(recording({"room_temp_c": (np.array([0.0]), np.array([19.0]))}), n_epochs=60))
    assert np.isfinite(found.columns["room_temp_c"][:21]).all()
    assert np.isnan(found.columns["room_temp_c"][21:]).all()


def test_a_breathing_rate_is_not_held() -> None:
    (found,) = extract_breathing(night_of(recording({"resp_rate_bpm": (np.array([0.0, 90.0]), np.array([14.0, 15.0]))}), n_epochs=5))
    np.testing.assert_allclose(found.columns["resp_rate_bpm"], [14.0, np.nan, np.nan, 15.0, np.nan])


def test_an_impossible_room_is_not_measured() -> None:
    assert extract_environment(night_of(recording({"humidity_pct": (np.array([0.0]), np.array([130.0]))}))) == ()
