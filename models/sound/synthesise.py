"""Sounds made from a source and a filter: snores, breaths, hums and noises without a person's licence behind them."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Sound = NDArray[np.float32]
FS_HZ = 16000


def snore(rng: np.random.Generator, seconds: float = 1.5) -> Sound:
    """Return a snore: a jittered pulse train (palatal flutter of 20 to 160 Hz) and turbulence through three to five resonances."""
    n = int(seconds * FS_HZ)
    times = np.arange(n) / FS_HZ
    rate = _drift(rng, n, centre=float(np.exp(rng.uniform(np.log(20.0), np.log(160.0)))), share=0.25)
    phase = np.cumsum(rate) / FS_HZ
    pulses = np.diff(np.floor(phase + 0.08 * _slow_noise(rng, n, 200.0)), prepend=0.0).clip(0.0)
    pulses = lfilter([1.0], [1.0, -float(rng.uniform(0.6, 0.97))], pulses * rng.lognormal(0.0, 0.4, n))
    air = rng.normal(0.0, 1.0, n) * (0.2 + np.abs(np.sin(np.pi * phase)) ** float(rng.uniform(0.5, 4.0)))
    mix = float(rng.uniform(0.15, 0.9))
    source = mix * pulses / (np.std(pulses) + 1e-9) + (1.0 - mix) * air / np.std(air)
    sound = source
    for low, high in ((120, 500), (500, 1300), (1300, 2600), (2600, 4200)):
        if rng.random() < 0.85:
            sound = sound * float(rng.uniform(0.05, 0.4)) + _resonance(rng, source, low, high)
    rise, fall = rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.6)
    shape = np.clip(times / rise, 0.0, 1.0) * np.clip((times[-1] - times) / fall, 0.0, 1.0)
    return _levelled(_tilted(rng, sound) * shape * (1.0 + 0.3 * _slow_noise(rng, n, 6.0)))


def breath(rng: np.random.Generator, seconds: float = 2.0) -> Sound:
    """Return a breath: turbulence through the nose or the mouth, swelling and fading."""
    n = int(seconds * FS_HZ)
    source = rng.normal(0.0, 1.0, n)
    sound = sum(_resonance(rng, source, low, high) * float(rng.uniform(0.1, 1.0)) for low, high in ((200, 900), (900, 2500), (2500, 6000)))
    shape = np.sin(np.pi * np.linspace(0.0, 1.0, n)) ** float(rng.uniform(0.5, 2.0))
    return _levelled(np.asarray(sound) * shape)


def steady(rng: np.random.Generator, seconds: float = 1.5) -> Sound:
    """Return a machine's or the weather's noise: coloured noise, sometimes with hum, blades or beeps."""
    n = int(seconds * FS_HZ)
    times = np.arange(n) / FS_HZ
    sound = _coloured(rng, n)
    if rng.random() < 0.4:
        hum = float(rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(20.0, 400.0)]))
        sound = sound + sum(rng.uniform(0.0, 1.5) / k * np.sin(2 * np.pi * hum * k * times + rng.uniform(0, 6.28)) for k in range(1, 12))
    if rng.random() < 0.3:
        sound = sound * (1.0 + rng.uniform(0.1, 0.9) * np.sin(2 * np.pi * rng.uniform(0.5, 30.0) * times))
    if rng.random() < 0.15:
        sound = 0.1 * sound + np.sin(2 * np.pi * rng.uniform(300, 4000) * times) * (np.sin(2 * np.pi * rng.uniform(0.5, 8) * times) > 0)
    return _levelled(sound)


def bumps(rng: np.random.Generator, seconds: float = 1.5) -> Sound:
    """Return short knocks, clicks and rustles, as bedding and furniture make them."""
    n = int(seconds * FS_HZ)
    sound = np.zeros(n)
    for _ in range(int(rng.integers(1, 9))):
        at, length = int(rng.integers(0, n - 400)), int(np.exp(rng.uniform(np.log(200), np.log(8000))))
        length = min(length, n - at)
        burst = _coloured(rng, length) * np.exp(-np.arange(length) / (length * rng.uniform(0.1, 0.6)))
        sound[at : at + length] += burst * rng.uniform(0.2, 1.0)
    return _levelled(sound)


def _coloured(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, n))
    hz = np.maximum(np.fft.rfftfreq(n, 1.0 / FS_HZ), 20.0)
    shape = hz ** -float(rng.uniform(0.0, 1.4))
    if rng.random() < 0.5:
        centre, width = np.exp(rng.uniform(np.log(100), np.log(6000))), rng.uniform(0.2, 1.5)
        shape = shape * (0.05 + np.exp(-0.5 * (np.log(hz / centre) / width) ** 2))
    sound = np.fft.irfft(spectrum * shape, n)
    return np.asarray(sound / (np.std(sound) + 1e-12))


def _resonance(rng: np.random.Generator, source: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    centre, width = rng.uniform(low, high), rng.uniform(40.0, 250.0)
    radius = np.exp(-np.pi * width / FS_HZ)
    sound = lfilter([1.0], [1.0, -2.0 * radius * np.cos(2.0 * np.pi * centre / FS_HZ), radius**2], source)
    return np.asarray(sound / (np.std(sound) + 1e-12))


def _slow_noise(rng: np.random.Generator, n: int, hz: float) -> NDArray[np.float64]:
    points = max(4, int(n / FS_HZ * hz) + 2)
    return np.interp(np.linspace(0, points - 1, n), np.arange(points), rng.normal(0.0, 1.0, points))


def _drift(rng: np.random.Generator, n: int, *, centre: float, share: float) -> NDArray[np.float64]:
    return centre * np.exp(share * _slow_noise(rng, n, 4.0))


def _tilted(rng: np.random.Generator, sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(lfilter([1.0], [1.0, -float(rng.uniform(-0.3, 0.85))], sound))


def _levelled(sound: NDArray[np.float64]) -> Sound:
    return (0.3 * sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)
