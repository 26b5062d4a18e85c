"""Weeks of recorded activity for the measures of rhythm."""

import gzip
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(params=["condition/condition_5", "control/control_11"])
def depresjon_days(request: pytest.FixtureRequest, reference: Path) -> np.ndarray:
    """Return a person's activity a minute from the first midnight on, shape (n_days, 1440), a last broken day filled with NaN."""
    path = reference / "circadian" / "depresjon" / f"{request.param}.csv.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the reference data")
    with gzip.open(path, "rt") as file:
        rows = [line.strip().split(",") for line in file][1:]
    start = next(i for i, row in enumerate(rows) if row[0].endswith(("00:00:00", " 00:00")))
    values = np.array([float(row[2]) for row in rows[start:]])
    return np.concatenate([values, np.full(-len(values) % 1440, np.nan)]).reshape(-1, 1440)
