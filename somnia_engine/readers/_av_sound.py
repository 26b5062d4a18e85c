"""Sound in containers that libsndfile does not read, or reads slowly: Opus and Vorbis in Ogg, AAC in M4A, Opus in WebM, through PyAV."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.text import Text

CODECS = frozenset(("aac", "alac", "flac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis", "pcm_s16le"))
"""Decoders that may run; FFmpeg carries many more, some of them with known holes."""
SEEK_S = 1.0
NAMES = "AAC, ALAC, FLAC, MP3, Opus, Vorbis, PCM"


def is_container(head: bytes) -> bool:
    """Tell whether the bytes begin an Ogg, an MP4 or a WebM/Matroska file."""
    return _format(head) is not None


def _format(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "mov"
    return {b"OggS": "ogg", b"\x1aE\xdf\xa3": "matroska"}.get(head[:4])


class AvSound:
    """A decoded sound that is read like a `soundfile.SoundFile`: `read`, `seek`, `frames`, `samplerate`, `channels`.

    Raises DamagedFile when it cannot be opened, ReadError when it holds no sound that may be decoded.
    """

    def __init__(self, path: Path) -> None:
        import av

        with path.open("rb") as file:
            kind = _format(file.read(12))  # named, so that no other of FFmpeg's demuxers is tried
        try:
            self._container = av.open(str(path), format=kind, metadata_errors="ignore")
        except (av.FFmpegError, OSError, ValueError) as error:
            text = Text("{name} cannot be read as a sound: it is damaged or not complete. Copy or record it again.", {"name": path.name})
            raise DamagedFile(text) from error
        streams = self._container.streams.audio
        context = streams[0].codec_context if streams else None  # a stream of an unknown codec has none
        codec = "" if context is None else context.name
        if codec not in CODECS:
            self._container.close()
            raise ReadError(
                Text(
                    "{name} holds no sound that I may decode (found: {codec}; allowed: {allowed}). Save it as M4A, Opus, FLAC or WAV.",
                    {"name": path.name, "codec": codec or "–", "allowed": NAMES},
                )
            )
        self._stream = streams[0]
        self.samplerate = int(self._stream.codec_context.sample_rate or 0)
        self.channels = int(self._stream.codec_context.channels or 0)
        self._even = av.AudioResampler(format="fltp")
        self._decoded: Iterator[NDArray[np.float32]] | None = None
        self._held = np.zeros((0, max(self.channels, 1)), dtype=np.float32)

    def __enter__(self) -> "AvSound":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def frames(self) -> int:
        """How many frames the file says it has; 0 when it does not say."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return int(self._stream.duration * self._stream.time_base * self.samplerate)
        return int((self._container.duration or 0) / 1e6 * self.samplerate)

    def copy_metadata(self) -> dict[str, str]:
        """Return the tags; a creation time counts as the date."""
        tags = {**self._container.metadata, **self._stream.metadata}
        return {"date": tags.get("creation_time", tags.get("DATE", tags.get("date", "")))}

    def seek(self, frame: int) -> None:
        """Go to the last second before a frame; nothing is read from there when the file has no sound so late."""
        import av

        self._held = self._held[:0]
        earliest_s = max(frame / self.samplerate - SEEK_S, 0.0)
        try:
            self._container.seek(int(earliest_s * 1e6), backward=True)
        except av.FFmpegError:
            self._decoded = iter(())
            return
        self._decoded = self._decode(earliest_s)

    def read(self, count: int, **_: Any) -> NDArray[np.float32]:
        """Return up to `count` frames, shape (n, channels), float32; fewer only at the end or where the file breaks off."""
        if self._decoded is None:
            self._decoded = self._decode()
        parts, have = [self._held], len(self._held)
        while have < count:
            part = next(self._decoded, None)
            if part is None:
                break
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts)
        self._held = joined[count:]
        return joined[:count]

    def _decode(self, earliest_s: float = 0.0) -> Iterator[NDArray[np.float32]]:
        import av

        try:
            for frame in self._container.decode(self._stream):
                if frame.time is not None and frame.time < earliest_s:
                    continue
                for even in self._even.resample(frame):
                    planes = even.to_ndarray().T
                    yield np.ascontiguousarray(planes[:, : self.channels], dtype=np.float32)
        except av.FFmpegError:
            return
