"""Sleep statistics from a hypnogram: one function per number; what the scorer cannot tell is NaN.

An epoch counts with the part of it that lies between lights off and lights on. Unscored epochs count neither as sleep nor as
wake: numbers that would have to guess them (wake after onset, efficiencies) are NaN when more than a tenth of the time in bed is unscored.
"""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.types.hypnogram import LIGHT, SLEEP, Hypnogram, Stage
from somnia_engine.types.night import NAN, Lights, SleepStatistics

UNSCORED_LIMIT_FRAC = 0.1
"""With more of the time in bed unscored than this, wake and efficiency are not said."""
PERSISTENT_S = 600.0
"""Latency to persistent sleep: the first unbroken sleep of this length [s] (style of sleep trials)."""

LONG_AWAKE_S = 300.0
"""A longer awakening [s] counts against good sleep (Ohayon 2017, doi 10.1016/j.sleh.2016.11.006)."""


def _minutes(night: Hypnogram, lights: Lights, *, mask: NDArray[np.bool_]) -> float:
    """Return the minutes between lights off and on of the epochs in `mask`."""
    from_s = np.arange(len(night.stages)) * night.epoch_s
    inside = np.minimum(from_s + night.epoch_s, lights.on_s) - np.maximum(from_s, lights.off_s)
    return float(np.maximum(inside, 0.0)[mask].sum()) / 60.0


def _asleep(night: Hypnogram, lights: Lights) -> NDArray[np.bool_]:
    """Return the epochs of sleep that lie at least partly between lights off and on, shape (n,)."""
    from_s = np.arange(len(night.stages)) * night.epoch_s
    inside = (from_s + night.epoch_s > lights.off_s) & (from_s < lights.on_s)
    return np.asarray(np.isin(night.stages, list(SLEEP)) & inside)


def _sleep_bounds_s(night: Hypnogram, lights: Lights) -> tuple[float, float]:
    """Return the first and the last moment of sleep [s]; NaN without sleep."""
    at = np.flatnonzero(_asleep(night, lights))
    if not len(at):
        return NAN, NAN
    return max(at[0] * night.epoch_s, lights.off_s), min((at[-1] + 1) * night.epoch_s, lights.on_s)


def much_unscored(night: Hypnogram, lights: Lights) -> bool:
    """Tell whether more than a tenth of the time in bed has no stage."""
    return unscored_min(night, lights) > UNSCORED_LIMIT_FRAC * tib_min(night, lights)


def tib_min(night: Hypnogram, lights: Lights) -> float:
    """Return the time in bed [min]: lights off to lights on."""
    return (lights.on_s - lights.off_s) / 60.0


def unscored_min(night: Hypnogram, lights: Lights) -> float:
    """Return the time in bed without a stage [min], including what lies beyond the hypnogram."""
    scored = _minutes(night, lights, mask=night.stages != Stage.UNSCORED)
    return tib_min(night, lights) - scored


def tst_min(night: Hypnogram, lights: Lights) -> float:
    """Return the total sleep time [min]; NaN when no epoch in bed was scored."""
    if unscored_min(night, lights) >= tib_min(night, lights):
        return NAN
    return _minutes(night, lights, mask=_asleep(night, lights))


def sol_min(night: Hypnogram, lights: Lights) -> float:
    """Return the sleep onset latency [min]: lights off to the first epoch of sleep; NaN without sleep."""
    return (_sleep_bounds_s(night, lights)[0] - lights.off_s) / 60.0


def lps_min(night: Hypnogram, lights: Lights) -> float:
    """Return the latency to persistent sleep [min]: lights off to the first unbroken 10 min; NaN without them."""
    for first, past in runs(_asleep(night, lights)):
        from_s, to_s = max(first * night.epoch_s, lights.off_s), min(past * night.epoch_s, lights.on_s)
        if to_s - from_s >= PERSISTENT_S:
            return (from_s - lights.off_s) / 60.0
    return NAN


def spt_min(night: Hypnogram, lights: Lights) -> float:
    """Return the sleep period [min]: first to last epoch of sleep; NaN without sleep."""
    first, last = _sleep_bounds_s(night, lights)
    return (last - first) / 60.0


def waso_min(night: Hypnogram, lights: Lights) -> float:
    """Return the wake after sleep onset [min]: TIB − SOL − TST, until lights on; NaN without sleep or with too much unscored."""
    return NAN if much_unscored(night, lights) else tib_min(night, lights) - sol_min(night, lights) - tst_min(night, lights)


def spt_wake_min(night: Hypnogram, lights: Lights) -> float:
    """Return the wake within the sleep period [min], what most vendors print as WASO: SPT − TST; NaN as `waso_min`."""
    return NAN if much_unscored(night, lights) else spt_min(night, lights) - tst_min(night, lights)


def se_pct(night: Hypnogram, lights: Lights) -> float:
    """Return the sleep efficiency [%]: TST / TIB; NaN with too much unscored."""
    return NAN if much_unscored(night, lights) else _share(tst_min(night, lights), tib_min(night, lights))


def sme_pct(night: Hypnogram, lights: Lights) -> float:
    """Return the sleep maintenance efficiency [%]: TST / SPT; NaN without sleep or with too much unscored."""
    return NAN if much_unscored(night, lights) else _share(tst_min(night, lights), spt_min(night, lights))


def rem_latency_min(night: Hypnogram, lights: Lights) -> float:
    """Return the time from sleep onset to the first epoch of REM [min]; NaN without REM or without a scorer that tells it."""
    rem = np.flatnonzero((night.stages == Stage.R) & _asleep(night, lights))
    if Stage.R not in night.classes or not len(rem):
        return NAN
    return (max(float(rem[0]) * night.epoch_s, lights.off_s) - _sleep_bounds_s(night, lights)[0]) / 60.0


def stage_min(night: Hypnogram, lights: Lights, *, stages: frozenset[Stage]) -> float:
    """Return the minutes in any of `stages`; NaN when the scorer cannot tell them or scored nothing."""
    if not stages & set(night.classes) or unscored_min(night, lights) >= tib_min(night, lights):
        return NAN
    return _minutes(night, lights, mask=np.isin(night.stages, list(stages)))


def awakenings(night: Hypnogram, lights: Lights) -> float:
    """Return the number of wake bouts between the first and the last epoch of sleep; NaN without sleep."""
    asleep = np.flatnonzero(_asleep(night, lights))
    if not len(asleep):
        return NAN
    return float(len(runs(night.stages[asleep[0] : asleep[-1] + 1] == Stage.W)))


def long_awakenings(night: Hypnogram, lights: Lights) -> float:
    """Return the number of wake bouts of more than 5 min between the first and the last epoch of sleep; NaN without sleep.

    Ohayon 2017, doi 10.1016/j.sleh.2016.11.006.
    """
    asleep = np.flatnonzero(_asleep(night, lights))
    if not len(asleep):
        return NAN
    bouts = runs(night.stages[asleep[0] : asleep[-1] + 1] == Stage.W)
    return float(sum((past - first) * night.epoch_s > LONG_AWAKE_S for first, past in bouts))


def sfi_per_h(night: Hypnogram, lights: Lights) -> float:
    """Return the fragmentation index [1/h]: changes from sleep to wake and from other sleep to N1, per hour of sleep.

    Haba-Rubio 2004, doi 10.1016/j.sleep.2004.06.007.

    Without N1 in the scorer's set, changes to wake alone are counted. Unscored epochs are no stage: no change is counted to or from them.
    """
    tst = tst_min(night, lights)
    if not tst > 0:
        return NAN
    asleep = _asleep(night, lights)
    woke = asleep[:-1] & (night.stages[1:] == Stage.W)
    lightened = asleep[:-1] & (night.stages[:-1] != Stage.N1) & (night.stages[1:] == Stage.N1)
    return 60.0 * float(np.sum(woke | lightened)) / tst


def _share(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0 else NAN


def sleep_statistics(night: Hypnogram, lights: Lights) -> SleepStatistics:
    """Return every number of a night.

    Parameters
    ----------
    night : Hypnogram
        Of any epoch length, starting at night time 0.
    lights : Lights
        Night seconds.
    """
    tst = tst_min(night, lights)
    minutes = {
        "n1": stage_min(night, lights, stages=frozenset((Stage.N1,))),
        "n2": stage_min(night, lights, stages=frozenset((Stage.N2,))),
        "light": stage_min(night, lights, stages=LIGHT),
        "n3": stage_min(night, lights, stages=frozenset((Stage.N3,))),
        "rem": stage_min(night, lights, stages=frozenset((Stage.R,))),
    }
    single = (
        tib_min,
        spt_min,
        sol_min,
        lps_min,
        waso_min,
        spt_wake_min,
        se_pct,
        sme_pct,
        rem_latency_min,
        unscored_min,
        awakenings,
        sfi_per_h,
    )
    return SleepStatistics(
        scorer=night.scorer,
        tst_min=tst,
        wake_min=stage_min(night, lights, stages=frozenset((Stage.W,))),
        **{number.__name__: number(night, lights) for number in single},
        **{f"{name}_min": value for name, value in minutes.items()},
        **{f"{name}_pct": _share(value, tst) for name, value in minutes.items()},
    )
