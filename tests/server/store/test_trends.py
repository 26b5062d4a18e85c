"""A history in small: what comes back, for whom, of which nights."""

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import delete, text

from somnia_engine.types.trend import TREND_KEYS
from somnia_server.store import audit, nightcodec, nights, trendcodec
from somnia_server.store.actors import Role
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.tables import TrendRow, session
from somnia_server.store.trends import load_trend, newest_analyses
from tests.server.conftest import make_account, make_night, somebody

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)


def keep(owner: str = "a", day: date = DAY, *, fingerprint: str | None = None, **more) -> str:
    return save_night(owner, make_night(day), kept=Kept(day, fingerprint or f"{owner}{day}", **more))


def test_a_night_comes_back_with_its_numbers_and_its_sleep():
    night_id = keep()
    (found,) = load_trend(somebody("a"))
    whole = make_night(DAY)
    assert (found.id, found.night, found.zone, found.start) == (night_id, DAY, "Europe/Berlin", whole.start)
    assert found.value("tst_min") == 400.5
    assert found.value("score") == 78.0
    assert found.value("odi3_per_h") == 9.5
    assert math.isnan(found.value("t90_pct"))
    assert found.sleep is not None
    assert np.array_equal(found.sleep.states == 1, whole.hypnogram.stages > 0)
    assert np.array_equal(found.sleep.states == -1, whole.hypnogram.stages < 0)
    assert found.sleep.bed_s == (0.0, 28800.0)


def test_years_come_in_order_and_within_the_days_asked_for():
    for day in (12, 10, 11):
        keep(day=date(2025, 1, day))
    assert [one.night.day for one in load_trend(somebody("a"))] == [10, 11, 12]
    assert [one.night.day for one in load_trend(somebody("a"), first=date(2025, 1, 11))] == [11, 12]
    assert [one.night.day for one in load_trend(somebody("a"), last=date(2025, 1, 10))] == [10]


def test_another_reads_nothing_and_a_reading_doctor_is_noted():
    keep()
    assert load_trend(somebody("b"), "a") == ()
    patient, doctor = make_account(), make_account(Role.DOCTOR, email="doctor@example.org")
    keep(patient.id)
    assert load_trend(doctor, patient.id) == ()
    share_with_address(patient, "doctor@example.org")
    assert len(load_trend(doctor, patient.id)) == 1
    assert "read_trend" in {entry.action for entry in audit.entries_about(patient)}


def test_a_deleted_or_expired_night_leaves_the_history():
    night_id = keep()
    nights.delete_night(somebody("a"), night_id)
    assert session().query(TrendRow).count() == 0
    keep(day=date(2025, 1, 11), expires_at=make_night().start)
    assert load_trend(somebody("a")) == ()


@pytest.mark.parametrize("fault", ["missing", "changed"])
def test_a_night_without_its_small_form_is_read_from_itself(fault: str):
    keep()
    whole = load_trend(somebody("a"))
    if fault == "missing":
        session().execute(delete(TrendRow))
    else:
        session().execute(text("UPDATE trends SET sealed_trend = :new"), {"new": b"\x02" + b"x" * 60})
    session().commit()
    again = load_trend(somebody("a"))
    assert np.array_equal(again[0].values, whole[0].values, equal_nan=True)


def test_a_night_that_is_damaged_twice_is_left_out_and_the_rest_is_there():
    keep()
    keep(day=date(2025, 1, 11))
    session().execute(text("UPDATE trends SET sealed_trend = :new"), {"new": b"\x02" + b"x" * 60})
    session().execute(text("UPDATE nights SET sealed_summary = :new WHERE night = '2025-01-10'"), {"new": b"\x02" + b"x" * 60})
    session().commit()
    assert [one.night.day for one in load_trend(somebody("a"))] == [11]


def test_of_two_analyses_of_a_night_the_later_stays_and_a_nap_is_kept_apart():
    keep()
    again = keep(fingerprint="other choices")
    nap = replace(make_night(DAY), start=make_night(DAY).start - timedelta(hours=9))
    nap_id = save_night("a", nap, kept=Kept(DAY, "nap"))
    found = load_trend(somebody("a"))
    assert len(found) == 3
    assert {one.id for one in newest_analyses(found)} == {again, nap_id}


def test_numbers_that_a_later_version_adds_are_not_measured_in_an_older_night():
    packed = trendcodec.pack(nightcodec.unpack_summary(nightcodec.pack_night(make_night())[0]))
    n = len(TREND_KEYS)
    head = trendcodec.HEAD.unpack_from(packed)
    fewer = trendcodec.HEAD.pack(*head[:2], n - 1, *head[3:])
    values_at = trendcodec.HEAD.size + head[1]
    older = fewer + packed[trendcodec.HEAD.size : values_at + 4 * (n - 1)] + packed[values_at + 4 * n :]
    found = trendcodec.unpack(older, night_id="x", night=DAY, demo=False)
    assert found.value("tst_min") == 400.5
    assert math.isnan(found.value(TREND_KEYS[-1]))
    assert found.sleep is not None
    assert len(found.sleep.states) == 960


def test_the_order_of_the_kept_numbers_never_changes():
    assert TREND_KEYS[:4] == ("score", "tst_min", "se_pct", "sol_min")
    assert TREND_KEYS[24:32] == (
        "coughs",
        "skin_temp_rise_c", "room_temp_mean_c", "humidity_mean_pct", "co2_mean_ppm", "light_mean_lux", "noise_mean_db", "rem_latency_min",
    )  # fmt: skip
    assert len(set(TREND_KEYS)) == len(TREND_KEYS)
