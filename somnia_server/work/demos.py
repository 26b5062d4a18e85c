"""Analyzes the demo nights once, beside the server that is already there: afterwards a demo opens at once."""

import hashlib
import logging
import os
from datetime import date
from pathlib import Path

from somnia_engine.types.night import NightAnalysis, NightHistory, NightRecord
from somnia_engine.types.recording import ReadOptions
from somnia_server.settings import PROJECT, Settings
from somnia_server.store import nightcodec
from somnia_server.store.demo_nights import put_demo_nights, stamp_of

log = logging.getLogger(__name__)
POLITE = 15
"""How far the analysis steps back behind people's own."""


def analyze_demos(settings: Settings) -> int:
    """Analyze every demo that is prepared and was not analyzed by this engine, its nights as a person's own; return how many demos."""
    from somnia_engine.synthetic import DEMOS

    os.nice(POLITE)
    stamp = engine_stamp()
    waiting = [one for one in DEMOS if (settings.demo / one.key).is_dir() and stamp_of(settings, one.key) != stamp]
    for one in waiting:
        paths = sorted(path for path in (settings.demo / one.key).iterdir() if path.is_file())
        put_demo_nights(settings, one.key, nights=_nights(paths, one.zone), stamp=stamp)
        log.info("demo analyzed: %s", one.key)
    return len(waiting)


def engine_stamp() -> str:
    """Return what changes when the engine, a model or a table does: then the demo nights are analyzed again."""
    found = hashlib.sha256()
    for folder, names in (("somnia_engine", "*.py"), ("models", "card.toml"), ("data", "*.toml")):
        for path in sorted((PROJECT / folder).rglob(names)):
            found.update(path.read_bytes())
    return found.hexdigest()


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
