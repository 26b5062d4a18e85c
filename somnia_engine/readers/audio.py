"""Sound of any length: wav, flac, mp3, ogg, m4a, webm; a recording keeps the path, and `read_blocks` decodes it in blocks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.readers._audio_tags import is_mp3, missing_bytes
from somnia_engine.readers._av_sound import AvSound, is_container
from somnia_engine.readers._media_night import MediaNight, media_night, recording_of, survey_of
from somnia_engine.readers._video_boxes import holds_video
from somnia_engine.text import Said, Text
from somnia_engine.types.recording import Media, Reader, ReadOptions, Recording, Source, Survey

KEY = "audio"
NAME = Text("Sound (WAV, FLAC, MP3, Opus, Ogg, M4A, WebM)")
MOST_HOURS = 24
MOST_CHANNELS = 16
LOWEST_HZ, HIGHEST_HZ = 2000, 192000
_DECODE_FRAMES = 16384
"""Frames decoded at a time; fixed, so that results do not depend on the size of the blocks handed out."""


def _recognises(path: Path, head: bytes) -> bool:
    riff = head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE"
    return riff or head[:4] == b"fLaC" or is_mp3(head) or (is_container(head) and not holds_video(path, head))


def read_blocks(path: Path, block_s: float, *, fs: int = 16000) -> Iterator[NDArray[np.float32]]:
    """Decode a sound in blocks, channels averaged, at one sampling rate.

    Parameters
    ----------
    path : Path
        A sound file of a kind that is read.
    block_s : float
        Length of a block [s]; the last one may be shorter. The samples do not depend on it.
    fs : int
        Sampling rate of the blocks [Hz].

    Yields
    ------
    ndarray, shape (round(block_s * fs),), float32
        Full scale is 1. A file that breaks off ends with its last whole part.

    Raises
    ------
    DamagedFile
        The file cannot be opened or is out of bounds.
    """
    size = max(1, round(block_s * fs))
    held: list[NDArray[np.float32]] = []
    count = 0
    for part in _resampled(path, fs):
        held.append(part)
        count += len(part)
        if count >= size:
            joined = np.concatenate(held)
            whole = count // size * size
            yield from joined[:whole].reshape(-1, size)
            held, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(held)


def _resampled(path: Path, fs: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    with _open(path) as file:
        native = int(file.samplerate)
        if native == fs:
            yield from _mono(file)
            return
        stream = soxr.ResampleStream(native, fs, 1, dtype="float32")
        for part in _mono(file):
            yield stream.resample_chunk(part)
        yield stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def _mono(file: Any) -> Iterator[NDArray[np.float32]]:
    """Yield decoded frames, channels averaged; stops where the file breaks off or after the longest night allowed."""
    import soundfile

    left = MOST_HOURS * 3600 * int(file.samplerate)
    while left > 0:
        try:
            frames = file.read(_DECODE_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            return
        if not len(frames):
            return
        left -= len(frames)
        mono = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)
        yield np.nan_to_num(np.ascontiguousarray(mono), nan=0.0, posinf=1.0, neginf=-1.0)


def _open(path: Path) -> Any:
    """Open a sound; raises DamagedFile, or ReadError when the header claims more than a night can be."""
    import soundfile

    try:
        file: Any = AvSound(path) if _is_container(path) else soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        said: Said = {"name": path.name}
        text = Text("{name} cannot be read as a sound: it is damaged or not complete. Copy or record it again.", said)
        raise DamagedFile(text) from error
    fs, channels = int(file.samplerate), int(file.channels)
    said = {"name": path.name, "fs": fs, "n": channels, "low": LOWEST_HZ, "high": HIGHEST_HZ, "most": MOST_CHANNELS, "hours": MOST_HOURS}
    if not LOWEST_HZ <= fs <= HIGHEST_HZ:
        file.close()
        raise ReadError(Text("{name} has {fs} samples per second; a sound must have {low} to {high}. Convert it, or record it anew.", said))
    if channels > MOST_CHANNELS:
        file.close()
        raise ReadError(Text("{name} has {n} channels; a sound may have up to {most}. Mix it down to one channel.", said))
    if MOST_HOURS * 3600 * fs < file.frames < 2**62:
        file.close()
        raise ReadError(Text("{name} claims to be longer than {hours} hours. Split it into single nights.", said))
    return file


def _is_container(path: Path) -> bool:
    with path.open("rb") as file:
        return is_container(file.read(12))


def _frames(path: Path) -> tuple[int, bool]:
    """Return how many frames can be decoded and whether that is fewer than the header says; only a broken file is decoded whole."""
    with _open(path) as file:
        claimed = int(file.frames)
        if claimed == 0 or (claimed < 2**62 and _decodes(file, claimed - 1)):
            return claimed, False
    # A decoder that met the end of a broken FLAC cannot seek any more (measured: every later seek fails), so it is opened anew.
    with _open(path) as file:
        counted = sum(len(part) for part in _mono(file))
    return counted, claimed < 2**62 and counted < claimed


def _decodes(file: Any, frame: int) -> bool:
    import soundfile

    try:
        file.seek(frame)
        return len(file.read(1)) == 1
    except soundfile.LibsndfileError:
        return False


def _load(path: Path, options: ReadOptions) -> MediaNight:
    with _open(path) as file:
        fs, channels, tags = int(file.samplerate), int(file.channels), file.copy_metadata()
    frames, broken = _frames(path)
    if not frames:
        raise DamagedFile(Text("{name} holds no sound. Copy or record it again.", {"name": path.name}))
    notes: tuple[Text, ...] = ()
    if broken or missing_bytes(path) > 0:
        notes = (Text("The file breaks off; what is there was read: {minutes} minutes.", {"minutes": round(frames / fs / 60, 1)}),)
    media = Media("audio", path, frames / fs, float(fs), channels, full_scale_db=options.full_scale_db)
    return media_night(path, str(tags.get("date", "")), media=(media,), notes=notes, options=options)


def _survey(path: Path, options: ReadOptions) -> Survey:
    return survey_of(_load(path, options), KEY, NAME, options=options)


def _read(path: Path, options: ReadOptions) -> Recording:
    return recording_of(_load(path, options), Source(KEY, path.name), options=options)


READER = Reader(KEY, NAME, (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".webm"), _recognises, _survey, _read, icon="sound")
