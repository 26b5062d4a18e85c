"""R21 to R25 for sound: mutants, cut files, many channels, every rate and absurd samples end in an answer or in a refusal with a reason."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.sound.codecs import encode
from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.readers import read_recording
from somnia_engine.readers.audio import read_blocks
from somnia_engine.types.recording import ReadOptions

START = datetime(2025, 1, 10, 22, tzinfo=UTC)
MUTANTS = 25
"""Of each format, in one process of its own; a crash of a decoder shows as its exit code."""
TRY = """
import sys
from pathlib import Path
import numpy as np
from somnia_engine.errors import SomniaError
from somnia_engine.readers import read_recording
from somnia_engine.readers.audio import read_blocks
from somnia_engine.types.recording import ReadOptions
path, mutants = Path(sys.argv[1]), int(sys.argv[2])
whole, rng = path.read_bytes(), np.random.default_rng(3)
for number in range(mutants):
    raw = bytearray(whole if number % 3 else whole[: int(rng.integers(1, len(whole)))])
    for place in rng.integers(0, min(len(raw), 4096 if number % 2 else len(raw)), 1 + number % 7):
        raw[place] = int(rng.integers(256))
    path.write_bytes(raw)
    try:
        read_recording(path, ReadOptions())
        assert all(np.isfinite(block).all() for block in read_blocks(path, 60.0))
    except SomniaError as refused:
        assert str(refused)
"""
FORMATS = {"wav": None, "flac": None, "mp3": None, "opus": ("ogg", "libopus"), "m4a": ("ipod", "aac"), "webm": ("webm", "libopus")}


def write(path: Path, sound: np.ndarray) -> None:
    coded = FORMATS[path.suffix[1:]]
    if coded is None:
        soundfile.write(path, sound, 16000)
    else:
        encode(path, sound.astype(np.float32), container=coded[0], encoder=coded[1], rate=24000)


@pytest.mark.parametrize("suffix", FORMATS)
def test_mutants_and_cut_files_are_read_or_refused_with_a_reason(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"night.{suffix}"
    write(path, 0.1 * np.random.default_rng(1).normal(size=3 * 16000))
    run = subprocess.run([sys.executable, "-c", TRY, str(path), str(MUTANTS)], capture_output=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")[-2000:]


@pytest.mark.parametrize(("fs", "channels"), [(8000, 1), (16000, 8), (22050, 2), (48000, 8), (96000, 2)])
def test_every_rate_and_up_to_eight_channels_give_the_same_tone(tmp_path: Path, fs: int, channels: int) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440.0 * np.arange(4 * fs) / fs)
    soundfile.write(tmp_path / "night.flac", np.repeat(tone[:, None], channels, axis=1), fs)
    found = np.concatenate(list(read_blocks(tmp_path / "night.flac", 1.0)))
    expected = 0.3 * np.sin(2 * np.pi * 440.0 * np.arange(len(found)) / 16000)
    assert len(found) == pytest.approx(4 * 16000, abs=4)
    assert np.abs(found - expected)[2000:-2000].max() < 2e-3


@pytest.mark.parametrize("kind", ["silence", "clipped", "not numbers", "off half the time", "one click"])
def test_absurd_sound_gives_no_infinite_number_and_no_verdict(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(2)
    sound = 0.01 * rng.normal(size=120 * 16000).astype(np.float32)
    if kind == "silence":
        sound[:] = 0.0
    elif kind == "clipped":
        sound = np.sign(sound)
    elif kind == "not numbers":
        sound[::7], sound[3::1000] = np.nan, np.inf
    elif kind == "off half the time":
        sound[len(sound) // 2 :] = 0.0
    else:
        sound[:], sound[1000] = 0.0, 1.0
    soundfile.write(tmp_path / "night.wav", sound, 16000, subtype="FLOAT")
    night = analyse([read_recording(tmp_path / "night.wav", ReadOptions(start=START))], options=AnalysisOptions(start=START))
    assert not any(np.isinf(column).any() for column in night.features.columns.values())
    assert not any(np.isinf(value) for value in night.measures.values())
    assert not np.isinf(night.events.value).any()
    assert {str(finding.level) for finding in night.findings} <= {"NOT_ASSESSED", "not_assessed", "0", "None"}
