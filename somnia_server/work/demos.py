"""Analyzes the demo nights once, beside the server that is already there: afterwards a demo opens at once."""

import logging
import os
from datetime import date
from pathlib import Path

from somnia_engine.types.night import NightAnalysis, NightHistory, NightRecord
from somnia_engine.types.recording import ReadOptions
from somnia_server.settings import Settings
from somnia_server.store import nightcodec
from somnia_server.store.demo_nights import has_demo_nights, put_demo_nights

log = logging.getLogger(__name__)
POLITE = 15
"""How far the analysis steps back behind people's own."""


def analyze_demos(settings: Settings) -> int:
    """Analyze every demo that is prepared and was not analyzed yet, each of its nights as a person's own; return how many demos."""
    from somnia_engine.synthetic import DEMOS

    os.nice(POLITE)
    waiting = [one for one in DEMOS if (settings.demo / one.key).is_dir() and not has_demo_nights(settings, one.key)]
    for one in waiting:
        paths = sorted(path for path in (settings.demo / one.key).iterdir() if path.is_file())
        put_demo_nights(settings, one.key, _nights(paths, one.zone))
        log.info("demo analyzed: %s", one.key)
    return len(waiting)


def _nights(paths: list[Path], zone: str) -> list[tuple[date, NightAnalysis]]:
    from somnia_engine.analyse import AnalysisOptions, analyse
    from somnia_engine.readers import read_recording, survey

    spans = {path: {span.night for span in survey(path, ReadOptions(zone=zone)).nights if span.night is not None} for path in paths}
    found: list[tuple[date, NightAnalysis]] = []
    before: list[NightRecord] = []
    for night in sorted(set().union(*spans.values())):
        options = ReadOptions(zone=zone, night=night)
        recordings = [read_recording(path, options) for path in paths if night in spans[path]]
        analysis = analyse(recordings, options=AnalysisOptions(zone=zone), history=NightHistory(tuple(before)))
        found.append((night, analysis))
        before.append(nightcodec.unpack_record(*nightcodec.pack_night(analysis)))
    return found
