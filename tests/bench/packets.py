"""A packet to its analysis (P6), and how many packets a second are taken and kept through the API."""

import tempfile
from collections.abc import Iterator
from time import perf_counter

from sqlalchemy import func, select

from somnia_engine.analyse import analyse
from somnia_engine.packet.letter import read_letter
from somnia_engine.packet.seal import PacketKey, seal, unseal
from somnia_engine.packing import pack_night, packet_of
from somnia_engine.readers.packet import recording_of
from somnia_engine.staging import stage_night
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.actors import Actor
from somnia_server.store.devices import add_device
from somnia_server.store.tables import PacketRow, session
from tests.bench.measure import Row, cpu_ms

DEVICES, EACH = 100, 10
KEY = PacketKey(b"bench0", bytes(range(32)))


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the demo night with pauses as a packet of 2,048 bytes, and a thousand packets of a hundred devices."""
    letter = pack_night(packet_of(analysis), effort=0)
    packet = seal(letter, KEY)

    def opened() -> NightAnalysis:
        return analyse([recording_of(read_letter(unseal(packet, KEY)), "night.pkt", options=ReadOptions())])

    took, features = cpu_ms(opened), opened().features
    staging = cpu_ms(lambda: stage_night(features))
    hours = f"{features.n_epochs / 120:.1f} h, {len(packet)} bytes, {len(analysis.events)} events"
    yield Row("P6", f"packet to analysis ({hours})", f"{took:.0f} ms", f"staging alone {staging:.0f} ms", "≤ 20 ms", took <= 20)
    speed, lost = _taken(letter)
    yield Row(
        "P6", "packets taken durably through the API", f"{speed:.0f}/s, {lost} lost", "", "≥ 200/s, 0 lost", speed >= 200 and not lost
    )


def _taken(letter: bytes) -> tuple[float, int]:
    """Return packets a second, and how many of those that were answered 202 are not in the database."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_server(Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"}))
        with app.app_context():
            keys = [add_device(Actor.owner(f"v-{number:032x}"), "Phone") for number in range(DEVICES)]
        packets = [seal(letter, key) for _ in range(EACH) for key in keys]
        client, begin = app.test_client(use_cookies=False), perf_counter()
        answers = [client.post("/api/v1/packets", data=packet, content_type="application/octet-stream").status_code for packet in packets]
        took = perf_counter() - begin
        with app.app_context():
            kept = session().scalar(select(func.count()).select_from(PacketRow)) or 0
        return len(packets) / took, answers.count(202) - kept + sum(status != 202 for status in answers)
