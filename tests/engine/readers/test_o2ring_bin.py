"""The ring's own file: the real night of its CSV, cut files, strange bytes."""

import random
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import SomniaError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.types.recording import ReadOptions, Recording
from tests.engine.readers.exports import ring_bin

ZONE = ReadOptions(zone="Europe/Budapest")


def channel(night: Recording, name: str) -> np.ndarray:
    return next(s.samples for s in night.signals if s.channel == name)


def test_the_real_night_agrees_with_its_csv_in_every_row(reference: Path) -> None:
    folder = reference / "imports" / "wellue_o2ring"
    own = read_recording(folder / "20250306222056.bin", ZONE)
    table = read_recording(folder / "O2Ring_20250306222056.csv", ZONE)
    assert own.start == table.start
    assert own.signals[0].fs == table.signals[0].fs == pytest.approx(0.25)
    for name in ("spo2_pct", "hr_bpm", "motion_index"):
        assert len(channel(own, name)) == 7818
        assert np.array_equal(channel(own, name), channel(table, name), equal_nan=True)
    assert not own.dropped


def test_a_cut_file_gives_all_that_is_there_and_says_what_is_missing(tmp_path: Path) -> None:
    whole = ring_bin(400)
    path = tmp_path / "ring.bin"
    for percent in range(3, 100):
        size = len(whole) * percent // 100
        path.write_bytes(whole[:size])
        kept = (size - 40) // 5
        if kept < 1:
            with pytest.raises(SomniaError):
                read_recording(path, ZONE)
            continue
        night = read_recording(path, ZONE)
        assert len(channel(night, "spo2_pct")) == kept
        assert sum(d.count for d in night.dropped) == 400 - kept
        assert night.signals[0].fs == pytest.approx(0.25)


def test_strange_bytes_cost_no_record_but_the_one_they_fell_into(tmp_path: Path) -> None:
    rng = random.Random(3)
    raw = bytearray(ring_bin(2000))
    at = 40 + 5 * 700 + 2
    raw[at:at] = bytes(rng.choice((0xEE, 0xDD, 0xCC)) for _ in range(3))
    path = tmp_path / "ring.bin"
    path.write_bytes(bytes(raw))
    night = read_recording(path, ZONE)
    rates = channel(night, "hr_bpm")
    assert np.array_equal(rates[:700], [60 + i % 30 for i in range(700)])
    assert abs(len(rates) - 2000) <= 1
    assert np.array_equal(rates[-1290:], [60 + i % 30 for i in range(710, 2000)])
    assert [d.count for d in night.dropped]


def test_a_finger_that_is_away_is_not_measured(tmp_path: Path) -> None:
    raw = bytearray(ring_bin(30))
    struct.pack_into("<BHBB", raw, 40 + 5 * 10, 0xFF, 0xFFFF, 0, 0)
    path = tmp_path / "ring.bin"
    path.write_bytes(bytes(raw))
    night = read_recording(path, ZONE)
    assert np.flatnonzero(np.isnan(channel(night, "spo2_pct"))).tolist() == [10]
    assert np.flatnonzero(np.isnan(channel(night, "hr_bpm"))).tolist() == [10]


def test_the_zone_is_asked_for_and_the_local_start_kept(tmp_path: Path) -> None:
    path = tmp_path / "ring.bin"
    path.write_bytes(ring_bin(30))
    assert recognise(path).key == "o2ring_bin"
    assert survey(path).zone is None
    start = survey(path, ZONE).nights[0].start
    assert start is not None
    assert start.replace(tzinfo=None) == datetime(2025, 3, 6, 22, 20, 56)
