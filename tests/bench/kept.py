"""What a kept night weighs and what it costs to open it (P12); how fast an upload is sealed and kept (P7)."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from time import process_time

import numpy as np

from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import nights, recordings
from somnia_server.store.actors import Actor
from somnia_server.store.frames import FRAME_BYTES
from somnia_server.store.nights import Kept
from somnia_server.store.tables import NightRow, session
from tests.bench.measure import Row, cpu_ms

CHANNELS = (
    ("spo2_pct", "%"),
    ("hr_bpm", "/min"),
    ("sound_level_db", "dB"),
    ("resp_rate_bpm", "/min"),
    ("skin_temp_c", "°C"),
    ("noise_db", "dB"),
)
ME = Actor.owner("v-" + "b" * 32)
UPLOAD_BYTES = 1 << 30


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure a night with six channels at 1 Hz as the store keeps it, and an upload of 1 GiB."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_server(Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"}))
        with app.app_context():
            night_id = nights.save_night(ME.id, _with_six_channels(analysis), kept=Kept(date(2025, 1, 10), "bench"))
            row = session().get_one(NightRow, night_id)
            size = (len(row.sealed_summary) + len(row.sealed_series)) / 1024

        def opened() -> None:
            with app.app_context():  # a request of its own: its owner's key is read and unwrapped again
                assert nights.load_night(ME, night_id) is not None

        took = cpu_ms(opened)
        yield Row("P12", "a stored night, 6 channels at 1 Hz", f"{size:.0f} KiB", "as rows 1.8 MB", "≤ 160 KB", size * 1.024 <= 160)
        yield Row("P12", "- opening it from the store, keys and decryption included", f"{took:.1f} ms", "", "≤ 5 ms", took <= 5)
        with app.app_context():
            speed = _upload_speed()
        yield Row("P7", "an upload of 1 GiB, hashed, sealed, on disk (CPU)", f"{speed:.0f} MB/s", "", "≥ 150 MB/s", speed >= 150)


def _upload_speed() -> float:
    """Return how much of an upload is hashed and sealed in one second of work [MB/s]."""
    upload = recordings.find_upload(ME, recordings.add_upload(ME, "night.wav", size=UPLOAD_BYTES))
    assert upload is not None
    piece, digest, begin = secrets.token_bytes(FRAME_BYTES), hashlib.sha256(), process_time()
    with recordings.open_writer(upload) as writer:
        for _ in range(UPLOAD_BYTES // FRAME_BYTES):
            digest.update(piece)
            writer.write(piece)
        writer.finish()
    return UPLOAD_BYTES / 1e6 / (process_time() - begin)


def _with_six_channels(analysis: NightAnalysis) -> NightAnalysis:
    """Return the night with six channels that wander like a sleeper's, 8 h at 1 Hz each."""
    rng, n = np.random.default_rng(2), 8 * 3600
    traces = tuple(
        Signal(name, (60 + np.cumsum(rng.normal(0, 0.06, n)) + rng.normal(0, 0.15, n)).round(1).astype(np.float32), 1.0, unit)
        for name, unit in CHANNELS
    )
    return replace(analysis, traces=traces)
