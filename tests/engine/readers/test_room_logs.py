"""Room loggers: units, clocks, gaps, and which sensor is believed."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile
from somnia_engine.readers import read_recording, survey
from somnia_engine.types.recording import ReadOptions

KOLKATA = ReadOptions(zone="Asia/Kolkata")
HA = "entity_id,state,last_changed\n"
FILES = ("SYNTHETIC_airthings.csv", "SYNTHETIC_home_assistant_history.csv", "SYNTHETIC_netatmo.csv")


def write(folder: Path, text: str) -> Path:
    path = folder / "room.csv"
    path.write_text(text, encoding="utf-8")
    return path


def channel(recording, name: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = (series for series in recording.series if series.channel == name)
    return found.times_s, found.values


@pytest.mark.parametrize("name", FILES)
def test_the_reference_files_tell_one_room(reference: Path, name: str) -> None:
    path = reference / "imports/environment" / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    found = survey(path, KOLKATA)
    assert [span.night for span in found.nights] == [date(2025, 11, 10)]
    recording = read_recording(path, KOLKATA)
    assert recording.start is not None
    assert recording.start.isoformat() == "2025-11-10T17:40:00+00:00"
    times, values = channel(recording, "room_temp_c")
    at = np.searchsorted(times, 3600.0, "right") - 1
    assert values[at] == pytest.approx(24.3, abs=0.11)
    assert values.max() == pytest.approx(25.8)
    assert channel(recording, "co2_ppm")[1][0] == 600


def test_an_unchanged_reading_holds_and_a_lost_sensor_does_not(tmp_path: Path) -> None:
    rows = "sensor.bedroom_co2,600,2025-11-10T20:00:00Z\nsensor.bedroom_co2,unavailable,2025-11-10T21:00:00Z\n"
    rows += "sensor.bedroom_co2,900,2025-11-10T22:00:00Z\nsensor.bedroom_temperature,20.5,2025-11-10T23:00:00Z\n"
    times, values = channel(read_recording(write(tmp_path, HA + rows)), "co2_ppm")
    assert (values[times < 3600] == 600).all()
    assert np.diff(times[times < 3600]).max() <= 300
    assert not ((times >= 3600) & (times < 7200)).any()
    assert (values[times >= 7200] == 900).all()
    assert times.max() > 10_000


def test_the_bedrooms_sensor_is_believed_and_others_are_named(tmp_path: Path) -> None:
    rows = "".join(f"sensor.kitchen_temperature,{20 + k / 10},2025-11-10T2{k}:00:00Z\n" for k in range(4))
    rows += "sensor.bedroom_temperature,17.5,2025-11-10T21:00:00Z\nsensor.pool_ph,7,2025-11-10T21:00:00Z\n"
    recording = read_recording(write(tmp_path, HA + rows))
    assert set(channel(recording, "room_temp_c")[1].tolist()) == {17.5}
    said = " ".join(str(note) for note in recording.notes)
    assert "kitchen_temperature" in said
    assert "pool_ph" in said


@pytest.mark.parametrize(
    ("head", "cell", "noted"), [("TEMP °F", "68.0", False), ("TEMP °C", "20.0", False), ("TEMP", "20.0", False), ("TEMP", "68.0", True)]
)
def test_degrees_are_read_by_the_unit_and_an_assumption_is_said(tmp_path: Path, head: str, cell: str, noted: bool) -> None:
    path = write(tmp_path, f"recorded;{head}\n" + "".join(f"2025-11-10T23:{m:02d}:00;{cell}\n" for m in range(10)))
    recording = read_recording(path, KOLKATA)
    np.testing.assert_allclose(channel(recording, "room_temp_c")[1], 20.0, atol=1e-5)
    assert any("°F" in str(note) for note in recording.notes) is noted


def test_a_log_of_many_days_is_cut_into_nights(tmp_path: Path) -> None:
    rows = "".join(f"{1762796400 + 3600 * k};x;20.{k % 10}\n" for k in range(72))
    path = write(tmp_path, 'Timestamp;"Timezone : Asia/Kolkata";Temperature\n' + rows)
    nights = [span.night for span in survey(path).nights]
    assert nights == [date(2025, 11, 10), date(2025, 11, 11), date(2025, 11, 12), date(2025, 11, 13)]
    recording = read_recording(path, ReadOptions(night=date(2025, 11, 11)))
    assert recording.zone == "Asia/Kolkata"
    assert len(recording.series[0].values) == 24


def test_what_is_broken_is_counted_and_the_rest_kept(tmp_path: Path) -> None:
    rows = [
        "2025-11-10T23:00:00;20;50",
        "yesterday;21;50",
        "2025-11-10T23:05:00;warm;51",
        "2025-11-10T23:10:00;99;52",
        "2025-11-10T23:15:00;22",
    ]
    recording = read_recording(write(tmp_path, "recorded;TEMP °C;HUMIDITY %\n" + "\n".join(rows) + "\n"), KOLKATA)
    assert channel(recording, "room_temp_c")[1].tolist() == [20, 22]
    assert channel(recording, "humidity_pct")[1].tolist() == [50, 51, 52]
    assert sum(dropped.count for dropped in recording.dropped) == 3


def test_a_log_without_a_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="temperature, humidity, CO2, light or noise"):
        survey(write(tmp_path, HA + "sensor.pool_ph,7,2025-11-10T21:00:00Z\n"))
