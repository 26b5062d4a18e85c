"""What disturbed breathing leaves in beats and in blood oxygen: one row of signs for each half minute, with its surroundings."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.rr import CleanRR

Values = NDArray[np.float64]

EPOCH_S = 30
FS_HZ = 2.0
BANDS_HZ = ((0.008, 0.02), (0.02, 0.05), (0.05, 0.15), (0.15, 0.4))
"""Cycles of breathing pauses last 20 to 100 s. Penzel 2002, doi 10.1007/BF02345072; the upper two are LF and HF of the Task Force 1996."""
WINDOWS_S = (60, 180, 300)
CYCLE_LAGS_S = np.arange(16, 91, 2)
LAGS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Half minutes before and after; oxygen follows a pause by 20 to 40 s."""
BASELINE_S = 300
BASELINE_PCT = 90.0
LONGEST_BRIDGE_S = 20.0
LEAST_SEEN = 0.5

BEAT_SIGNS = (
    "rr_level", "rr_spread", "rr_steps", "rr_low", "rr_high", "rr_reach",
    *(f"rr_band_{b}_{w}" for w in WINDOWS_S[1:] for b in range(len(BANDS_HZ))),
    *(f"rr_share_{w}" for w in WINDOWS_S[1:]), *(f"rr_cycle_{w}" for w in WINDOWS_S[1:]), "rr_cycle_s", "rr_odd", "rr_rank",
)  # fmt: skip
OXYGEN_SIGNS = (
    "o2_level", "o2_low", "o2_high", "o2_fall", "o2_depth", "o2_slope", "o2_rise",
    *(f"o2_spread_{w}" for w in WINDOWS_S), *(f"o2_depth_{w}" for w in WINDOWS_S), *(f"o2_below_{w}" for w in WINDOWS_S),
    *(f"o2_cycle_{w}" for w in WINDOWS_S[1:]), "o2_rank",
)  # fmt: skip
LAGGED_BEATS = ("rr_level", "rr_spread", "rr_reach", "rr_band_1_180", "rr_cycle_180")
LAGGED_OXYGEN = ("o2_low", "o2_fall", "o2_depth", "o2_slope", "o2_rise")


def names(*, beats: bool, oxygen: bool) -> tuple[str, ...]:
    """Return the columns of `signs` for what there is."""
    own = (BEAT_SIGNS if beats else ()) + (OXYGEN_SIGNS if oxygen else ())
    fast = (LAGGED_BEATS if beats else ()) + (LAGGED_OXYGEN if oxygen else ())
    return own + tuple(f"{name}{lag:+d}" for lag in LAGS for name in fast)


def signs(n_epochs: int, *, rr: CleanRR | None = None, spo2_pct: NDArray[np.float32] | None = None) -> Values:
    """Return the signs of each epoch.

    Parameters
    ----------
    n_epochs : int
    rr : CleanRR or None
        Intervals in night time.
    spo2_pct : ndarray, shape (n_epochs * 30,), float32, or None
        Blood oxygen each second, NaN where not measured.

    Returns
    -------
    ndarray, shape (n_epochs, len(names(...))), float64
        NaN where less than half of an epoch was measured; relative to the night itself, so that sensors and persons compare.
    """
    first, end = _span(n_epochs, rr, spo2_pct)
    found = np.full((n_epochs, len(names(beats=rr is not None, oxygen=spo2_pct is not None))), np.nan)
    if end <= first:
        return found
    if rr is not None:
        rr = replace(rr, times_s=rr.times_s - first * EPOCH_S)
    if spo2_pct is not None:
        spo2_pct = spo2_pct[first * EPOCH_S : end * EPOCH_S]
    found[first:end] = _measured(end - first, rr, spo2_pct)
    return found


def _span(n_epochs: int, rr: CleanRR | None, spo2_pct: NDArray[np.float32] | None) -> tuple[int, int]:
    """Return first and end epoch of what was measured: the ends are mirrored there, wherever the night begins."""
    seen = np.zeros(n_epochs, dtype=np.bool_)
    if rr is not None:
        epoch = np.floor(rr.times_s / EPOCH_S).astype(np.int64)
        seen[epoch[(epoch >= 0) & (epoch < n_epochs)]] = True
    if spo2_pct is not None:
        seen |= np.isfinite(spo2_pct).reshape(n_epochs, EPOCH_S).any(axis=1)
    at = np.flatnonzero(seen)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _measured(n_epochs: int, rr: CleanRR | None, spo2_pct: NDArray[np.float32] | None) -> Values:
    parts: dict[str, Values] = {}
    if rr is not None:
        parts |= _beat_signs(rr, n_epochs)
    if spo2_pct is not None:
        parts |= _oxygen_signs(np.asarray(spo2_pct, dtype=np.float64), n_epochs)
    columns = [parts[name] for name in names(beats=rr is not None, oxygen=spo2_pct is not None) if name in parts]
    fast = (LAGGED_BEATS if rr is not None else ()) + (LAGGED_OXYGEN if spo2_pct is not None else ())
    columns += [_shifted(parts[name], lag) for lag in LAGS for name in fast]
    return np.stack(columns, axis=1)


def _shifted(column: Values, lag: int) -> Values:
    moved = np.full(len(column), np.nan)
    if abs(lag) < len(column):
        moved[max(0, -lag) : len(column) - max(0, lag)] = column[max(0, lag) : len(column) - max(0, -lag)]
    return moved


def even_beats(rr: CleanRR, n_epochs: int) -> tuple[Values, NDArray[np.bool_]]:
    """Return the corrected intervals [ms] at FS_HZ, gaps up to 20 s bridged, and which samples were bridged or are missing."""
    grid = np.arange(int(n_epochs * EPOCH_S * FS_HZ)) / FS_HZ
    good = np.isfinite(rr.corrected_ms)
    times, values = rr.times_s[good], rr.corrected_ms[good]
    if len(times) < 2:
        return np.full(len(grid), np.nan), np.ones(len(grid), dtype=np.bool_)
    after = np.minimum(np.searchsorted(times, grid), len(times) - 1)
    before = np.maximum(after - 1, 0)
    gap = times[after] - times[before]
    outside = (grid < times[0] - 5.0) | (grid > times[-1] + 5.0)
    even = np.where((gap > LONGEST_BRIDGE_S) | outside, np.nan, np.interp(grid, times, values))
    return even, np.asarray(np.isnan(even))


def _beat_signs(rr: CleanRR, n_epochs: int) -> dict[str, Values]:
    even, missing = even_beats(rr, n_epochs)
    width = int(EPOCH_S * FS_HZ)
    if missing.all():
        return {name: np.full(n_epochs, np.nan) for name in BEAT_SIGNS}
    filled = np.interp(np.arange(len(even)), np.flatnonzero(~missing), even[~missing])
    middle = float(np.median(filled[~missing]))
    scaled = filled / middle - 1.0
    epochs = scaled.reshape(n_epochs, width)
    seen = (~missing).reshape(n_epochs, width).mean(axis=1) >= LEAST_SEEN
    found = {
        "rr_level": epochs.mean(axis=1),
        "rr_spread": np.log(epochs.std(axis=1) + 1e-3),
        "rr_steps": np.log(np.sqrt((np.diff(epochs, axis=1) ** 2).mean(axis=1)) + 1e-3),
        "rr_low": epochs.min(axis=1),
        "rr_high": epochs.max(axis=1),
        "rr_reach": np.log(np.ptp(epochs, axis=1) + 1e-3),
        "rr_odd": _odd_share(rr, n_epochs),
    }
    for window_s in WINDOWS_S[1:]:
        parts = _around(scaled, window_s, n_epochs, fs=FS_HZ)
        powers = _band_powers(parts, FS_HZ)
        for band, power in enumerate(powers.T):
            found[f"rr_band_{band}_{window_s}"] = np.log(power + 1e-8)
        found[f"rr_share_{window_s}"] = (powers[:, 0] + powers[:, 1]) / (powers.sum(axis=1) + 1e-12)
        strength, lag = _cycle(parts, FS_HZ)
        found[f"rr_cycle_{window_s}"] = strength
        if window_s == WINDOWS_S[-1]:
            found["rr_cycle_s"] = lag
    found["rr_rank"] = _rank(found["rr_band_1_180"], seen)
    return {name: np.where(seen, column, np.nan) for name, column in found.items()}


def _odd_share(rr: CleanRR, n_epochs: int) -> Values:
    epoch = np.floor(rr.times_s / EPOCH_S).astype(np.int64)
    inside = (epoch >= 0) & (epoch < n_epochs)
    count = np.bincount(epoch[inside], minlength=n_epochs)
    odd = np.bincount(epoch[inside], (~rr.normal[inside]).astype(np.float64), n_epochs)
    return np.asarray(odd / np.maximum(count, 1))


def _oxygen_signs(spo2: Values, n_epochs: int) -> dict[str, Values]:
    missing = np.isnan(spo2)
    if missing.all():
        return {name: np.full(n_epochs, np.nan) for name in OXYGEN_SIGNS}
    filled = np.interp(np.arange(len(spo2)), np.flatnonzero(~missing), spo2[~missing])
    smooth = np.convolve(np.pad(filled, 2, mode="edge"), np.ones(5) / 5.0, "valid")
    depth = np.maximum(_baseline(smooth) - smooth, 0.0)
    epochs, depths = smooth.reshape(n_epochs, EPOCH_S), depth.reshape(n_epochs, EPOCH_S)
    slope = np.diff(smooth, prepend=smooth[0]).reshape(n_epochs, EPOCH_S)
    seen = (~missing).reshape(n_epochs, EPOCH_S).mean(axis=1) >= LEAST_SEEN
    top = float(np.percentile(filled[~missing], 95.0))
    found = {
        "o2_level": epochs.mean(axis=1) - top,
        "o2_low": epochs.min(axis=1) - top,
        "o2_high": epochs.max(axis=1) - top,
        "o2_fall": np.ptp(epochs, axis=1),
        "o2_depth": depths.max(axis=1),
        "o2_slope": slope.min(axis=1),
        "o2_rise": slope.max(axis=1),
    }
    for window_s in WINDOWS_S:
        parts = _around(smooth, window_s, n_epochs, fs=1.0)
        deep = _around(depth, window_s, n_epochs, fs=1.0)
        found[f"o2_spread_{window_s}"] = np.log(parts.std(axis=1) + 0.05)
        found[f"o2_depth_{window_s}"] = deep.max(axis=1)
        found[f"o2_below_{window_s}"] = (deep >= 3.0).mean(axis=1)
        if window_s > WINDOWS_S[0]:
            found[f"o2_cycle_{window_s}"], _ = _cycle(parts, 1.0)
    found["o2_rank"] = _rank(found["o2_spread_180"], seen)
    return {name: np.where(seen, column, np.nan) for name, column in found.items()}


def _baseline(smooth: Values) -> Values:
    """Return the level before a fall: the 90th percentile of the five minutes around, drawn between half minutes."""
    at = np.arange(0, len(smooth), EPOCH_S)
    half = BASELINE_S // 2
    padded = np.pad(smooth, half, mode="edge")
    parts = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)[at]
    place = int(BASELINE_PCT / 100.0 * 2 * half)
    return np.interp(np.arange(len(smooth)), at, np.partition(parts, place, axis=1)[:, place])


def _around(values: Values, window_s: int, n_epochs: int, *, fs: float) -> Values:
    """Return the samples around the middle of each epoch, shape (n_epochs, window_s * fs); the ends are mirrored."""
    width, step = int(window_s * fs), int(EPOCH_S * fs)
    extra = max((width - step) // 2, 0)
    mode = "reflect" if len(values) > extra else "edge"
    padded = (
        np.pad(values, (extra, width), mode="edge")
        if mode == "edge"
        else np.pad(np.pad(values, extra, mode="reflect"), (0, width), mode="edge")
    )
    return np.lib.stride_tricks.sliding_window_view(padded, width)[: n_epochs * step : step]


def _band_powers(parts: Values, fs: float) -> Values:
    n = parts.shape[1]
    taper = np.hanning(n)
    away = (parts - parts.mean(axis=1, keepdims=True)) * taper
    power = np.abs(np.fft.rfft(away, axis=1)) ** 2 / (fs * (taper**2).sum())
    hz = np.fft.rfftfreq(n, 1.0 / fs)
    return np.stack([power[:, (hz >= low) & (hz < high)].sum(axis=1) * fs / n for low, high in BANDS_HZ], axis=1)


def _cycle(parts: Values, fs: float) -> tuple[Values, Values]:
    """Return how strongly each row repeats at 16 to 90 s, and at which lag [s]."""
    n = parts.shape[1]
    away = parts - parts.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(away, 2 * n, axis=1)) ** 2
    whole = np.fft.irfft(spectrum, axis=1)[:, :n]
    lags = (CYCLE_LAGS_S[n / fs * 0.6 >= CYCLE_LAGS_S] * fs).astype(np.int64)
    scaled = whole[:, lags] / (n - lags) * n / np.maximum(whole[:, :1], 1e-9)
    best = scaled.argmax(axis=1)
    return scaled[np.arange(len(parts)), best], lags[best] / fs


def _rank(column: Values, seen: NDArray[np.bool_]) -> Values:
    """Return the place of each value among the night's, 0..1."""
    order = np.sort(column[seen])
    return np.asarray(np.searchsorted(order, column) / max(len(order), 1))
