"""Beats against those that cardiologists marked: MIT-BIH arrhythmia and CPSC 2021 records."""

from pathlib import Path

import numpy as np
import pytest

from models.rules.evaluate import CLEAN, beat_counts
from tests.engine.ecg import f1


@pytest.mark.parametrize(("leads", "least"), [(1, 0.98), (2, 0.99)], ids=["first lead", "two leads"])
def test_beats_are_those_that_were_marked(reference: Path, leads: int, least: float) -> None:
    found = beat_counts(reference, leads)
    if not found:
        pytest.skip("the reference data hold no ECG records")
    total = tuple(np.sum(list(found.values()), axis=0).tolist())
    print(f"F1 over {len(found)} records: {f1(total):.4f}; {', '.join(f'{name} {f1(counts):.4f}' for name, counts in found.items())}")  # noqa: T201
    assert f1(total) >= least
    clean = tuple(np.sum([found[name] for name in CLEAN if name in found], axis=0).tolist())
    assert f1(clean) >= 0.995
