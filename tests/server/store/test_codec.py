import math
from datetime import UTC, date, datetime

import numpy as np
import pytest

from somnia_engine.text import Text
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.recording import Dropped, NightSpan, Survey
from somnia_server.store import codec

SURVEY = Survey(
    format="apple_health",
    name=Text("Apple Health"),
    nights=(NightSpan(date(2025, 1, 1), datetime(2025, 1, 1, 22, tzinfo=UTC), None, 3600.5), NightSpan(None, None, None, 1.0)),
    zone=None,
    zone_origin=Text("From {device}", {"device": Text("the watch"), "n": 3, "share": 0.5, "name": "x"}),
    channels=("hr_bpm", "stage"),
    dropped=(Dropped(Text("Broken"), 3),),
    needs_start=True,
)


def test_a_survey_comes_back_equal():
    assert codec.loads(Survey, codec.dumps(SURVEY)) == SURVEY


def test_a_text_keeps_its_places_and_the_texts_in_them():
    back = codec.loads(Text, codec.dumps(SURVEY.zone_origin))
    assert back == SURVEY.zone_origin
    assert isinstance(back.values["device"], Text)


def test_what_is_not_measured_stays_so():
    finding = Finding(
        "apnea", Level.NOT_ASSESSED, Text("x"), np.float32(0.5), (Evidence(Text("ODI"), float("nan"), "/h", minutes=((1.0, 2.0),)),)
    )
    back = codec.loads(Finding, codec.dumps(finding))
    assert back.level is Level.NOT_ASSESSED
    assert math.isnan(back.evidence[0].value)
    assert back.evidence[0].minutes == ((1.0, 2.0),)
    assert (back.risk, back.next_step, back.coverage) == (None, None, 0.5)


def test_a_field_that_an_older_version_did_not_write_takes_its_default():
    data = codec.dumps(SURVEY).replace(b',"needs_start":true', b"")
    assert codec.loads(Survey, data).needs_start is False


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError):
        codec.dumps(object())
