"""The edge hears sound as it comes, keeps none of it, goes on after a crash, and makes the packet that the whole file makes."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.cli import main
from somnia_engine.cli_packet import read_key
from somnia_engine.edge import EMPTY, FS_HZ, Night, hear_folder, hear_stream, letter_of
from somnia_engine.errors import DamagedFile, SomniaError
from somnia_engine.hearing import hear_file
from somnia_engine.hearing.reels import Reel, read_reel
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.seal import unseal
from somnia_engine.packing import pack_night, packet_of
from somnia_engine.readers import read_recording
from somnia_engine.types.recording import ReadOptions

START = datetime(2026, 3, 8, 22, 0, tzinfo=UTC)
SECONDS = 300


def sound(seconds: int = SECONDS) -> np.ndarray:
    rng = np.random.default_rng(4)
    envelope = 0.002 + 0.05 * np.maximum(np.sin(2.0 * np.pi * np.arange(seconds * FS_HZ) / FS_HZ / 4.0), 0.0) ** 4
    return np.round(np.clip(envelope * rng.standard_normal(seconds * FS_HZ), -1.0, 1.0) * 32767.0).astype("<i2")


class Stream(io.BytesIO):
    """A microphone that gives a little at a time, an odd number of bytes among them."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 4999))


def test_a_stream_gives_the_packet_that_the_file_gives(tmp_path: Path) -> None:
    samples = sound()
    soundfile.write(str(tmp_path / "night.wav"), samples, FS_HZ, subtype="PCM_16")
    night = Night(tmp_path / "n.reel", START, "UTC")
    assert hear_stream(Stream(samples.tobytes()), night) == SECONDS
    whole, reel = hear_file(tmp_path / "night.wav"), read_reel(night.state)
    for name in ("p", "p_noisy", "power", "clipped_frac", "envelopes"):
        assert np.array_equal(getattr(reel, name), getattr(whole, name)), name
    found = letter_of(night, [], device="x", budget=2048, effort=0)
    recording = read_recording(tmp_path / "night.wav", ReadOptions(zone="UTC", start=START))
    wanted = pack_night(packet_of(analyse([recording], options=AnalysisOptions(zone="UTC", start=START)), device="x"), effort=0)
    assert found == wanted


def test_a_crash_loses_a_unit_at_most_and_the_night_goes_on(tmp_path: Path) -> None:
    samples = sound()
    night = Night(tmp_path / "n.reel", START, "UTC")
    hear_stream(Stream(samples[: 128 * FS_HZ].tobytes()), night)
    with night.state.open("ab") as file:
        file.write(night.state.read_bytes()[-5000:])  # what a crash leaves of a record
    later = Night(night.state, START + timedelta(seconds=192), "UTC")
    assert hear_stream(Stream(samples[192 * FS_HZ :].tobytes()), later) == SECONDS
    reel = read_reel(night.state)
    assert (reel.power[:128] > 0).all()
    assert (reel.power[128:192] == 0).all()
    assert (reel.power[192:] > 0).all()
    assert len(letter_of(night, [], device="", budget=2048, effort=0)) < 2048


def test_a_stream_without_a_start_goes_on_where_it_was(tmp_path: Path) -> None:
    night = Night(tmp_path / "n.reel", None, None)
    pcm = sound(130).tobytes()
    assert hear_stream(Stream(pcm), night) == 130
    assert hear_stream(Stream(pcm), night) == 260
    with pytest.raises(SomniaError, match="Move that file"):
        hear_stream(Stream(pcm), Night(started(tmp_path), START - timedelta(hours=1), "UTC"))


def started(folder: Path) -> Path:
    path = folder / "other.reel"
    hear_stream(Stream(sound(64).tobytes()), Night(path, START, "UTC"))
    return path


def test_a_folder_is_heard_once_and_joined_by_its_wearables(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "watch.csv").write_text(
        "time,hr_bpm\n" + "".join(f"2026-03-08T22:{m:02d}:{s:02d}Z,{60 + s % 7}\n" for m in range(5) for s in range(0, 60, 5))
    )
    soundfile.write(str(folder / "a.wav"), sound(128), FS_HZ, subtype="PCM_16")
    night = Night(tmp_path / "n.reel", START, "UTC")
    assert len(hear_folder(folder, night)) == 1
    size = night.state.stat().st_size
    others = hear_folder(folder, night)
    assert night.state.stat().st_size == size
    columns = read_letter(letter_of(night, others, device="", budget=2048, effort=0)).features.columns
    assert {"hr_bpm", "snore_frac", "sound_level_db"} <= set(columns)


def test_the_command_makes_a_packet_and_leaves_no_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, key, out = tmp_path / "in", tmp_path / "k", tmp_path / "n.pkt"
    folder.mkdir()
    soundfile.write(str(folder / "a.wav"), sound(128), FS_HZ, subtype="PCM_16")
    assert main(["key", "--out", str(key)]) == 0
    said = ["edge", "--in", str(folder), "--key", str(key), "--out", str(out), "--start", "2026-03-08T23:00", "--zone", "Europe/Berlin"]
    assert main(said) == 0
    assert 0 < out.stat().st_size <= 2048
    assert not (tmp_path / "n.pkt.reel").exists()
    packet = read_letter(unseal(out.read_bytes(), read_key(key)))
    assert packet.zone == "Europe/Berlin"
    assert main(["open", str(out), "--key", str(key)]) == 0
    assert '"sound_level_db"' in capsys.readouterr().out
    for wrong in (["--start", "yesterday"], ["--start", "2026-03-08T23:00"], ["--in", str(out)]):
        assert main([*(["edge", "--in", str(folder), "--key", str(key), "--out", str(out)]), *wrong]) == 2


def test_what_is_no_reel_is_refused_and_nothing_is_no_night(tmp_path: Path) -> None:
    path = tmp_path / "n.reel"
    path.write_bytes(b"SOMNIA reel 1\n{}\n")
    with pytest.raises(DamagedFile):
        Reel(path, start=None, zone=None)
    with pytest.raises(SomniaError, match=EMPTY.msgid[:20]):
        letter_of(Night(tmp_path / "none", None, None), [], device="", budget=2048, effort=0)
