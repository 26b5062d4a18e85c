"""Oxygen on every real night against a second, plain implementation of the rules, written sample by sample."""

import numpy as np
import pandas as pd
import pytest

from somnia_engine.dsp.desaturations import detect_desaturations


def plain_events(trace: np.ndarray, drop_pct: float) -> int:
    """Count falls by `drop_pct` or more below the level before them (90th percentile of 120 s, at most the highest of 90 s).

    One sample after the other: a fall is open from the crossing until two thirds are won back; it counts when it lasts 10 to 120 s
    without a gap.
    """
    smooth = pd.Series(trace).rolling(3, center=True, min_periods=3).median().fillna(pd.Series(trace))
    levels = smooth.shift(1).rolling(120, min_periods=30).quantile(0.9, interpolation="lower").to_numpy()
    values, count, free, at = smooth.to_numpy(), 0, 0, 0
    while at < len(values):
        before = values[max(free, at - 90) : at]
        before = before[~np.isnan(before)]
        level = min(levels[at], before.max()) if len(before) and not np.isnan(levels[at]) else np.nan
        if not level - values[at] >= drop_pct:
            at += 1
            continue
        onset = at
        while onset > max(free, at - 90) and values[onset] < level - 0.5:
            onset -= 1
        if np.isnan(values[onset : at + 1]).any():
            at += 1
            continue
        end, low = at, values[at]
        while end < len(values) and end - onset <= 120 and not np.isnan(values[end]):
            low = min(low, values[end])
            if values[end] >= max(min(low + (level - low) * 2 / 3, level - 1), low + 1):
                break
            end += 1
        else:
            at += 1
            continue
        count += end - onset >= 10
        at = free = end
    return int(count)


@pytest.mark.slow
@pytest.mark.parametrize("drop_pct", [3.0, 4.0])
def test_every_night_has_the_events_of_the_plain_rule(traces: list[np.ndarray], drop_pct: float) -> None:
    """The plain one takes its level anew every second, ours every fifth: in all 2 % apart, in a night 5 % or 3 events at most."""
    ours = np.array([len(detect_desaturations(trace, drop_pct)) for trace in traces])
    plain = np.array([plain_events(trace, drop_pct) for trace in traces])
    assert ours.sum() == pytest.approx(plain.sum(), rel=0.02)
    assert (np.abs(ours - plain) <= np.maximum(0.05 * plain, 3)).all(), np.stack((ours, plain))
