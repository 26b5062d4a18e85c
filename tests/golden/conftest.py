"""Real nights of oxygen, as the product cleans them."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.dsp.desaturations import clean_spo2
from somnia_engine.dsp.resampling import even_trace


@pytest.fixture(scope="module")
def traces(reference: Path) -> list[np.ndarray]:
    with np.load(reference / "apnea/hugcdn2014_oxi/hugcdn_rr_spo2.npz", allow_pickle=False) as z:
        nights = [z[key].astype(np.float32) / 10 for key in sorted(z.files) if key.endswith("_spo2_1hz")]
    found = []
    for values in nights:
        times = np.arange(len(values), dtype=np.float64)
        good = clean_spo2(times, values)
        found.append(even_trace(times[good], values[good], fs=1.0, duration_s=float(len(values)), hold_s=10.0).astype(np.float32))
    return found
