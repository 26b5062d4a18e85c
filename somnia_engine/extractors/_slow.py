"""Readings that change slowly: one value stands until the next, for ten minutes at most."""

from collections.abc import Callable

from somnia_engine.dsp.windows import epoch_mean, held
from somnia_engine.extractors._streams import Samples, quality_of, samples_of
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import Extraction, NightInput

EventsOf = Callable[[str, Samples, str], EventTable]
HOLD_S = 600.0
"""A room or a skin reading stands for at most this long [s]; after that it is a gap."""


def no_events(_channel: str, _samples: Samples, _source: str) -> EventTable:
    """Return no event: most slow readings tell none."""
    return EventTable.empty()


def extract_slow(
    night: NightInput, channels: tuple[str, ...], *, hold_s: float = HOLD_S, events_of: EventsOf = no_events
) -> tuple[Extraction, ...]:
    """Extract each channel of each source: the mean of an epoch, held over following empty epochs for up to `hold_s` seconds.

    `events_of` (channel, samples, source) finds what stands out among the readings themselves.
    """
    found = []
    for placed in night.placed:
        for channel in channels:
            samples = samples_of(placed, channel, night=night)
            if samples is None:
                continue
            column = held(epoch_mean(samples.epochs, samples.values, n_epochs=night.n_epochs), hold_s)
            quality = quality_of(channel, placed.source, samples=samples, column=column)
            events = events_of(channel, samples, placed.source)
            found.append(Extraction(placed.source, channel, {channel: column}, events, quality=(quality,)))
    return tuple(found)
