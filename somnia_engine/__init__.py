"""The science of SOMNIA: a night's files in, one NightAnalysis out."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from somnia_engine.analyse import AnalysisOptions, analyse, record_of
    from somnia_engine.document import to_document
    from somnia_engine.readers import read_recording, readers, survey
    from somnia_engine.types.night import NightAnalysis, NightHistory
    from somnia_engine.types.recording import ReadOptions, Recording

__all__ = [
    "AnalysisOptions",
    "NightAnalysis",
    "NightHistory",
    "ReadOptions",
    "Recording",
    "analyse",
    "read_recording",
    "readers",
    "record_of",
    "survey",
    "to_document",
]

_HOMES = {
    "AnalysisOptions": "placing",
    "NightAnalysis": "types.night",
    "NightHistory": "types.night",
    "ReadOptions": "types.recording",
    "Recording": "types.recording",
    "analyse": "analyse",
    "read_recording": "readers",
    "readers": "readers",
    "record_of": "analyse",
    "survey": "readers",
    "to_document": "document",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for, so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
