import base64
import json

import numpy as np
from plotly.utils import PlotlyJSONEncoder

from components import review
from components.review_data import full_signals, review_data
from pages import _reviewing as reviewing
from somnia_engine.types.hypnogram import Stage
from tests.components.made import EPOCHS, night


def test_a_doctor_who_changed_nothing_agrees_wholly():
    analysis = night()
    marks = reviewing.start_marks(analysis)
    pairs = reviewing.beside(analysis, marks, ())
    assert pairs[0].stages.kappa == 1.0
    assert pairs[0].breathing is not None
    assert pairs[0].breathing.f1 == 1.0
    assert pairs[0].stages.n == EPOCHS - 20


def test_the_engine_stands_beside_the_source_that_was_scored_elsewhere():
    names = [pair.name for pair in reviewing.beside(night(), reviewing.start_marks(night()), ())]
    assert names[-1] == "Watch and the automatic stages"


def test_moved_lights_change_the_doctors_numbers_and_not_the_analysis():
    analysis = night()
    marks = reviewing.start_marks(analysis)
    moved = type(marks)(marks.stages, marks.events, (), off_s=3600.0)
    assert reviewing.numbers_of(analysis, moved).tib_min == reviewing.numbers_of(analysis, marks).tib_min - 60
    assert analysis.lights.off_s == 0.0


def test_light_sleep_of_a_watch_that_a_doctor_left_is_compared_as_light():
    analysis = night()
    marks = reviewing.start_marks(analysis)
    digits = list(marks.stages)
    digits[35] = "3"
    found = reviewing.beside(analysis, type(marks)("".join(digits), marks.events), ())[0].stages
    assert Stage.L in found.classes
    assert found.kappa == 1.0


def test_a_window_carries_every_sample_that_is_kept():
    found = {one["key"]: one for one in full_signals(night(), 12300.0, 12400.0)}
    spo2 = np.frombuffer(base64.b64decode(found["spo2_pct"]["values"]["bdata"]), "<f4")
    assert len(spo2) == 101
    assert spo2.min() == 78
    assert found["spo2_pct"]["onset"] == 12300.0


def test_the_page_says_its_agreement_and_carries_no_sentence_of_the_script():
    data = review_data(night(), [("Dr Two", "1" * EPOCHS)], None)
    assert [lane["label"] for lane in data["lanes"]] == ["Automatic", "Watch", "Dr Two"]
    assert len(data["mine"]["stages"]) == EPOCHS
    assert len(data["tour"]) == 20
    said = json.dumps(review.page(night(), [], data, []), cls=PlotlyJSONEncoder)
    assert len(said) < 150_000
