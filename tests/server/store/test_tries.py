from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from limits.storage import storage_from_string
from sqlalchemy import select, update

from somnia_server.store.house import now
from somnia_server.store.tables import TryRow, session
from somnia_server.store.tries import Tries, acquire, counted, forget, give_back, purge_tries


def test_of_many_at_once_exactly_as_many_pass_as_may(app):
    def one(_: int) -> bool:
        with app.app_context():
            return acquire("door", 10, seconds=60)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(80))) == 10


@pytest.mark.usefixtures("context")
def test_what_is_refused_is_not_counted_and_does_not_put_off_the_end():
    assert acquire("door", 1, seconds=60)
    before = counted("door")
    assert not acquire("door", 1, seconds=6000)
    assert counted("door") == before


@pytest.mark.usefixtures("context")
def test_each_allowed_try_puts_off_the_end_so_that_no_span_holds_more():
    acquire("door", 2, seconds=60)
    session().execute(update(TryRow).values(expires_at=now() + timedelta(seconds=1)))
    session().commit()
    assert acquire("door", 2, seconds=60)
    assert counted("door")[1] > now() + timedelta(seconds=50)


@pytest.mark.usefixtures("context")
def test_the_count_begins_anew_once_it_is_forgotten():
    assert [acquire("door", 1, seconds=60) for _ in range(2)] == [True, False]
    session().execute(update(TryRow).values(expires_at=now() - timedelta(seconds=1)))
    session().commit()
    assert counted("door")[0] == 0
    assert acquire("door", 1, seconds=60)
    forget("door")
    assert acquire("door", 1, seconds=60)
    give_back("door")
    assert acquire("door", 1, seconds=60)


@pytest.mark.usefixtures("context")
def test_weights_count():
    assert [acquire("api", 100, seconds=60, amount=amount) for amount in (90, 20, 10, 1, 101)] == [True, False, True, False, False]


@pytest.mark.usefixtures("context")
def test_the_key_is_kept_as_a_digest_and_swept():
    acquire("ann@example.org", 1, seconds=60)
    assert all("ann" not in key for key in session().scalars(select(TryRow.key)))
    assert purge_tries(now()) == 0
    assert purge_tries(now() + timedelta(minutes=2)) == 1


@pytest.mark.usefixtures("context")
def test_a_rate_limiter_can_count_here():
    kept = storage_from_string("somnia+db://")
    assert isinstance(kept, Tries)
    assert kept.check()
    assert [kept.incr("a", 60), kept.incr("a", 60, 3), kept.get("a")] == [1, 4, 4]
    assert kept.acquire_entry("b", 2, 60)
    start, count = kept.get_moving_window("b", 2, 60)
    assert count == 1
    assert abs(start - now().timestamp()) < 30
    assert kept.get_expiry("b") > now().timestamp()
    kept.clear("a")
    assert kept.get("a") == 0
    assert kept.reset() == 1
