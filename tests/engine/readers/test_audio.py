"""Sound: the same samples whatever the block, bounds before decoding, and files that break off."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers.audio import read_blocks
from somnia_engine.types.recording import ReadOptions

NONE = ReadOptions()
RNG = np.random.default_rng(7)


def sound(path: Path, *, seconds: float = 5, fs: int = 16000, channels: int = 1, date: str = "") -> np.ndarray:
    samples = (0.1 * RNG.standard_normal((int(seconds * fs), channels))).astype(np.float32)
    with soundfile.SoundFile(str(path), "w", fs, channels) as file:
        if date:
            file.date = date
        file.write(samples)
    return samples


def decoded(path: Path, block_s: float, *, fs: int = 16000) -> np.ndarray:
    return np.concatenate(list(read_blocks(path, block_s, fs=fs)))


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("fs", [16000, 44100, 8000])
def test_the_samples_do_not_depend_on_the_block(tmp_path: Path, suffix: str, fs: int) -> None:
    path = tmp_path / f"a.{suffix}"
    sound(path, fs=fs)
    whole = decoded(path, 100)
    assert len(whole) == pytest.approx(5 * 16000, abs=1600 if suffix == "mp3" else 2)
    for block_s in (0.013, 1.0, 3.7):
        assert np.array_equal(decoded(path, block_s), whole)
    lengths = [len(block) for block in read_blocks(path, 1.0)]
    assert set(lengths[:-1]) == {16000}


def test_channels_are_averaged_and_a_lossless_file_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    samples = sound(path, channels=2)
    assert np.abs(decoded(path, 1) - samples.mean(axis=1)).max() < 1e-4


def test_resampling_keeps_a_tone(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(str(path), 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100 * 4) / 44100), 44100)
    tone = decoded(path, 1)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(tone)) / 16000)
    assert np.abs(tone - expected)[800:-800].max() < 1e-3


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_full_date_in_the_tags_is_the_start(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    sound(path, date="2025-03-06T22:20:56+01:00")
    found = survey(path, NONE)
    assert found.nights[0].start == datetime(2025, 3, 6, 21, 20, 56, tzinfo=UTC)
    assert not found.needs_start
    assert found.channels == ("audio",)
    media = read_recording(path, NONE).media[0]
    assert (media.kind, media.path, media.duration_s, media.fs, media.channels) == ("audio", path, 5.0, 16000.0, 1)


@pytest.mark.parametrize("tag", ["", "2025", "2025-03-06", "yesterday"])
def test_without_a_full_date_the_start_is_asked_for(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.flac"
    sound(path, date=tag)
    assert survey(path, NONE).needs_start
    start = datetime(2025, 3, 6, 22, tzinfo=UTC)
    assert read_recording(path, ReadOptions(start=start)).start == start


def test_a_local_start_needs_the_zone(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sound(path, date="2025-03-06 22:20:56")
    found = survey(path, NONE)
    assert found.needs_start
    assert "without a zone" in str(found.notes[0])
    assert survey(path, ReadOptions(zone="Asia/Kolkata")).nights[0].start == datetime(2025, 3, 6, 16, 50, 56, tzinfo=UTC)


def test_a_broadcast_wav_tells_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound(path)
    plain = path.read_bytes()
    content = b"\0" * 320 + b"2025-03-06" + b"22:20:56" + b"\0" * 264
    chunk = b"bext" + struct.pack("<I", len(content)) + content
    path.write_bytes(plain[:4] + struct.pack("<I", len(plain) - 8 + len(chunk)) + plain[8:12] + chunk + plain[12:])
    assert survey(path, ReadOptions(zone="UTC")).nights[0].start == datetime(2025, 3, 6, 22, 20, 56, tzinfo=UTC)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_sound_that_breaks_off_is_read_up_to_there_and_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    sound(path, seconds=20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    night = read_recording(path, NONE)
    assert 8 < night.duration_s <= 10.1
    assert "breaks off" in str(night.notes[0])
    assert len(decoded(path, 1)) == pytest.approx(16000 * night.duration_s, abs=2)


@pytest.mark.parametrize(("fs", "channels"), [(1000, 1), (384000, 1), (16000, 17)])
def test_a_sound_out_of_bounds_is_refused(tmp_path: Path, fs: int, channels: int) -> None:
    path = tmp_path / "a.wav"
    sound(path, seconds=0.1, fs=fs, channels=channels)
    with pytest.raises(ReadError, match=r"samples|channels"):
        survey(path, NONE)


def test_a_flac_that_claims_more_than_a_day_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sound(path)
    raw = bytearray(path.read_bytes())
    raw[21] |= 0x0F
    path.write_bytes(bytes(raw))
    with pytest.raises(ReadError, match="24 hours"):
        survey(path, NONE)


@pytest.mark.parametrize("head", [b"RIFF\x00\x00\x00\x00WAVE", b"fLaC" + b"\x00" * 100, b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x01" * 50])
def test_a_corrupt_sound_is_refused_with_what_to_do(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(head)
    assert recognise(path).key == "audio"
    with pytest.raises(DamagedFile, match="again"):
        survey(path, NONE)
