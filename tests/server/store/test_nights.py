from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from somnia_server.store import nightcodec, nights
from somnia_server.store.nights import Kept, delete_night, list_nights, load_night, purge_expired, save_night
from somnia_server.store.tables import db
from somnia_server.store.vault import TamperedError
from tests.server.conftest import make_night, somebody

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)


def keep(owner: str = "a", day: date = DAY, *, fingerprint: str | None = None, **more) -> str:
    return save_night(owner, make_night(day), kept=Kept(day, fingerprint or f"{owner}{day}", **more))


def test_a_night_is_listed_and_loaded_by_its_owner():
    night_id = keep()
    (listed,) = list_nights(somebody("a"))
    assert (listed.id, listed.night, listed.state, listed.demo) == (night_id, DAY, "ready", False)
    assert listed.sources == ("watch",)
    assert len(listed.stages) == 960
    assert listed.statistics.tst_min == 400.5
    loaded = load_night(somebody("a"), night_id)
    assert loaded is not None
    assert loaded.analysis.findings[0].disorder == "apnea"


def test_another_owner_sees_changes_and_deletes_nothing():
    night_id = keep()
    assert list_nights(somebody("b")) == ()
    assert load_night(somebody("b"), night_id) is None
    assert not delete_night(somebody("b"), night_id)
    assert nights.history_blobs("b", None, demo=None) == ()
    assert load_night(somebody("a"), night_id) is not None


def test_the_newest_night_comes_first():
    for day in (11, 9, 10):
        keep(day=date(2025, 1, day))
    assert [night.night.day for night in list_nights(somebody("a"))] == [11, 10, 9]


def test_the_same_night_again_replaces_itself():
    assert keep() == keep()
    assert len(list_nights(somebody("a"))) == 1
    assert keep(fingerprint="other choices") != keep()


def test_two_owners_of_the_same_files_have_two_nights():
    assert keep("a", fingerprint="same") != keep("b", fingerprint="same")


def test_a_deleted_night_is_gone():
    night_id = keep()
    assert delete_night(somebody("a"), night_id)
    assert load_night(somebody("a"), night_id) is None


def days(blobs: tuple[tuple[bytes, bytes], ...]) -> list[int]:
    return [record.start.day for record in (nightcodec.unpack_record(*pair) for pair in blobs) if record.start is not None]


def test_a_history_holds_the_earlier_nights_in_order():
    for day in (12, 9, 10):
        keep(day=date(2025, 1, day))
    assert days(nights.history_blobs("a", date(2025, 1, 12), demo=None)) == [9, 10]


def test_a_night_analysed_twice_counts_once_in_a_history():
    keep(fingerprint="watch alone")
    keep(fingerprint="watch and ring")
    keep(day=date(2025, 1, 9))
    assert days(nights.history_blobs("a", None, demo=None)) == [9, 10]


def test_demo_nights_are_no_history_of_own_nights():
    keep(day=date(2025, 1, 8), demo=True)
    keep(day=date(2025, 1, 9))
    assert len(nights.history_blobs("a", DAY, demo=False)) == 1


def test_an_expired_night_is_not_shown_and_then_deleted():
    past = datetime.now(UTC) - timedelta(seconds=1)
    night_id = keep(expires_at=past)
    stays = keep(day=date(2025, 1, 11), expires_at=past + timedelta(hours=1))
    assert load_night(somebody("a"), night_id) is None
    assert [night.id for night in list_nights(somebody("a"))] == [stays]
    assert purge_expired(datetime.now(UTC)) == 1
    assert db.session.scalar(text("SELECT count(*) FROM nights")) == 1


@pytest.mark.parametrize("column", ["sealed_summary", "sealed_series"])
def test_blobs_swapped_between_rows_are_caught(column):
    one, two = keep(), keep(day=date(2025, 1, 11))
    swap = f"UPDATE nights SET {column} = (SELECT {column} FROM nights WHERE id = :two) WHERE id = :one"
    db.session.execute(text(swap), {"one": one, "two": two})
    db.session.commit()
    with pytest.raises(TamperedError):
        load_night(somebody("a"), one)


def test_a_row_given_to_another_owner_is_caught():
    night_id = keep()
    db.session.execute(text("UPDATE nights SET owner = 'b'"))
    db.session.commit()
    with pytest.raises(TamperedError):
        load_night(somebody("b"), night_id)


def test_a_night_that_was_changed_is_named_so_in_the_list_and_the_others_stand():
    one, two = keep(), keep(day=date(2025, 1, 11))
    db.session.execute(
        text("UPDATE nights SET sealed_summary = (SELECT sealed_series FROM nights WHERE id = :one) WHERE id = :one"), {"one": one}
    )
    db.session.commit()
    assert [(night.id, night.damaged) for night in list_nights(somebody("a"))] == [(two, False), (one, True)]
