"""Time below 90 and 88 % on every real night against a second, plain implementation, written sample by sample."""

import numpy as np
import pytest

from somnia_engine.metrics.respiration import below_pct
from somnia_engine.types.night import Lights
from somnia_engine.types.signals import Signal


def plain_below_pct(trace: np.ndarray, limit_pct: float) -> float:
    """Return the share of samples below a limit, of those in unbroken stretches of at least 10 s."""
    valid = below = 0
    stretch: list[float] = []
    for value in [*trace.tolist(), float("nan")]:
        if np.isfinite(value):
            stretch.append(value)
            continue
        if len(stretch) >= 10:
            valid += len(stretch)
            below += sum(v < limit_pct for v in stretch)
        stretch = []
    return 100.0 * below / valid


@pytest.mark.parametrize("limit_pct", [90.0, 88.0])
def test_every_night_has_the_time_below_of_the_plain_rule(traces: list[np.ndarray], limit_pct: float) -> None:
    for trace in traces:
        signal = Signal("spo2_pct", trace, 1.0, "%")
        ours = below_pct(signal, Lights(0.0, float(len(trace))), limit_pct=limit_pct)
        assert ours == pytest.approx(plain_below_pct(trace, limit_pct), abs=1e-3)
