"""Body movement: activity counts, a ring's own index, steps."""

from collections.abc import Callable

from somnia_engine.dsp.windows import Column, epoch_max, epoch_mean, epoch_sum
from somnia_engine.extractors._streams import bounded, quality_of, samples_of, trace_of
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed
from somnia_engine.types.signals import Signal

COUNTS_FS = 1.0 / 15.0
"""Te Lindert counts stand for 15 s each (te Lindert 2013, doi 10.5665/sleep.2648)."""
COUNTS_HOLD_S = 30.0
INDEX_HOLD_S = 10.0

_SUMMARY: dict[str, Callable[..., Column]] = {"activity_count": epoch_mean, "motion_index": epoch_max, "step_count": epoch_sum}
_TRACE = {"activity_count": (COUNTS_FS, COUNTS_HOLD_S), "motion_index": (1.0, INDEX_HOLD_S)}


def _channel(channel: str, placed: Placed, *, night: NightInput) -> Extraction | None:
    samples = samples_of(placed, channel, night=night)
    if samples is None:
        return None
    column = bounded(channel, _SUMMARY[channel](samples.epochs, samples.values, n_epochs=night.n_epochs))
    traces: tuple[Signal, ...] = ()
    if channel in _TRACE:
        fs, hold_s = _TRACE[channel]
        traces = (trace_of(channel, samples, night=night, hold_s=hold_s, fs=fs),)
    return Extraction(
        placed.source,
        channel,
        {channel: column},
        traces=traces,
        quality=(quality_of(channel, placed.source, samples=samples, column=column),),
    )


def extract_movement(night: NightInput) -> tuple[Extraction, ...]:
    """Extract movement from every source that has it.

    Parameters
    ----------
    night : NightInput
        Channels `activity_count` [te Lindert counts per 15 s], `motion_index` [the ring's unit], `step_count` [steps] are read.

    Returns
    -------
    tuple of Extraction
        `activity_count`: mean of the counts stamped within the epoch; `motion_index`: highest; `step_count`: sum. A count at time t
        belongs to the epoch that contains t.
    """
    found = (_channel(channel, placed, night=night) for placed in night.placed for channel in _SUMMARY)
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="movement", name=Text("Movement"), channels=tuple(_SUMMARY), columns=tuple(_SUMMARY), extract=extract_movement)
