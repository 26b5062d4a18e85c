"""One pass over a sound in fixed units: spectrogram, envelopes, level and classes are computed once and kept by the second."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.spectra import FRAME, FS_HZ, HOP, N_BANDS, N_MELS, PATCH_FRAMES, band_spectrogram
from somnia_engine.hearing.classifier import SECONDS_AT_ONCE, SoundClassifier, load_sound_classifier

Blocks = Iterable[NDArray[np.float32]]

SILENCE = "silence"
SILENCE_DB = -92.0
"""Level re full scale under which a second is silence: about one step of a 16-bit file, whose own noise lies near -100 dB."""
SILENCE_SLOPE_DB = 1.0
GATE = 0.9
"""Seconds that are silent with this probability are not shown to the network (2 dB under SILENCE_DB)."""

ENVELOPE_HZ = 10
FRAMES_PER_S = FS_HZ // HOP
BAND_EDGES = (0, 2, 5, 9, 13, 18, 64, 65, 66)
"""First band of each of the eight envelopes: 125-200, -310, -460, -640, -890, -7500, 31-63, 94-125 Hz."""
UNIT = SECONDS_AT_ONCE * FS_HZ
"""Samples worked on at a time: fixed, so that nothing depends on the blocks that come in."""
REACH = FRAME - HOP
"""Samples that the last frame of a second reaches into the next."""
LEAST_S = 0.3
"""A last second shorter than this is left out; a longer one is heard with silence behind it."""
CLIPPED = 0.999
LEAST_MAGNITUDE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was heard, by the second.

    Parameters
    ----------
    classes : tuple of str
        Names of the columns of `p`, silence last.
    p : ndarray, shape (n, k), float32
        Probability of each class in each second; several may be true at once.
    p_noisy : ndarray, shape (n,), float32
        Probability that noise hides what a sleeper does.
    power : ndarray, shape (n,), float64
        Mean square of each second, full scale is 1.
    clipped_frac : ndarray, shape (n,), float32
        Share of samples at full scale.
    envelopes : ndarray, shape (n * ENVELOPE_HZ, 8), float16
        Log of the mean magnitude of eight bands, every 100 ms; half precision keeps a night of them at 5 MB.
    """

    classes: tuple[str, ...]
    p: NDArray[np.float32]
    p_noisy: NDArray[np.float32]
    power: NDArray[np.float64]
    clipped_frac: NDArray[np.float32]
    envelopes: NDArray[np.float16]

    def of(self, name: str) -> NDArray[np.float32]:
        """Return the probability of one class, shape (n,)."""
        return self.p[:, self.classes.index(name)]

    @property
    def level_db(self) -> NDArray[np.float64]:
        """Level of each second [dB re full scale], shape (n,); digital silence is NaN."""
        return np.asarray(10.0 * np.log10(np.where(self.power > 0.0, self.power, np.nan)), dtype=np.float64)


def hear_file(path: Path) -> Heard:
    """Hear a sound file; raises ReadError as `readers.audio.read_blocks` does."""
    from somnia_engine.readers.audio import read_blocks

    return hear(read_blocks(path, 60.0, fs=FS_HZ))


def hear(blocks: Blocks, *, classifier: SoundClassifier | None = None) -> Heard:
    """Hear a sound in one pass.

    Parameters
    ----------
    blocks : iterable of ndarray, shape (any,), float32
        Consecutive samples at 16 kHz.
    classifier : SoundClassifier, optional
        The shipped one when not given.

    Returns
    -------
    Heard
        The same for any size of the blocks; memory grows by 3 kB a minute of sound only.
    """
    from threadpoolctl import threadpool_limits

    classifier = classifier or load_sound_classifier()
    with threadpool_limits(1, user_api="blas"):  # two threads on these small products are ten times slower when a core is taken
        parts = [_unit(samples, classifier) for samples in _units(blocks)]
    classes = (*classifier.classes, SILENCE)
    if not parts:
        none = np.zeros(0, dtype=np.float32)
        empty = np.zeros((0, len(classes)), dtype=np.float32)
        return Heard(classes, empty, none, none.astype(np.float64), none, np.zeros((0, len(BAND_EDGES) - 1), dtype=np.float16))
    return Heard(
        classes,
        np.concatenate([part.p for part in parts]),
        np.concatenate([part.p_noisy for part in parts]),
        np.concatenate([part.power for part in parts]),
        np.concatenate([part.clipped_frac for part in parts]),
        np.concatenate([part.envelopes for part in parts]),
    )


def _units(blocks: Blocks) -> Iterator[NDArray[np.float32]]:
    """Yield UNIT samples with what a frame reaches over their end; the last one is what is left."""
    held = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate((held, block)) if len(held) else np.asarray(block, dtype=np.float32)
        while len(held) >= UNIT + REACH:
            yield held[: UNIT + REACH]
            held = held[UNIT:].copy()
    if len(held) >= LEAST_S * FS_HZ:
        yield held


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    p: NDArray[np.float32]
    p_noisy: NDArray[np.float32]
    power: NDArray[np.float64]
    clipped_frac: NDArray[np.float32]
    envelopes: NDArray[np.float16]


def _unit(samples: NDArray[np.float32], classifier: SoundClassifier) -> _Unit:
    whole, rest = divmod(min(len(samples), UNIT), FS_HZ)
    seconds = whole + (rest >= LEAST_S * FS_HZ)
    length = np.minimum(len(samples) - FS_HZ * np.arange(seconds), FS_HZ)
    samples = np.pad(samples, (0, max(seconds * FS_HZ + REACH - len(samples), 0)))
    frames = band_spectrogram(samples)[: seconds * FRAMES_PER_S]
    by_second = frames.reshape(seconds, FRAMES_PER_S, N_BANDS)
    sound = samples[: seconds * FS_HZ].reshape(seconds, FS_HZ)
    power = np.einsum("ij,ij->i", sound, sound, dtype=np.float64) / length
    silence = _silence(power)
    asked = silence <= GATE
    p, p_noisy = np.zeros((seconds, len(classifier.classes)), dtype=np.float32), np.zeros(seconds, dtype=np.float32)
    p[asked], p_noisy[asked] = classifier(by_second[asked, :PATCH_FRAMES, :N_MELS])
    steps = FRAMES_PER_S // ENVELOPE_HZ
    slices = np.add.reduceat(frames, BAND_EDGES[:-1], axis=1)
    means = slices.reshape(seconds * ENVELOPE_HZ, steps, len(BAND_EDGES) - 1).mean(axis=1)
    envelopes = np.log(means + np.float32(LEAST_MAGNITUDE)).astype(np.float16)
    clipped = (np.abs(sound) >= CLIPPED).mean(axis=1).astype(np.float32)
    loud = (1.0 - silence)[:, None]
    return _Unit(np.concatenate((p * loud, silence[:, None]), axis=1), p_noisy * loud[:, 0], power, clipped, envelopes)


def _silence(power: NDArray[np.float64]) -> NDArray[np.float32]:
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    return np.asarray(1.0 / (1.0 + np.exp((level_db - SILENCE_DB) / SILENCE_SLOPE_DB)), dtype=np.float32)
