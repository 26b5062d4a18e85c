"""What the codecs of phones and recorders leave of a sound: encoded with PyAV, decoded by the product's own reader."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.sound.augment import FS_HZ
from somnia_engine.readers.audio import read_blocks

Sound = NDArray[np.float32]

CODECS: dict[str, tuple[str, str, str, int]] = {
    "Opus, 16 kbit/s": ("opus", "ogg", "libopus", 16000),
    "Opus, 24 kbit/s": ("opus", "ogg", "libopus", 24000),
    "AAC, 32 kbit/s": ("m4a", "ipod", "aac", 32000),
    "MP3, 32 kbit/s": ("mp3", "mp3", "libmp3lame", 32000),
}
"""Suffix, container, encoder and rate [bit/s] of each."""
FURTHEST = FS_HZ // 5
"""No codec delays by more samples than this."""


def through_codec(seconds: Sound, name: str) -> Sound:
    """Return seconds, shape (n, FS_HZ), as they come back from a codec, laid again where they were."""
    suffix, container, encoder, rate = CODECS[name]
    whole = np.ascontiguousarray(seconds.reshape(-1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"coded.{suffix}"
        encode(path, whole, container=container, encoder=encoder, rate=rate)
        back = np.concatenate(list(read_blocks(path, 60.0, fs=FS_HZ)))
    late = _delay(whole, back)
    back = np.pad(back, (FURTHEST, len(whole)))[FURTHEST + late : FURTHEST + late + len(whole)]
    return back.reshape(seconds.shape).astype(np.float32)


def encode(path: Path, sound: Sound, *, container: str, encoder: str, rate: int) -> None:
    """Write a sound at 16 kHz through an encoder."""
    import av

    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(encoder, rate=FS_HZ, layout="mono")
        stream.bit_rate = rate
        resampler = av.AudioResampler(format=stream.codec_context.format or "fltp", layout="mono", rate=FS_HZ)
        for at in range(0, len(sound), FS_HZ):
            part = sound[at : at + FS_HZ]
            frame = av.AudioFrame.from_ndarray(part[None], format="flt", layout="mono")
            frame.sample_rate, frame.pts = FS_HZ, at
            for even in resampler.resample(frame):
                out.mux(stream.encode(even))
        for even in resampler.resample(None):
            out.mux(stream.encode(even))
        out.mux(stream.encode(None))


def _delay(sound: Sound, back: Sound) -> int:
    """Return how many samples later what came back lies, from the first minute."""
    length = min(len(sound), len(back), 60 * FS_HZ)
    size = 2 * length
    alike = np.fft.irfft(np.fft.rfft(back[:length], size) * np.conj(np.fft.rfft(sound[:length], size)), size)
    near = np.concatenate((alike[-FURTHEST:], alike[: FURTHEST + 1]))
    return int(near.argmax()) - FURTHEST
