"""Modalities: every module here that declares an EXTRACTOR turns the recordings of a night into columns, events and traces."""

from functools import cache

from somnia_engine.plugins import discover
from somnia_engine.types.features import Extraction, Extractor, NightInput


@cache
def extractors() -> tuple[Extractor, ...]:
    """Return every modality."""
    return discover(__name__, "EXTRACTOR", kind=Extractor)


def extract_all(night: NightInput) -> tuple[Extraction, ...]:
    """Return what every extractor found in every source of the night."""
    return tuple(extraction for extractor in extractors() for extraction in extractor.extract(night))
