"""The loudest moments of a night as short clips to listen to; whatever sounds like speech is blanked, and never kept."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.spectra import FS_HZ, N_MELS, band_spectrogram
from somnia_engine.extractors._heard import HeardNight, heard_nights
from somnia_engine.hearing import Heard
from somnia_engine.hearing.listener import ENVELOPE_HZ
from somnia_engine.hearing.reels import is_reel
from somnia_engine.placing import AnalysisOptions, place
from somnia_engine.readers.audio import read_blocks
from somnia_engine.types.clips import Clip
from somnia_engine.types.recording import Recording

Sound = NDArray[np.float32]

MOST_CLIPS, CLIP_S = 20, 10
BEFORE_S = 3
"""A clip begins so long before its loudest second."""
VOICES = ("speech", "laugh", "infant_cry")
LEAST_VOICE = 0.15
"""A second that is more likely a voice than this is blanked: a third of what makes an event, as a word kept is worse than a snore lost."""
NEIGHBORS_S = 2
MOST_BLANKED_FRAC = 0.5
LEAST_HEIGHT_DB = 10.0
FADE = FS_HZ // 50
DB_PER_LOG = 20.0 / np.log(10.0)
PICTURE_COLUMNS = 200
DARKEST_DB = 60.0


def loudest_clips(recordings: Sequence[Recording], options: AnalysisOptions) -> tuple[Clip, ...]:
    """Return at most MOST_CLIPS clips of at most CLIP_S seconds of a night, in order of time.

    Parameters
    ----------
    recordings : sequence of Recording
        Files of one night; what was heard of them is taken as it was heard for the analysis.
    options : AnalysisOptions
        As for the analysis.
    """
    found: list[tuple[float, HeardNight, int]] = []
    for sound in heard_nights(place(recordings, options).input):
        if not is_reel(sound.path):
            found += [(height_db, sound, first) for height_db, first in moments(sound.heard)]
    found.sort(key=lambda one: -one[0])
    chosen = found[:MOST_CLIPS]
    clips: list[Clip] = []
    for sound in {id(one[1]): one[1] for one in chosen}.values():
        clips += _cut(sound, sorted((first, height_db) for height_db, other, first in chosen if other is sound))
    return tuple(sorted(clips, key=lambda clip: clip.onset_s))


def voiced_seconds(heard: Heard) -> NDArray[np.bool_]:
    """Return which seconds are blanked: those that may hold a voice, and their neighbors."""
    voiced = np.max([heard.of(name) for name in VOICES if name in heard.classes], axis=0) >= LEAST_VOICE
    reach = np.ones(2 * NEIGHBORS_S + 1)
    return np.asarray(np.convolve(voiced, reach, "same") > 0.0) if len(voiced) >= len(reach) else np.full(len(voiced), voiced.any())


def moments(heard: Heard) -> list[tuple[float, int]]:
    """Return height [dB] and first second of the loudest moments, apart from each other, loudest first."""
    seconds = len(heard.power)
    if seconds < CLIP_S:
        return []
    peak = heard.loudness.reshape(-1, ENVELOPE_HZ).max(axis=1) * DB_PER_LOG
    height = peak - np.median(peak[heard.power > 0.0]) if (heard.power > 0.0).any() else np.zeros(seconds)
    voiced = voiced_seconds(heard)
    height = np.where(voiced, -np.inf, height)
    found: list[tuple[float, int]] = []
    for at in np.argsort(-height, kind="stable"):
        first = int(np.clip(at - BEFORE_S, 0, seconds - CLIP_S))
        if len(found) == MOST_CLIPS or height[at] < LEAST_HEIGHT_DB:
            break
        apart = all(abs(first - other) >= CLIP_S for _, other in found)
        if apart and voiced[first : first + CLIP_S].mean() <= MOST_BLANKED_FRAC:
            found.append((float(height[at]), first))
    return found


def _cut(sound: HeardNight, wanted: list[tuple[int, float]]) -> Iterator[Clip]:
    """Yield the wanted clips of one sound, in one pass over it."""
    voiced = voiced_seconds(sound.heard)
    for (first, height_db), samples in zip(wanted, _pieces(sound.path, [first for first, _ in wanted]), strict=False):
        silent = np.repeat(voiced[first : first + CLIP_S], FS_HZ)[: len(samples)]
        kept = samples * _faded(~silent)
        yield Clip(sound.at_s(first), len(samples) / FS_HZ, height_db, float(silent.mean()) * CLIP_S, _mp3(kept), _png(kept))


def _pieces(path: Path, firsts: list[int]) -> Iterator[Sound]:
    """Yield CLIP_S seconds from each first second, which are in order and apart."""
    waiting, block_s, held = list(firsts), 60, np.zeros(0, dtype=np.float32)
    at = 0  # second at which `held` begins
    for block in read_blocks(path, float(block_s), fs=FS_HZ):
        held = np.concatenate((held, block))
        while waiting and (waiting[0] + CLIP_S - at) * FS_HZ <= len(held):
            start = (waiting.pop(0) - at) * FS_HZ
            yield held[start : start + CLIP_S * FS_HZ]
        drop = max(0, len(held) // FS_HZ - CLIP_S)
        held, at = held[drop * FS_HZ :], at + drop
        if not waiting:
            return


def _faded(kept: NDArray[np.bool_]) -> Sound:
    """Return a gain that is 0 wherever something is blanked, and rises and falls without a click inside of what is kept."""
    around = np.convolve(np.pad(~kept, FADE).astype(np.float32), np.ones(2 * FADE + 1, dtype=np.float32), "valid")
    return np.asarray(np.clip(1.0 - around / FADE, 0.0, 1.0) * kept, dtype=np.float32)


def _mp3(samples: Sound) -> bytes:
    import soundfile

    out, loudest = BytesIO(), float(np.abs(samples).max(initial=1e-6))
    soundfile.write(out, samples * np.float32(0.7 / max(loudest, 1e-4)), FS_HZ, format="MP3")
    return out.getvalue()


def _png(samples: Sound) -> bytes:
    import cv2

    bands = band_spectrogram(samples)[:, :N_MELS]
    step = max(1, len(bands) // PICTURE_COLUMNS)
    bands = bands[: len(bands) // step * step].reshape(-1, step, N_MELS).max(axis=1)
    level = 20.0 * np.log10(bands.T[::-1] / max(float(bands.max(initial=0.0)), 1e-9) + 1e-6)
    shades = np.clip(255.0 * (1.0 + level / DARKEST_DB), 0.0, 255.0).astype(np.uint8)
    _, coded = cv2.imencode(".png", cv2.applyColorMap(shades, cv2.COLORMAP_VIRIDIS))
    return bytes(coded)
