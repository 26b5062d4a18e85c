"""A night's stages, events and lights as the annotations of an EDF+ file, which scoring programs open beside its signals."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from somnia_engine.types.events import GLOSSARY
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis

UNKNOWN_DATE = date(1985, 1, 1)
"""What EDF+ files say that do not tell their date (the first one that the format can hold)."""


def edf_plus(analysis: NightAnalysis) -> bytes:
    """Return an EDF+ file without signals: its annotations are stages, events, and lights where they were marked.

    Parameters
    ----------
    analysis : NightAnalysis
        The engine's own stages; the source's where the engine has none.

    Returns
    -------
    bytes
        EDF+ (Kemp & Olivan 2003, doi 10.1016/S1388-2457(03)00123-8); times count from the night's start, which is its local clock.
        Stages read `Sleep stage W|R|N1|N2|N3|?`; a scorer that cannot tell N1 from N2 says `Sleep stage L`, one that tells sleep
        only `Sleep stage S`. Nobody is named.
    """
    from edfio import Edf, EdfAnnotation, Recording

    local = _local(analysis)
    marks = sorted(_marks(analysis))
    made = Edf(
        [],
        recording=Recording(startdate=UNKNOWN_DATE if local is None else local.date(), equipment_code="SOMNIA"),
        starttime=time(0) if local is None else local.time(),
        annotations=[EdfAnnotation(onset, length, text) for onset, length, text in marks],
    )
    return bytes(made.to_bytes())


def _local(analysis: NightAnalysis) -> datetime | None:
    if analysis.start is None:
        return None
    return analysis.start.astimezone(ZoneInfo(analysis.zone)) if analysis.zone else analysis.start


def _marks(analysis: NightAnalysis) -> Iterator[tuple[float, float, str]]:
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    if hypnogram is not None:
        yield from _stages(hypnogram)
    for event in analysis.events:
        if event.onset_s >= 0:
            yield round(event.onset_s, 3), round(event.duration_s, 3), GLOSSARY[event.kind][0].msgid
    lights = analysis.lights
    for at, marked, text in ((lights.off_s, lights.off_marked, "Lights off"), (lights.on_s, lights.on_marked, "Lights on")):
        if marked:
            yield round(max(at, 0.0), 3), 0.0, text


def _stages(hypnogram: Hypnogram) -> Iterator[tuple[float, float, str]]:
    at = 0
    for value, run in groupby(hypnogram.stages.tolist()):
        length = sum(1 for _ in run)
        yield at * hypnogram.epoch_s, length * hypnogram.epoch_s, f"Sleep stage {Stage(value).letter}"
        at += length
