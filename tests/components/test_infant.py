import json
from dataclasses import replace

import numpy as np
from plotly.utils import PlotlyJSONEncoder

from components.infant import SAFER, infant_panel
from somnia_engine.wording import faults
from tests.engine.detectors.test_infant import seen


def words(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_an_infants_night_says_when_breathing_motion_was_last_seen_and_what_makes_sleep_safer():
    said = words(infant_panel((seen(np.full(120, 30.0), prone=40, cries=3),)))
    assert "breathing motion last seen at 21:00:00" in said
    assert "Time seen lying on the belly" in said
    assert "Minutes of crying heard" in said
    assert all(str(line) in said for line in SAFER)


def test_nothing_in_the_panel_judges_or_comforts():
    assert [faults(str(line)) for line in SAFER] == [()] * len(SAFER)
    said = words(infant_panel((seen(np.full(120, 30.0)),))).lower()
    assert not [word for word in ("risk", "safe.", "normal", "healthy", "all is well") if word in said]


def test_another_persons_night_has_no_panel():
    assert infant_panel(()) is None
    assert infant_panel((replace(seen(np.full(120, 30.0)), evidence=()),)) is None
