"""One pass over a sound in fixed units: spectrogram, envelopes, level and classes are computed once and kept by the second."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.loudness import weighted_power
from somnia_engine.dsp.snore_tone import TONES, tone
from somnia_engine.dsp.spectra import FRAME, FS_HZ, HOP, N_BANDS, N_MELS, PATCH_FRAMES, band_spectrogram
from somnia_engine.hearing.classifier import SoundClassifier, load_sound_classifier

Blocks = Iterable[NDArray[np.float32]]
_Reel = dict[str, NDArray[Any]]

SILENCE = "silence"
SILENCE_DB = -92.0
"""Level re full scale under which a second is silence: about one step of a 16-bit file, whose own noise lies near -100 dB."""
SILENCE_SLOPE_DB = 1.0
GATE = 0.9
"""Seconds that are silent with this probability are not shown to the network (2 dB under SILENCE_DB)."""
STANDS_OUT_DB, FLOOR_PERCENTILE = 5.0, 20.0
"""In a whole unit, seconds in which no mel envelope rises by this above its floor hold the steady background only. Of them one is shown
to the network, and its answer stands for all: 99 % of white noise is told so, and none of the snores of a composed night."""

ENVELOPE_HZ = 10
FRAMES_PER_S = FS_HZ // HOP
BAND_EDGES = (0, 2, 5, 9, 13, 18, 64, 65, 66)
"""First band of each of the eight envelopes: 125-200, -310, -460, -640, -890, -7500, 31-63, 94-125 Hz."""
MEL_ENVELOPES = slice(0, 6)
DB_PER_LOG = 20.0 / np.log(10.0)
UNIT_S = 64
UNIT = UNIT_S * FS_HZ
"""Samples worked on at a time: fixed, so that nothing depends on the blocks that come in."""
REEL_S = 1408 * UNIT_S
"""Seconds kept in one piece, 25 h: what is not filled costs no memory, and what stays does not lie scattered among what goes."""
ARRAYS = ("p", "p_noisy", "power", "power_a", "clipped_frac", "tones", "envelopes")
TONES_A_UNIT = 4
"""Seconds of a whole unit whose pitch and formants are told: the loudest that sound like snoring. Each costs 1.2 ms; all of them would
cost a night of snores as much as its decoding."""
REACH = FRAME - HOP
"""Samples that the last frame of a second reaches into the next."""
LEAST_S = 0.3
"""A last second shorter than this is left out; a longer one is heard with silence behind it."""
_ROWS = 36000
"""Envelopes that are made single precision at a time: an hour's."""
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
    power_a : ndarray, shape (n,), float64
        The same, A-weighted; NaN where it was not asked for.
    clipped_frac : ndarray, shape (n,), float32
        Share of samples at full scale.
    tones : ndarray, shape (n, 3), float32
        Pitch and two formants of some seconds that sound like snoring [Hz]; NaN in all others.
    envelopes : ndarray, shape (n * ENVELOPE_HZ, 8), float16
        Log of the mean magnitude of eight bands, every 100 ms; half precision keeps a night of them at 5 MB.
    """

    classes: tuple[str, ...]
    p: NDArray[np.float32]
    p_noisy: NDArray[np.float32]
    power: NDArray[np.float64]
    power_a: NDArray[np.float64]
    clipped_frac: NDArray[np.float32]
    tones: NDArray[np.float32]
    envelopes: NDArray[np.float16]

    def of(self, name: str) -> NDArray[np.float32]:
        """Return the probability of one class, shape (n,)."""
        return self.p[:, self.classes.index(name)]

    @property
    def loudness(self) -> NDArray[np.float32]:
        """Log of the magnitude of the mel envelopes together, shape (n * ENVELOPE_HZ,)."""
        loudness = np.empty(len(self.envelopes), dtype=np.float32)
        for at in range(0, len(loudness), _ROWS):
            loudness[at : at + _ROWS] = np.logaddexp.reduce(self.envelopes[at : at + _ROWS, MEL_ENVELOPES].astype(np.float32), axis=1)
        return loudness

    @property
    def level_db(self) -> NDArray[np.float64]:
        """Level of each second [dB re full scale], shape (n,); digital silence is NaN."""
        return level_db(self.power)


def level_db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 10 log10 of a mean square [dB re full scale]; digital silence is not a measurement and gives NaN."""
    return np.asarray(10.0 * np.log10(np.where(power > 0.0, power, np.nan)), dtype=np.float64)


def hear_file(path: Path, *, weighted: bool = False) -> Heard:
    """Hear a sound file, or take a reel as it was heard; raises ReadError as `readers.audio.read_blocks` does."""
    from somnia_engine.hearing.reels import is_reel, read_reel
    from somnia_engine.readers.audio import read_blocks

    if is_reel(path):
        return read_reel(path)
    return hear(read_blocks(path, 60.0, fs=FS_HZ), weighted=weighted)


def hear_units(blocks: Blocks) -> Iterator[Heard]:
    """Yield what is heard in each 64 s of a sound at 16 kHz as soon as they are there; nothing else of the sound is kept."""
    from threadpoolctl import threadpool_limits

    classifier = load_sound_classifier()
    with threadpool_limits(1, user_api="blas"):
        for samples in _units(blocks):
            yield _unit(samples, classifier, weighted=False)


def hear(blocks: Blocks, *, classifier: SoundClassifier | None = None, weighted: bool = False) -> Heard:
    """Hear a sound in one pass.

    Parameters
    ----------
    blocks : iterable of ndarray, shape (any,), float32
        Consecutive samples at 16 kHz.
    classifier : SoundClassifier, optional
        The shipped one when not given.
    weighted : bool
        Whether A-weighted powers are wanted: only a calibrated microphone has a use for them, and they cost 0.2 ms a second.

    Returns
    -------
    Heard
        The same for any size of the blocks; memory grows by 14 kB a minute of sound only.
    """
    from threadpoolctl import threadpool_limits

    classifier = classifier or load_sound_classifier()
    classes = (*classifier.classes, SILENCE)
    reels: list[_Reel] = []
    seconds = REEL_S
    with threadpool_limits(1, user_api="blas"):  # two threads on these small products are ten times slower when a core is taken
        for samples in _units(blocks):
            unit = _unit(samples, classifier, weighted=weighted)
            count = len(unit.power)
            if seconds + count > REEL_S:
                reels.append(_reel(len(classes), REEL_S))
                seconds = 0
            _keep(unit, reels[-1], seconds)
            seconds += count
    lengths = [REEL_S] * (len(reels) - 1) + [seconds] if reels else [0]
    reels = reels or [_reel(len(classes), 0)]
    return Heard(classes, *(_joined(reels, name, lengths) for name in ARRAYS))


def _reel(classes: int, seconds: int) -> _Reel:
    return {
        "p": np.empty((seconds, classes), dtype=np.float32),
        "p_noisy": np.empty(seconds, dtype=np.float32),
        "power": np.empty(seconds, dtype=np.float64),
        "power_a": np.empty(seconds, dtype=np.float64),
        "clipped_frac": np.empty(seconds, dtype=np.float32),
        "tones": np.empty((seconds, len(TONES)), dtype=np.float32),
        "envelopes": np.empty((seconds * ENVELOPE_HZ, len(BAND_EDGES) - 1), dtype=np.float16),
    }


def _keep(unit: Heard, reel: _Reel, at: int) -> None:
    for name in ARRAYS:
        part, each = getattr(unit, name), ENVELOPE_HZ if name == "envelopes" else 1
        reel[name][at * each : at * each + len(part)] = part


def _joined(reels: list[_Reel], name: str, lengths: list[int]) -> Any:
    """Return one thing of all reels; there is one reel, unless a sound is longer than a day."""
    each = ENVELOPE_HZ if name == "envelopes" else 1
    parts = [reel.pop(name)[: length * each] for reel, length in zip(reels, lengths, strict=True)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


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


def _unit(samples: NDArray[np.float32], classifier: SoundClassifier, *, weighted: bool) -> Heard:
    whole, rest = divmod(min(len(samples), UNIT), FS_HZ)
    seconds = whole + (rest >= LEAST_S * FS_HZ)
    length = np.minimum(len(samples) - FS_HZ * np.arange(seconds), FS_HZ)
    samples = np.pad(samples, (0, max(seconds * FS_HZ + REACH - len(samples), 0)))
    frames = band_spectrogram(samples)[: seconds * FRAMES_PER_S]
    by_second = frames.reshape(seconds, FRAMES_PER_S, N_BANDS)
    sound = samples[: seconds * FS_HZ].reshape(seconds, FS_HZ)
    power = np.einsum("ij,ij->i", sound, sound, dtype=np.float64) / length
    power_a = weighted_power(sound, FS_HZ) * FS_HZ / length if weighted else np.full(seconds, np.nan)
    silence = _silence(power)
    steps = FRAMES_PER_S // ENVELOPE_HZ
    slices = np.add.reduceat(frames, BAND_EDGES[:-1], axis=1)
    means = slices.reshape(seconds * ENVELOPE_HZ, steps, len(BAND_EDGES) - 1).mean(axis=1)
    logs = np.log(means + np.float32(LEAST_MAGNITUDE))
    p, p_noisy = _answers(by_second[:, :PATCH_FRAMES, :N_MELS], _standing_out(logs, silence), classifier)
    envelopes = logs.astype(np.float16)
    clipped = (np.abs(sound) >= CLIPPED).mean(axis=1).astype(np.float32)
    loud = (1.0 - silence)[:, None]
    tones = _tones(sound, power, p[:, classifier.classes.index("snore")] >= classifier.thresholds["snore"])
    p = np.concatenate((p * loud, silence[:, None]), axis=1)
    return Heard((*classifier.classes, SILENCE), p, p_noisy * loud[:, 0], power, power_a, clipped, tones, envelopes)


def _tones(sound: NDArray[np.float32], power: NDArray[np.float64], snoring: NDArray[np.bool_]) -> NDArray[np.float32]:
    tones = np.full((len(sound), len(TONES)), np.nan, dtype=np.float32)
    candidates = np.flatnonzero(snoring)
    for second in candidates[np.argsort(-power[candidates], kind="stable")[:TONES_A_UNIT]]:
        tones[second] = tone(sound[second], FS_HZ)
    return tones


def _standing_out(logs: NDArray[np.float32], silence: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return whom each second asks, shape (seconds,): itself, the quietest second of the steady background, or -1 for nobody."""
    seconds = np.arange(len(silence))
    asked = np.where(silence <= GATE, seconds, -1)
    if len(seconds) < UNIT_S:
        return asked
    bands = logs[:, MEL_ENVELOPES]
    peaks = bands.reshape(len(seconds), ENVELOPE_HZ, -1).max(axis=1)
    rise = (peaks - np.percentile(bands, FLOOR_PERCENTILE, axis=0)).max(axis=1) * DB_PER_LOG
    steady = (rise < STANDS_OUT_DB) & (asked >= 0)
    if steady.any():
        asked[steady] = np.flatnonzero(steady)[rise[steady].argmin()]
    return asked


def _answers(
    bands: NDArray[np.float32], asked: NDArray[np.int64], classifier: SoundClassifier
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the answers of the seconds that each second asks, none of them twice; zero where nobody is asked."""
    p, p_noisy = np.zeros((len(asked), len(classifier.classes)), dtype=np.float32), np.zeros(len(asked), dtype=np.float32)
    heard = asked >= 0
    if heard.any():
        shown, place = np.unique(asked[heard], return_inverse=True)
        told, noisy = classifier(bands[shown])
        p[heard], p_noisy[heard] = told[place], noisy[place]
    return p, p_noisy


def _silence(power: NDArray[np.float64]) -> NDArray[np.float32]:
    level = 10.0 * np.log10(np.maximum(power, 1e-20))
    return np.asarray(1.0 / (1.0 + np.exp((level - SILENCE_DB) / SILENCE_SLOPE_DB)), dtype=np.float32)
