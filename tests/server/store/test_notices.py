from datetime import timedelta

import pytest
from sqlalchemy import text

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.damaged import SENTENCE
from somnia_server.store.house import now
from somnia_server.store.notices import SHARING, list_notices, mark_read, tell, tell_with_guardians, unread
from somnia_server.store.tables import GuardianRow, NoticeRow, session
from tests.server.conftest import make_account

pytestmark = pytest.mark.usefixtures("context")
HELLO = Text("{doctor} asks you to share your nights. Answer under Sharing.", {"doctor": "Dr. Kanarienvogel"})


def told(owner: Actor, said: Text = HELLO) -> str:
    notice = tell(owner.id, SHARING, said)
    session().commit()
    return notice


def test_a_notice_is_listed_until_it_is_read_and_after():
    me = make_account()
    notice = told(me)
    (found,) = list_notices(me)
    assert (found.id, found.kind, found.text, found.read_at) == (notice, SHARING, HELLO, None)
    assert (unread(me), mark_read(me, notice), unread(me), mark_read(me, notice)) == (1, 1, 0, 0)
    assert list_notices(me)[0].read_at is not None
    assert list_notices(me, unread_only=True) == ()


def test_the_newest_notice_comes_first_and_all_are_read_at_once():
    me = make_account()
    first, second = told(me), told(me)
    session().get_one(NoticeRow, first).created_at = now() - timedelta(hours=1)
    session().commit()
    assert [notice.id for notice in list_notices(me)] == [second, first]
    assert mark_read(me) == 2


def test_nobody_reads_or_marks_anothers_notices():
    me = make_account()
    notice = told(me)
    for stranger in (make_account(), make_account(Role.ADMIN), make_account(Role.DOCTOR)):
        assert list_notices(stranger) == ()
        assert (unread(stranger), mark_read(stranger, notice), mark_read(stranger)) == (0, 0, 0)
    assert unread(me) == 1


def test_guardians_are_told_too_once_they_are_verified():
    minor, guardian, other = make_account(), make_account(), make_account()
    for who, verified in ((guardian, now()), (other, None)):
        session().add(GuardianRow(id=who.id[:32], guardian=who.id, minor=minor.id, stated_at=now(), verified_at=verified))
    session().flush()
    tell_with_guardians(minor.id, SHARING, HELLO)
    session().commit()
    assert (unread(minor), unread(guardian), unread(other)) == (1, 1, 0)


def test_what_a_notice_says_lies_sealed_and_bound_to_its_owner(disk):
    me, other = make_account(), make_account()
    told(me)
    kept = disk()
    assert b"Kanarienvogel" not in kept
    session().execute(text("UPDATE notices SET owner = :other"), {"other": other.id})
    session().commit()
    session().expire_all()
    assert [notice.text for notice in list_notices(other)] == [SENTENCE]
