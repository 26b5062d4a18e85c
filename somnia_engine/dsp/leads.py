"""One ECG lead made ready: the envelope of its QRS complexes, their usual height, and where it can be read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

CENTER_HZ, WIDTH_S = 17.0, 0.026
"""A Gabor wavelet that answers to the QRS complex (10 to 25 Hz) and little to P and T waves (below 8 Hz)."""
ENVELOPE_HZ = 110.0
"""The envelope is computed at this rate [Hz] or up to twice it."""
BLOCK_S, AROUND = 1.5, 6
"""The usual height is the median, over 13 blocks, of the highest point of each."""
QUIET_PCT = 70.0
"""Between beats lies what this share of a block's envelope stays below."""
LEAST_CLEAR = 2.5
"""Times that beats stand over what lies between them; white noise reaches 1.5, a readable ECG 4 and more."""
FLAT_MV, FLAT_SHARE = 0.01, 0.03
"""A block that varies by less than this [mV], or than this share of the lead's usual variation, is flat: the electrode is off."""
CLIPPED_FRAC = 0.1
"""A block with more of its samples at the lead's own limits is clipped."""
BURST = 5.0
"""A block this many times over the usual height is a burst of movement."""


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """A lead and what is known of each of its blocks of 1.5 s.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        Gaps filled with their last value [mV].
    envelope : ndarray, shape (m,), float32
        Of the QRS complex, at `rate` [Hz].
    block : int
        Length of a block in samples of the envelope.
    height, clearness : ndarray, shape (n_blocks,), float64
        Usual height of a beat; times that beats stand over what lies between them.
    readable : ndarray, shape (n_blocks,), bool
        Measured, not flat, not clipped.
    measured, usable : ndarray, shape (n_seconds,), bool
        Seconds with a living signal, and those in which beats can be told from noise, too.
    """

    samples: Samples
    envelope: Samples
    rate: float
    block: int
    height: Values
    clearness: Values
    readable: Mask
    measured: Mask
    usable: Mask

    def over_time(self, blocks: Values) -> Samples:
        """Return values of the blocks drawn over the samples of the envelope."""
        middle = (np.arange(len(blocks)) + 0.5) * self.block
        return np.interp(np.arange(len(self.envelope), dtype=np.float32), middle, blocks).astype(np.float32)

    def usual_height(self, envelope: Samples) -> Values:
        """Return the usual height in another envelope of the same blocks, shape (n_blocks,)."""
        return _usual(_blocks(envelope, self.block).max(axis=1).astype(np.float64), self.readable)


def rolling_median(values: Values, around: int) -> Values:
    """Return the median of each value and `around` on both sides of it, shape (n,)."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, max(around, 0), mode="edge"), 2 * max(around, 0) + 1)
    return np.asarray(np.median(windows, axis=1))


def lead_of(samples: Samples, *, fs: float) -> Lead:
    """Return a lead [mV] of at least 2 s made ready; NaN is a gap."""
    step = max(int(fs // ENVELOPE_HZ), 1)
    rate, block = fs / step, max(int(BLOCK_S * fs / step), 1)
    missing = ~np.isfinite(samples)
    filled = _filled(samples, missing)
    envelope = _envelope(filled, fs=fs, step=step)
    blocks = _blocks(envelope, block)
    alive, clean = _states(filled, missing, length=block * step, n_blocks=len(blocks))
    tops = blocks.max(axis=1).astype(np.float64)
    height = _usual(tops, alive & clean)
    quiet = rolling_median(np.percentile(blocks[:, ::3], QUIET_PCT, axis=1), 2 if len(blocks) > 5 else 0)
    clearness = height / np.maximum(quiet, 1e-9)
    clear = (clearness >= LEAST_CLEAR) & (tops <= BURST * height) & clean & alive
    seconds = ((np.arange(len(filled) // fs) + 0.5) * fs).astype(np.int64)
    of_second = np.minimum(seconds // (block * step), len(blocks) - 1)
    return Lead(filled, envelope, rate, block, height, clearness, alive & clean, alive[of_second], clear[of_second])


def _filled(samples: Samples, missing: Mask) -> Samples:
    if not missing.any():
        return samples - np.float32(np.median(samples[:: max(len(samples) // 100_000, 1)]))
    last = np.maximum.accumulate(np.where(missing, 0, np.arange(len(samples))))
    held = np.nan_to_num(samples[last], nan=0.0, posinf=0.0, neginf=0.0)
    seen = held[~missing]
    return np.asarray(held - np.float32(np.median(seen) if len(seen) else 0.0))


def _envelope(samples: Samples, *, fs: float, step: int) -> Samples:
    """Return the size of the Gabor wavelet's answer at every `step`-th sample."""
    from scipy.signal import upfirdn

    reach = int(np.ceil(3.2 * WIDTH_S * fs))
    t = np.arange(-reach, reach + 1) / fs
    bell = np.exp(-0.5 * (t / WIDTH_S) ** 2)
    even = bell * np.cos(2 * np.pi * CENTER_HZ * t)
    even -= bell * even.sum() / bell.sum()
    odd = bell * np.sin(2 * np.pi * CENTER_HZ * t)
    lead_in = -(-reach // step) * step - reach
    padded = np.concatenate((np.full(lead_in, samples[0]), samples, np.full(reach, samples[-1]))).astype(np.float32)
    first, n = (reach + lead_in) // step, -(-len(samples) // step)
    size = np.zeros(n, dtype=np.float32)
    for wave in (even, odd):
        answer = upfirdn((wave / np.abs(wave).sum()).astype(np.float32), padded, 1, step)[first : first + n]
        size += answer * answer
    return np.sqrt(size)


def _blocks(values: Samples, length: int) -> Samples:
    """Return values as rows of one block each; what is left at the end belongs to no block of its own."""
    n = max(len(values) // length, 1)
    return values[: n * length].reshape(n, -1)


def _states(samples: Samples, missing: Mask, *, length: int, n_blocks: int) -> tuple[Mask, Mask]:
    """Return which blocks have a living signal, and which are not clipped."""
    rows = _blocks(samples[: n_blocks * length], length)
    high, low = rows.max(axis=1), rows.min(axis=1)
    spread = high - low
    alive = spread > max(FLAT_MV, FLAT_SHARE * float(np.median(spread)))
    alive &= _blocks(missing[: n_blocks * length].astype(np.float32), length).mean(axis=1) < 0.1
    top, bottom = float(samples.max()), float(samples.min())
    margin = np.float32(1e-3 * max(top - bottom, 1e-9))
    at_limit = np.maximum((rows >= top - margin).mean(axis=1), (rows <= bottom + margin).mean(axis=1))
    n = min(len(alive), n_blocks)
    return alive[:n], np.asarray(at_limit[:n] <= CLIPPED_FRAC)


def _usual(tops: Values, good: Mask) -> Values:
    """Return the running median of the blocks' highest points; blocks that are not good take their neighbors'."""
    at = np.flatnonzero(good)
    if not len(at):
        return np.full(len(tops), max(float(np.median(tops)), 1e-9))
    drawn = np.interp(np.arange(len(tops)), at, tops[at])
    around = AROUND if len(tops) > 2 * AROUND else max(len(tops) // 2, 1)
    return np.maximum(rolling_median(drawn, around), 1e-9)
