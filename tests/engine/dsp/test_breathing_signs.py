"""Signs of disturbed breathing: shapes, gaps and invariances."""

import numpy as np

from somnia_engine.dsp.breathing_signs import names, signs
from somnia_engine.dsp.rr import clean_rr

N = 120


def rr(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    values = 900.0 + np.random.default_rng(seed).normal(0.0, 20.0, 4200)
    ends = np.cumsum(values) / 1000.0
    return ends[ends < N * 30.0], values[: int((ends < N * 30.0).sum())]


def test_every_name_has_a_column() -> None:
    clean, spo2 = clean_rr(*rr()), np.full(N * 30, 95.0, dtype=np.float32)
    assert signs(N, rr=clean).shape == (N, len(names(beats=True, oxygen=False)))
    assert signs(N, spo2_pct=spo2).shape == (N, len(names(beats=False, oxygen=True)))
    assert signs(N, rr=clean, spo2_pct=spo2).shape == (N, len(names(beats=True, oxygen=True)))


def test_the_cycle_of_pauses_is_found() -> None:
    seconds = np.arange(N * 30)
    spo2 = (95.0 - 3.0 * (1.0 + np.sin(2 * np.pi * seconds / 40.0))).astype(np.float32)
    columns = names(beats=False, oxygen=True)
    found = signs(N, spo2_pct=spo2)
    assert found[20:100, columns.index("o2_cycle_300")].min() > 0.7
    steady = signs(N, spo2_pct=(95.0 + np.random.default_rng(1).normal(0, 0.3, N * 30)).astype(np.float32))
    assert steady[20:100, columns.index("o2_cycle_300")].max() < 0.5


def test_gaps_are_gaps() -> None:
    spo2 = np.full(N * 30, 95.0, dtype=np.float32)
    spo2[900:1800] = np.nan
    ends, values = rr()
    kept = (ends < 900.0) | (ends > 1800.0)
    found = signs(N, rr=clean_rr(ends[kept], values[kept]), spo2_pct=spo2)
    columns = names(beats=True, oxygen=True)
    for name in ("rr_level", "o2_level"):
        column = found[:, columns.index(name)]
        assert np.isnan(column[31:59]).all()
        assert np.isfinite(column[:28]).all()


def test_a_lower_level_of_oxygen_gives_the_same_signs() -> None:
    """Falls count from the night's own level: sensors differ by some percent."""
    seconds = np.arange(N * 30)
    spo2 = (95.0 - 3.0 * (1.0 + np.sin(2 * np.pi * seconds / 40.0))).astype(np.float32)
    columns = names(beats=False, oxygen=True)
    kept = [columns.index(name) for name in ("o2_level", "o2_low", "o2_fall", "o2_depth", "o2_cycle_300")]
    lower = signs(N, spo2_pct=spo2 - 4.0)
    np.testing.assert_allclose(lower[:, kept], signs(N, spo2_pct=spo2)[:, kept], atol=1e-3)
