from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from somnia_server.store.accounts import (
    AccountError,
    Accounts,
    account_of,
    find_account,
    find_by_identity,
    has_admin,
    link_identity,
    list_accounts,
    make_account,
    make_roles,
    set_active,
    set_role,
    swap_recovery_codes,
    use_counter,
)
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.sessions import actor_of_session, begin_session, end_session, end_sessions, role_of, sessions_of
from somnia_server.store.tables import RoleRow, SessionRow, UserRow, session
from tests.server.conftest import make_account as make_row

HOUSE = Actor("house", Role.ADMIN)


def at_once(app, count: int, ask) -> list:
    def one(which: int):
        with app.app_context():
            return ask(which)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_roles_are_made_once_however_many_start(app):
    at_once(app, 4, lambda _: make_roles())
    with app.app_context():
        assert sorted(role.name for role in session().query(RoleRow)) == ["admin", "doctor", "user"]


@pytest.mark.parametrize(
    ("names", "role"),
    [(["user"], Role.USER), (["user", "doctor"], Role.DOCTOR), (["doctor", "admin", "user"], Role.ADMIN), ([], Role.USER)],
)
def test_the_highest_role_counts(names, role):
    assert role_of([RoleRow(name=name) for name in names]) is role


@pytest.mark.usefixtures("context")
def test_an_account_is_found_by_its_address_which_is_kept_sealed():
    made = make_account(HOUSE, email="ann@example.org", password_hash="x", role=Role.DOCTOR)
    assert find_account("ann@example.org") == account_of(made)
    assert find_account("ann@example.com") is None
    assert session().connection().exec_driver_sql("SELECT email FROM users").scalar_one() != b"ann@example.org"
    with pytest.raises(AccountError, match="has an account already"):
        make_account(HOUSE, email="ann@example.org", password_hash="x", role=Role.USER)


@pytest.mark.usefixtures("context")
def test_a_disabled_administrator_is_none():
    admin = make_row(Role.ADMIN)
    assert has_admin()
    set_active(HOUSE, admin.id, active=False)
    assert not has_admin()
    assert [account.id for account in list_accounts(HOUSE)] == [admin.id]
    assert list_accounts(HOUSE, roles=(Role.USER,)) == ()


@pytest.mark.usefixtures("context")
def test_what_there_is_not_cannot_be_changed():
    for change in (lambda: set_role(HOUSE, "u-0", Role.USER), lambda: set_active(HOUSE, "u-0", active=False)):
        with pytest.raises(AccountError, match="no such account"):
            change()


def test_a_step_of_codes_is_used_by_one_of_many_and_never_an_earlier_one(app):
    with app.app_context():
        ann = make_row().id
    assert sum(at_once(app, 8, lambda _: use_counter(ann, 100))) == 1
    with app.app_context():
        assert not use_counter(ann, 99)
        assert use_counter(ann, 101)
        assert not use_counter("u-nobody", 1)


def test_recovery_codes_are_replaced_by_one_of_many(app):
    with app.app_context():
        ann = make_row().id
        session().get(UserRow, ann).mf_recovery_codes = ["a", "b"]
        session().commit()
    assert sum(at_once(app, 6, lambda _: swap_recovery_codes(ann, ["a", "b"], ["b"]))) == 1
    with app.app_context():
        assert session().get(UserRow, ann).mf_recovery_codes == ["b"]


@pytest.mark.usefixtures("context")
def test_an_identity_opens_one_account_only():
    ann, ben = make_row(), make_row()
    assert link_identity(ann, "https://id.example sub")
    assert not link_identity(ben, "https://id.example sub")
    assert find_by_identity("https://id.example sub").id == ann.id
    assert link_identity(ann, None)
    assert link_identity(ben, "https://id.example sub")


@pytest.mark.usefixtures("context")
def test_a_session_stands_for_its_account_until_it_ends():
    ann, ben = make_row(Role.DOCTOR), make_row()
    one, two, bens = (begin_session(actor.id, "Firefox, Linux") for actor in (ann, ann, ben))
    assert actor_of_session(one) == ann
    assert [(browser.agent, browser.asks) for browser in sessions_of(ann, one)] == [("Firefox, Linux", False), ("Firefox, Linux", True)]
    assert end_sessions(ann.id, keep=one) == 1
    assert actor_of_session(two) is None
    assert (actor_of_session(one), actor_of_session(bens)) == (ann, ben)
    end_session(one)
    assert actor_of_session(one) is None
    assert sessions_of(ann, one) == ()
    assert actor_of_session("x") is None


@pytest.mark.usefixtures("context")
def test_an_idle_or_old_session_is_not_listed():
    ann = make_row()
    token = begin_session(ann.id, "")
    session().execute(update(SessionRow).values(seen_at=now() - timedelta(minutes=61)))
    assert sessions_of(ann, token) == ()
    session().execute(update(SessionRow).values(seen_at=now(), created_at=now() - timedelta(hours=13)))
    assert sessions_of(ann, token) == ()


@pytest.mark.usefixtures("context")
def test_the_library_makes_accounts_with_an_id_of_ours_in_the_role_of_a_patient():
    row = Accounts().create_user(email="ann@example.org", password="x")
    session().commit()
    assert row.id.startswith("u-")
    assert account_of(row.id).role is Role.USER
    assert not account_of(row.id).confirmed


@pytest.mark.usefixtures("context")
def test_what_a_page_asks_by_itself_keeps_no_session_alive():
    ann = make_row()
    token = begin_session(ann.id, "a browser")
    long_ago = now() - timedelta(minutes=50)
    session().execute(update(SessionRow).values(seen_at=long_ago))
    assert actor_of_session(token, used=False) == ann
    assert session().scalar(select(SessionRow.seen_at)) == long_ago
    assert actor_of_session(token) == ann
    assert session().scalar(select(SessionRow.seen_at)) > long_ago
