"""Readings that change slowly: one value stands until the next, for ten minutes at most."""

from somnia_engine.dsp.windows import epoch_mean, held
from somnia_engine.extractors._streams import quality_of, samples_of
from somnia_engine.types.features import Extraction, NightInput

HOLD_S = 600.0
"""A room or a skin reading stands for at most this long [s]; after that it is a gap."""


def extract_slow(night: NightInput, channels: tuple[str, ...], *, hold_s: float = HOLD_S) -> tuple[Extraction, ...]:
    """Extract each channel of each source: the mean of an epoch, held over following empty epochs for up to `hold_s` seconds."""
    found = []
    for placed in night.placed:
        for channel in channels:
            samples = samples_of(placed, channel, night=night)
            if samples is None:
                continue
            column = held(epoch_mean(samples.epochs, samples.values, n_epochs=night.n_epochs), hold_s)
            quality = quality_of(channel, placed.source, samples=samples, column=column)
            found.append(Extraction(placed.source, channel, {channel: column}, quality=(quality,)))
    return tuple(found)
