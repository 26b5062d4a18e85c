"""Beats against those that cardiologists marked: MIT-BIH arrhythmia and CPSC 2021 records."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.dsp.beats import detect_beats
from tests.engine.ecg import f1, matched

BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
CLEAN = ("100", "119", "233", "213", "data_101_6", "data_21_7", "data_21_8", "data_92_12")
"""Records whose beats stand out in the first lead; picked by eye and score, as the reference data name none clean."""

Scores = dict[str, tuple[int, int, int]]


def scores(reference: Path, leads: slice) -> Scores:
    import wfdb

    found: Scores = {}
    for folder in ("af/mitdb/wfdb", "af/cpsc2021_sample"):
        for header in sorted((reference / folder).glob("*.hea")):
            record, marks = wfdb.rdrecord(str(header.with_suffix(""))), wfdb.rdann(str(header.with_suffix("")), "atr")
            truth = np.array([at for at, symbol in zip(marks.sample, marks.symbol, strict=True) if symbol in BEATS]) / record.fs
            given = list(record.p_signal.T.astype(np.float32))[leads]
            found[header.stem] = matched(truth, detect_beats(given, fs=record.fs).times_s)
    if not found:
        pytest.skip("the reference data hold no ECG records")
    return found


@pytest.mark.parametrize(("leads", "least"), [(slice(0, 1), 0.98), (slice(0, 2), 0.99)], ids=["first lead", "two leads"])
def test_beats_are_those_that_were_marked(reference: Path, leads: slice, least: float) -> None:
    found = scores(reference, leads)
    total = tuple(np.sum(list(found.values()), axis=0).tolist())
    print(f"F1 over {len(found)} records: {f1(total):.4f}; {', '.join(f'{name} {f1(counts):.4f}' for name, counts in found.items())}")  # noqa: T201
    assert f1(total) >= least
    clean = tuple(np.sum([found[name] for name in CLEAN if name in found], axis=0).tolist())
    assert f1(clean) >= 0.995
