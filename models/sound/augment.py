"""What a room, a distance and a phone do to a sound before it is heard."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter, resample_poly

Sound = NDArray[np.float32]
FS_HZ = 16000


def disturbed(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a variant of a sound: other pitch and speed, timbre, room, band limit and quantisation; the level is left alone."""
    if rng.random() < 0.6:
        sound = speeded(sound, float(np.exp(rng.uniform(-0.35, 0.35))))
    if rng.random() < 0.6:
        sound = equalised(sound, rng)
    if rng.random() < 0.35:
        sound = tilted(sound, float(rng.uniform(-0.5, 0.7)))
    if rng.random() < 0.35:
        sound = reverberant(sound, rng, decay_s=float(rng.uniform(0.05, 0.9)), wet=float(rng.uniform(0.1, 1.0)))
    if rng.random() < 0.4:
        sound = band_limited(sound, float(np.exp(rng.uniform(np.log(1200.0), np.log(7500.0)))))
    if rng.random() < 0.1:
        sound = companded(sound)
    return sound.astype(np.float32)


def equalised(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound through one to three peaking filters of up to 15 dB (Bristow-Johnson's cookbook), as microphones colour it."""
    for _ in range(int(rng.integers(1, 4))):
        angle = 2.0 * np.pi * np.exp(rng.uniform(np.log(80.0), np.log(6500.0))) / FS_HZ
        gain, width = 10.0 ** (rng.uniform(-15.0, 15.0) / 40.0), np.sin(angle) / (2.0 * rng.uniform(0.4, 3.0))
        above = [1.0 + width * gain, -2.0 * np.cos(angle), 1.0 - width * gain]
        below = [1.0 + width / gain, -2.0 * np.cos(angle), 1.0 - width / gain]
        sound = lfilter(np.array(above) / below[0], np.array(below) / below[0], sound)
    return np.asarray(sound, dtype=np.float32)


def speeded(sound: Sound, factor: float) -> Sound:
    """Return the sound played `factor` times as fast, by linear interpolation."""
    at = np.arange(0.0, len(sound) - 1, factor)
    return np.interp(at, np.arange(len(sound)), sound).astype(np.float32)


def tilted(sound: Sound, tilt: float) -> Sound:
    """Return the sound through a one-pole filter: `tilt` > 0 darkens, < 0 brightens."""
    return np.asarray(lfilter([1.0 - abs(tilt)], [1.0, -tilt], sound), dtype=np.float32)


def reverberant(sound: Sound, rng: np.random.Generator, *, decay_s: float, wet: float) -> Sound:
    """Return the sound in a room whose echoes fall by 60 dB in `decay_s` seconds."""
    n = max(int(decay_s * FS_HZ), 2)
    echoes = rng.normal(0.0, 1.0, n) * 10.0 ** (-3.0 * np.arange(n) / n)
    echoes *= wet / np.sqrt((echoes**2).sum())
    echoes[0] += 1.0
    return fftconvolve(sound, echoes.astype(np.float32))[: len(sound)].astype(np.float32)


def band_limited(sound: Sound, highest_hz: float) -> Sound:
    """Return the sound without what lies above `highest_hz`, as a narrow codec sends it."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1.0 / FS_HZ)
    return np.fft.irfft(spectrum / (1.0 + (hz / highest_hz) ** 12), len(sound)).astype(np.float32)


def companded(sound: Sound) -> Sound:
    """Return the sound as a telephone sends it: 8 kHz, 8-bit mu-law (ITU-T G.711)."""
    slow = resample_poly(sound, 1, 2)
    top = np.abs(slow).max() + 1e-9
    code = np.round(np.sign(slow) * np.log1p(255.0 * np.abs(slow) / top) / np.log(256.0) * 127.0) / 127.0
    heard = np.sign(code) * (256.0 ** np.abs(code) - 1.0) / 255.0 * top
    return resample_poly(heard, 2, 1)[: len(sound)].astype(np.float32)
