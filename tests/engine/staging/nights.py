"""Nights for the tests of staging: a composed sleeper, and the real ones beside the project."""

from pathlib import Path

import numpy as np

from models.sleep_stages.data import Night, read_night
from somnia_engine.types.features import NightFeatures

PERSON = "1360686"


def composed(n: int = 900, *, seed: int = 3) -> NightFeatures:
    """Return a night with slow waves of heart rate, its spread, and bursts of movement."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(n) / 2.0
    rate = 58.0 + 4.0 * np.cos(2 * np.pi * minutes / 95.0) + rng.normal(0.0, 0.8, n)
    counts = np.where(rng.random(n) < 0.06, rng.exponential(60.0, n), 0.0)
    return features_of(rate, np.abs(rng.normal(1.2, 0.4, n)), counts)


def features_of(rate: np.ndarray, spread: np.ndarray, counts: np.ndarray) -> NightFeatures:
    """Return the three columns as a night."""
    columns = {"hr_bpm": rate, "hr_sd_bpm": spread, "activity_count": counts}
    return NightFeatures(None, len(rate), {name: np.asarray(column, dtype=np.float32) for name, column in columns.items()})


def changed(features: NightFeatures, **columns: np.ndarray | None) -> NightFeatures:
    """Return the night with columns replaced; None takes one away."""
    kept = {name: column for name, column in {**features.columns, **columns}.items() if column is not None}
    return NightFeatures(features.start, features.n_epochs, {name: np.asarray(column, dtype=np.float32) for name, column in kept.items()})


def real(reference: Path, person: str = PERSON) -> Night:
    """Return a recorded night with its scoring."""
    return read_night(reference / "sleep_accel" / "cropped", person)
