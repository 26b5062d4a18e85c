"""Breathing rate as a device reports it."""

from somnia_engine.extractors._slow import extract_slow
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput

CHANNELS = ("resp_rate_bpm",)


def extract_breathing(night: NightInput) -> tuple[Extraction, ...]:
    """Extract the breathing rate [1/min]: the mean of an epoch's readings; an epoch without a reading stays NaN."""
    return extract_slow(night, CHANNELS, hold_s=0.0)


EXTRACTOR = Extractor(key="breathing", name=Text("Breathing rate"), channels=CHANNELS, columns=CHANNELS, extract=extract_breathing)
