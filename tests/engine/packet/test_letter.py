"""A night comes out of its packet as it went in, within what its steps allow; whatever else comes is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.analyse import analyse
from somnia_engine.errors import PacketError, SomniaError
from somnia_engine.packet.happenings import KINDS
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.rans import Writer
from somnia_engine.packet.seal import OVERHEAD, PacketKey, head_of, looks_like, seal, unseal
from somnia_engine.packing import pack_night
from somnia_engine.readers.packet import recording_of
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.night import Lights
from somnia_engine.types.recording import ReadOptions
from tests.engine.packet.nights import START, a_night, golden_night

KEY = PacketKey(b"golden", bytes(range(32)))
GOLDEN = Path(__file__).parent / "golden_v1.pkt"


@pytest.fixture(scope="module")
def letter() -> bytes:
    return pack_night(a_night(), effort=0)


def test_a_whole_night_comes_back(letter: bytes) -> None:
    before, after = a_night(), read_letter(letter)
    assert len(letter) + OVERHEAD <= 2048
    assert after.start == START
    assert after.zone == "Europe/Berlin"
    assert after.device == "Watch X"
    assert after.lights == Lights(90.0, 28800.0, True, False)
    assert set(after.features.columns) == set(before.features.columns)
    for name, step in (("hr_bpm", 3.0), ("spo2_pct", 2.0), ("room_temp_c", 0.6)):
        assert np.nanmedian(np.abs(after.features[name] - before.features[name])) < step
    assert np.array_equal(np.isnan(after.features["hr_bpm"]), np.isnan(before.features["hr_bpm"]))
    assert np.array_equal(after.features["trunk_position"], before.features["trunk_position"])
    assert np.array_equal(after.features["activity_count"] > 10.0, before.features["activity_count"] > 10.0)
    assert after.measures["odi3_per_h"] == pytest.approx(14.96, abs=0.011)


def test_events_keep_their_number_their_moment_and_whether_they_are_deep(letter: bytes) -> None:
    before, after = a_night().events, read_letter(letter).events
    assert len(after) == len(before)
    assert np.abs(after.onset_s - before.onset_s).max() <= 4.0
    assert np.array_equal(after.value >= 4.0, before.value >= 4.0)
    assert np.allclose(after.confidence, 1.0)


@pytest.mark.parametrize("hours", [0.1, 1.0, 8.0, 12.0])
def test_the_budget_is_met_by_construction(hours: float) -> None:
    n = round(hours * 120)
    often = EventTable.of([Event(kind, 30.0 * n * i / 900.0, 10.0, 0.5, "", 5.0) for i in range(900) for kind in KINDS])
    for events in (EventTable.empty(), often):
        night = a_night(n, events=0)
        full = type(night)(night.start, night.zone, night.lights, night.features, events, night.measures)
        assert len(pack_night(full, effort=0)) + OVERHEAD <= 2048


@pytest.mark.parametrize("budget", [512, 1024, 2048, 4096])
def test_more_bytes_tell_the_heart_rate_better(budget: int) -> None:
    night = a_night(full=False, events=0)
    errors = []
    for most in (budget, 2 * budget):
        sealed = seal(pack_night(night, budget=most, effort=0), KEY)
        assert len(sealed) <= most
        errors.append(float(np.nanmean(np.abs(read_letter(unseal(sealed, KEY)).features["hr_bpm"] - night.features["hr_bpm"]))))
    assert errors[1] < errors[0]


def test_a_short_night_is_finer() -> None:
    errors = []
    for n in (1440, 240):
        night = a_night(n, full=False, events=0)
        found = read_letter(pack_night(night, effort=0))
        errors.append(float(np.nanmean(np.abs(found.features["hr_bpm"] - night.features["hr_bpm"]))))
    assert errors[1] < errors[0] / 2.0


def test_trials_bring_the_stages_closer() -> None:
    from somnia_engine.staging import stage_night

    night = a_night(full=False, events=0)
    wanted = stage_night(night.features)
    assert wanted is not None
    wrong = []
    for effort in (0, 60):
        found = stage_night(read_letter(pack_night(night, budget=1024, effort=effort)).features)
        assert found is not None
        wrong.append(int((found.stages != wanted.stages).sum()))
    assert wrong[1] < wrong[0]


def test_a_packet_without_anything_staged_is_a_packet() -> None:
    night = a_night(100, events=3)
    kept = {"room_temp_c": night.features["room_temp_c"]}
    lean = type(night)(None, None, night.lights, type(night.features)(None, 100, kept), night.events, {})
    found = read_letter(pack_night(lean))
    assert found.start is None
    assert list(found.features.columns) == ["room_temp_c"]
    assert len(found.events) == 3


def test_an_analysis_takes_a_packet(letter: bytes) -> None:
    recording = recording_of(read_letter(letter), "night.pkt", options=ReadOptions())
    night = analyse([recording])
    assert night.hypnogram is not None
    assert night.measures["odi3_per_h"] == pytest.approx(14.96, abs=0.011)
    assert {finding.disorder: str(finding.level) for finding in night.findings}["apnea"] == "high"
    assert {trace.channel for trace in night.traces} >= {"hr_bpm", "spo2_pct", "activity_count"}
    with pytest.raises(SomniaError, match="by itself"):
        analyse([recording, recording])


def test_the_golden_packet_of_version_1_is_still_read() -> None:
    wanted, found = golden_night(), read_letter(unseal(GOLDEN.read_bytes(), KEY))
    assert found.start == wanted.start
    assert np.abs(found.features["hr_bpm"] - wanted.features["hr_bpm"]).max() < 0.1
    assert (found.features["activity_count"] > 10.0).tolist() == (wanted.features["activity_count"] > 10.0).tolist()
    assert [(e.kind, e.onset_s, e.duration_s, e.value) for e in found.events] == [
        (EventKind.DS, 300.0, 30.0, 4.0),
        (EventKind.BP, 601.0, 12.0, 21.0),
    ]
    assert found.measures == {"odi3_per_h": pytest.approx(3.0)}


def test_the_golden_packet_is_still_made() -> None:
    assert seal(pack_night(golden_night(), effort=0), KEY, nonce=bytes(12)) == GOLDEN.read_bytes()


def test_a_changed_packet_is_refused(letter: bytes) -> None:
    packet = seal(letter, KEY)
    assert unseal(packet, KEY) == letter
    assert looks_like(packet)
    assert head_of(packet).key_id == b"golden"
    for at in range(0, len(packet), 7):
        changed = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        with pytest.raises(PacketError):
            unseal(changed, KEY)
    for most in (0, 2, 21, 36, len(packet) - 1):
        with pytest.raises(PacketError):
            unseal(packet[:most], KEY)
    with pytest.raises(PacketError, match="another key"):
        unseal(packet, PacketKey(b"golden", bytes(32)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2100))
def test_noise_under_a_genuine_seal_is_refused(content: bytes) -> None:
    with pytest.raises(PacketError):
        read_letter(unseal(seal(content, KEY), KEY))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mutant_of_a_letter_is_refused_or_is_a_night(letter: bytes, data: st.DataObject) -> None:
    changed = bytearray(letter)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_letter(bytes(changed))
    except PacketError:
        return
    assert found.features.n_epochs <= 2880


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4095), st.integers(1, 12)), max_size=400))
def test_any_symbols_are_refused_or_are_a_night(symbols: list[tuple[int, int]]) -> None:
    writer = Writer()
    for value, width in symbols:
        writer.bits(value & ((1 << width) - 1), width)
    try:
        found = read_letter(writer.finish())
    except PacketError:
        return
    for name, column in found.features.columns.items():
        assert not np.isinf(column).any(), name
