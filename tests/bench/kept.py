"""What a kept night weighs and what it costs to open it (P12)."""

import secrets
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal
from somnia_server.store.nightcodec import pack_night, unpack_night
from somnia_server.store.vault import Vault
from tests.bench.measure import Row, cpu_ms
from tests.keyring import Keyring

CHANNELS = (
    ("spo2_pct", "%"),
    ("hr_bpm", "/min"),
    ("sound_level_db", "dB"),
    ("resp_rate_bpm", "/min"),
    ("skin_temp_c", "°C"),
    ("noise_db", "dB"),
)


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure a night with six channels at 1 Hz: sealed size, and reading it with decryption."""
    night, vault = _with_six_channels(analysis), Vault(Keyring(secrets.token_bytes(32)))
    sealed = [vault.seal(blob, table="nights", row=str(i), owner="bench") for i, blob in enumerate(pack_night(night))]
    size = sum(map(len, sealed)) / 1024

    def opened() -> NightAnalysis:
        summary, series = (vault.open_sealed(blob, table="nights", row=str(i), owner="bench") for i, blob in enumerate(sealed))
        return unpack_night(summary, series)

    took = cpu_ms(opened)
    yield Row("P12", "a stored night, 6 channels at 1 Hz", f"{size:.0f} KiB", "as rows 1.8 MB", "≤ 160 KB", size * 1.024 <= 160)
    yield Row("P12", "- reading it, decryption included", f"{took:.1f} ms", "", "≤ 5 ms", took <= 5)


def _with_six_channels(analysis: NightAnalysis) -> NightAnalysis:
    """Return the night with six channels that wander like a sleeper's, 8 h at 1 Hz each."""
    rng, n = np.random.default_rng(2), 8 * 3600
    traces = tuple(
        Signal(name, (60 + np.cumsum(rng.normal(0, 0.06, n)) + rng.normal(0, 0.15, n)).round(1).astype(np.float32), 1.0, unit)
        for name, unit in CHANNELS
    )
    return replace(analysis, traces=traces)
