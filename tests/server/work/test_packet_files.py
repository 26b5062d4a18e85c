"""A packet that comes as a file through the upload page is opened at the door, with the key of its person's device."""

import pytest
from flask import Flask

from somnia_engine.packet.seal import PacketKey, seal
from somnia_engine.packing import pack_night
from somnia_server.store.devices import add_device
from somnia_server.work import uploads
from tests.engine.packet.nights import a_night
from tests.server.conftest import Visitor

pytestmark = pytest.mark.sqlite


def test_a_packet_of_a_device_of_ones_own_is_surveyed(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        key = add_device(visitor.actor, "Phone")
    upload = visitor.upload(seal(pack_night(a_night(240), effort=0), key), "night.pkt")
    with app.app_context():
        found = uploads.survey_upload(visitor.actor, upload)
    assert found.format == "packet"
    assert "hr_bpm" in found.channels
    assert found.zone == "Europe/Berlin"
    assert found.nights[0].duration_s == 7200.0


@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_a_packet_of_any_other_device_stays_sealed(app: Flask, visitor: Visitor, whose: str) -> None:
    other = Visitor(app)
    with app.app_context():
        key = add_device(other.actor, "Phone") if whose == "another's" else PacketKey.new()
    upload = visitor.upload(seal(pack_night(a_night(240), effort=0), key), "night.pkt")
    with app.app_context(), pytest.raises(uploads.RefusedError, match="sealed"):
        uploads.survey_upload(visitor.actor, upload)
