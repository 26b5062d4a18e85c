import json
from dataclasses import replace

from plotly.utils import PlotlyJSONEncoder

from components.room import room_panel
from somnia_engine.catalogue import room_ranges
from tests.components.made import night

MEASURES = {"room_temp_mean_c": 19.4, "co2_mean_ppm": 1210.0, "humidity_mean_pct": 44.0}
WAKING = {"disturbances_asleep": 6.0, "disturbances_then_awake": 3.0, "disturbances_then_awake_by_chance": 0.84}


def words(measures: dict[str, float]) -> str:
    return json.dumps(room_panel(replace(night(), measures=measures)), cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_each_reading_of_the_room_stands_beside_its_range_and_source() -> None:
    said = words(MEASURES)
    assert "19.4 °C" in said
    assert "1210 ppm" in said
    for key in ("room_temp_mean_c", "co2_mean_ppm"):
        assert room_ranges()[key].source in said
    assert room_ranges()["noise_mean_db"].source not in said


def test_lights_and_noises_stand_beside_what_chance_would_give() -> None:
    assert "Lights and noises while asleep: 6; followed by an awakening within a minute: 3 (by chance 0.8)." in words(WAKING)


def test_a_night_without_a_room_has_no_panel() -> None:
    assert words({}) == "null"
