"""A-weighted levels against the table of IEC 61672-1:2013 (table 3)."""

import numpy as np
import pytest

from somnia_engine.dsp.loudness import a_weighting_db, weighted_power

TABLE_DB = {
    10: -70.4, 12.5: -63.4, 16: -56.7, 20: -50.5, 25: -44.7, 31.5: -39.4, 40: -34.6, 50: -30.2, 63: -26.2, 80: -22.5, 100: -19.1,
    125: -16.1, 160: -13.4, 200: -10.9, 250: -8.6, 315: -6.6, 400: -4.8, 500: -3.2, 630: -1.9, 800: -0.8, 1000: 0.0, 1250: 0.6,
    1600: 1.0, 2000: 1.2, 2500: 1.3, 3150: 1.2, 4000: 1.0, 5000: 0.5, 6300: -0.1, 8000: -1.1, 10000: -2.5, 12500: -4.3,
    16000: -6.6, 20000: -9.3,
}  # fmt: skip
"""Nominal frequency [Hz] to weight [dB]; the weights are those of the exact frequencies 1000 * 10^(n / 10)."""
FS = 16000


def exact_hz(nominal_hz: float) -> float:
    return float(1000.0 * 10.0 ** (round(10.0 * np.log10(nominal_hz / 1000.0)) / 10.0))


@pytest.mark.parametrize("nominal_hz", TABLE_DB)
def test_the_weighting_is_the_table_of_the_standard(nominal_hz: float) -> None:
    assert float(a_weighting_db(np.array([exact_hz(nominal_hz)]))[0]) == pytest.approx(TABLE_DB[nominal_hz], abs=0.051)


@pytest.mark.parametrize("nominal_hz", [hz for hz in TABLE_DB if 31 < hz < 7000])
def test_a_tone_has_the_level_that_the_table_gives_it(nominal_hz: float) -> None:
    tone = np.sqrt(2.0) * np.sin(2.0 * np.pi * exact_hz(nominal_hz) * np.arange(FS) / FS)
    found = 10.0 * np.log10(weighted_power(tone[None].astype(np.float32), FS)[0])
    assert found == pytest.approx(TABLE_DB[nominal_hz], abs=0.1)


def test_twice_the_pressure_is_six_decibels_more() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, (3, FS)).astype(np.float32)
    np.testing.assert_allclose(weighted_power(2.0 * sound, FS), 4.0 * weighted_power(sound, FS), rtol=1e-6)
