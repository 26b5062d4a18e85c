import json
from datetime import UTC, date, datetime

from plotly.utils import PlotlyJSONEncoder

from components import worklist
from somnia_engine.text import Text
from somnia_server.store.faces import Face
from somnia_server.store.worklist import Row
from tests.components.made import night

NOW = datetime(2025, 11, 20, 9, 0, tzinfo=UTC)
FACE = Face(480.0, 390.0, 81.0, "1645", (("apnea", "high"),), 3, True)
ROW = Row("u-1", "Maria", "n1", date(2025, 11, 14), NOW, "review", "new", FACE, 3, 2, 3)


def test_a_row_says_in_words_what_the_grid_draws() -> None:
    said = worklist.row(ROW, {"apnea": Text("Sleep apnea")}, NOW)
    assert (said["age"], said["age_said"], said["asleep_said"]) == (6, "6 d", "6 h 30")
    assert said["flags"] == [["▲", "high", "Sleep apnea"]]
    assert (said["state"], said["reading"], said["flagged"], said["new"], said["unsigned"]) == ("to review", "new", 1, 2, 3)


def test_a_patient_without_a_night_claims_nothing() -> None:
    said = worklist.row(Row("u-1", None), {}, NOW)
    assert (said["night_id"], said["age"], said["asleep"], said["reading"]) == (None, None, None, "")
    assert said["asleep_said"] == "–"


def test_every_state_and_reading_has_a_word() -> None:
    from somnia_server.store import worklist as store

    states = {store.RECORDING, store.PROCESSING, store.REVIEW, store.SHORT, store.INCOMPLETE, store.DEMO, store.NONE, "damaged"}
    assert states == set(worklist.STATES)
    assert {store.NEW, store.STARTED, store.PENDING, store.SIGNED, store.RESIGN} == set(worklist.READINGS)


def test_the_drawer_shows_what_stands_out_and_the_ways_on() -> None:
    said = json.dumps(
        worklist.drawer({"patient": "u-1", "night_id": "n1", "name": "Maria"}, night(), disorders={}, compare=False), cls=PlotlyJSONEncoder
    )
    assert "Your blood oxygen fell" in said
    assert "/review/n1" in said
    assert "Not assessed" not in said
