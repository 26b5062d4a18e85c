"""A night's long columns as open CSV: the 30-s grid, the events, each trace; any table program reads them, and so do we."""

import csv
import io
import math
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.signals import Signal

ROWS_AT_ONCE = 4096


def night_tables(night: NightAnalysis) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield the name and the text, in pieces, of each table of a night."""
    yield "epochs.csv", _epochs(night)
    yield "events.csv", _events(night)
    for number, trace in enumerate(night.traces, 1):
        yield f"trace-{number}-{_plain_name(trace.channel)}.csv", _trace(trace)


def _epochs(night: NightAnalysis) -> Iterator[str]:
    """Yield one row an epoch: when, stages of either scorer, the probability of each stage, every feature."""
    n = night.features.n_epochs
    columns: dict[str, list[str]] = {"time_s": [f"{i * EPOCH_S:g}" for i in range(n)]}
    if night.start is not None:
        columns["time"] = [moment.isoformat() for i in range(n) if (moment := night.local(i * EPOCH_S)) is not None]
    for name, hypnogram in (("stage", night.hypnogram), ("device_stage", night.device_hypnogram)):
        if hypnogram is not None:
            columns[name] = _letters(hypnogram, n)
    if night.hypnogram is not None and night.hypnogram.probabilities is not None:
        for stage, p in zip(night.hypnogram.classes, night.hypnogram.probabilities.T, strict=True):
            columns[f"p_{stage.letter}"] = _cells(p)
    for name in sorted(night.features.columns):
        columns[name] = _cells(night.features.columns[name])
    yield ",".join(columns) + "\n"
    for row in zip(*columns.values(), strict=True):
        yield ",".join(row) + "\n"


def _events(night: NightAnalysis) -> Iterator[str]:
    """Yield one row an event; the source is another program's word and therefore quoted where it must be."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("kind", "onset_s", "duration_s", "confidence", "source", "value"))
    for e in night.events:
        table.writerow((str(e.kind), _cell(e.onset_s), _cell(e.duration_s), _cell(e.confidence), _word(e.source), _cell(e.value)))
    yield text.getvalue()


def _trace(trace: Signal) -> Iterator[str]:
    yield f"time_s,{_plain_name(trace.channel)}\n"
    for at in range(0, len(trace.samples), ROWS_AT_ONCE):
        piece = trace.samples[at : at + ROWS_AT_ONCE]
        times = trace.onset_s + np.arange(at, at + len(piece)) / trace.fs
        yield "".join(f"{t:.10g},{v}\n" for t, v in zip(times.tolist(), _cells(piece), strict=True))


def _letters(hypnogram: Hypnogram, n: int) -> list[str]:
    """Return the letter of each epoch of the grid, `?` where the scoring is over."""
    letters = [Stage(stage).letter for stage in hypnogram.stages.tolist()[:n]]
    return letters + ["?"] * (n - len(letters))


def _cells(values: NDArray[np.float32]) -> list[str]:
    return [_cell(value) for value in values.tolist()]


def _cell(value: float) -> str:
    """Return a number with the seven figures that a float32 has; an empty cell where nothing was measured."""
    return f"{value:.7g}" if math.isfinite(value) else ""


def _word(word: str) -> str:
    """Return a word that a table program does not take for a formula."""
    return f"'{word}" if word.startswith(("=", "+", "-", "@", "\t", "\r")) else word


def _plain_name(channel: str) -> str:
    return re.sub(r"[^a-z0-9_]", "_", channel.lower())[:40] or "channel"
