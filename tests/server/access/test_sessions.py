from datetime import timedelta

import pytest
from sqlalchemy import select, update

from somnia_server import create_server
from somnia_server.access.sessions import browser_name, session_actor
from somnia_server.access.staff import make_staff
from somnia_server.settings import Settings
from somnia_server.store.accounts import HOUSE, find_account, set_active, set_role
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.sessions import IDLE, SEEN_EVERY, purge_sessions
from somnia_server.store.tables import RefreshRow, SessionRow, UserRow, session
from tests.server.access.people import EMAIL, PASSWORD, Person, words

NEW = "a wolf in the pantry"


@pytest.fixture
def ann(app) -> Person:
    person = Person(app)
    person.register()
    return person


@pytest.fixture
def phone(app, ann) -> Person:
    """Return the same account in another browser."""
    person = Person(app)
    assert person.log_in().status_code == 302
    return person


def account_id(app) -> str:
    with app.app_context():
        return find_account(EMAIL).id


def change(app, **values) -> None:
    with app.app_context():
        for row in session().scalars(select(SessionRow).where(SessionRow.ended_at.is_(None))):
            for name, value in values.items():
                setattr(row, name, value)
        session().commit()


def seen(app):
    with app.app_context():
        return session().scalars(select(SessionRow.seen_at)).one()


def test_a_session_says_who_asks_in_which_role(ann, app):
    with ann.client:
        ann.get("/account")
        assert session_actor() == Actor(account_id(app), Role.USER)


def test_logging_out_empties_the_browser(ann):
    assert "Clear-Site-Data" not in ann.get("/account").headers
    assert ann.log_out().headers["Clear-Site-Data"] == '"cache", "storage"'


def test_each_log_in_begins_another_session(ann):
    first = ann.session
    ann.log_out()
    ann.log_in()
    assert ann.inside
    assert ann.session != first
    assert len(ann.session) >= 43


def test_the_database_keeps_a_digest_of_the_session_only(ann, app):
    with app.app_context():
        row = session().scalars(select(SessionRow)).one()
        assert len(row.id) == 64
        assert row.id != ann.session


def copied(person: Person) -> Person:
    """Return a browser into which the cookie of another was copied."""
    thief = Person(person.app)
    thief.client.set_cookie("somnia", person.client.get_cookie("somnia").value)
    assert thief.inside
    return thief


def test_a_copied_cookie_is_dead_once_its_owner_logs_out(ann):
    thief = copied(ann)
    ann.log_out()
    assert not ann.inside
    assert not thief.inside


def test_a_changed_password_ends_all_other_sessions(ann, phone):
    thief = copied(ann)
    ann.post("/account/password", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)
    assert ann.inside
    assert not phone.inside
    assert not thief.inside, "the browser itself went on in a new session"
    ann.log_out()
    assert "is not right" in words(ann.log_in())
    assert ann.log_in(password=NEW).status_code == 302


def test_logging_out_everywhere_ends_all_sessions_and_the_tokens_of_programs(ann, phone, app):
    token = {"family": "f", "client": "c", "scope": "", "created_at": now(), "expires_at": now() + timedelta(days=30)}
    with app.app_context():
        session().add(RefreshRow(digest="d", user_id=find_account(EMAIL).id, used_at=None, revoked_at=None, **token))
        session().commit()
    assert ann.post("/account/leave", form="/account").status_code == 302
    assert not ann.inside
    assert not phone.inside
    with app.app_context():
        assert session().scalars(select(RefreshRow.revoked_at)).one() is not None


@pytest.mark.parametrize("what", ["disabled", "role", "deleted"])
def test_a_session_ends_with_what_it_stands_for(ann, phone, app, what):
    with app.app_context():
        if what == "disabled":
            set_active(HOUSE, account_id(app), active=False)
        elif what == "role":
            set_role(HOUSE, account_id(app), Role.DOCTOR)
        else:
            session().delete(session().get(UserRow, account_id(app)))
            session().commit()
    assert not ann.inside
    assert not phone.inside


def test_who_is_enabled_again_has_to_log_in_again(ann, app):
    with app.app_context():
        set_active(HOUSE, account_id(app), active=False)
    assert "This account is disabled" not in words(ann.log_in(password="wrong")), "only who knows the password hears of it"
    assert "This account is disabled" in words(ann.log_in())
    assert not ann.inside
    with app.app_context():
        set_active(HOUSE, account_id(app), active=True)
    assert not ann.inside
    assert ann.log_in().status_code == 302


def test_another_process_knows_at_once_that_a_session_is_over(ann, settings):
    other = Person(create_server(settings))
    other.client.set_cookie("somnia", ann.client.get_cookie("somnia").value)
    assert other.inside
    ann.log_out()
    assert not other.inside


@pytest.mark.parametrize(("role", "minutes"), [(Role.USER, 60), (Role.DOCTOR, 15), (Role.ADMIN, 15)])
def test_an_idle_session_ends_sooner_for_those_who_see_others(app, role, minutes):
    person = Person(app)
    if role is Role.USER:
        person.register()
    else:
        with app.app_context():
            make_staff(HOUSE, email=EMAIL, password=PASSWORD, role=role)
        person.log_in()
    change(app, seen_at=now() - timedelta(minutes=minutes - 1))
    assert person.inside
    change(app, seen_at=now() - timedelta(minutes=minutes, seconds=1))
    assert not person.inside
    assert IDLE[role] == timedelta(minutes=minutes)


def test_no_session_outlives_twelve_hours(ann, app):
    change(app, created_at=now() - timedelta(hours=12) + timedelta(minutes=1))
    assert ann.inside
    change(app, created_at=now() - timedelta(hours=12, seconds=1))
    assert not ann.inside


def test_a_session_notes_at_most_once_a_minute_that_it_was_used(ann, app):
    at = now() - SEEN_EVERY + timedelta(seconds=20)
    change(app, seen_at=at)
    assert ann.inside
    assert seen(app) == at
    change(app, seen_at=now() - SEEN_EVERY - timedelta(seconds=1))
    assert ann.inside
    assert now() - seen(app) < timedelta(seconds=30)


@pytest.mark.parametrize("forged", ["", "x", "eyJzb21uaWEiOiJ4In0.aaaa.bbbb"])
def test_a_forged_cookie_is_nobodys(app, forged):
    person = Person(app)
    person.client.set_cookie("somnia", forged)
    assert not person.inside


def test_the_cookie_is_for_this_host_and_not_for_scripts(app, environ):
    person = Person(app)
    cookie = next(c for c in person.get("/login").headers.getlist("Set-Cookie") if c.startswith("somnia="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    tls = Person(create_server(Settings.from_env(environ | {"SOMNIA_TLS": "1"})), base="https://localhost")
    cookie = next(c for c in tls.get("/login").headers.getlist("Set-Cookie") if "somnia=" in c)
    assert cookie.startswith("__Host-somnia=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_the_overview_says_where_one_is_logged_in(ann, phone):
    page = words(ann.get("/account"))
    assert page.count("Werkzeug") == 2
    assert page.count(" here ") >= 1
    assert "last used" in page


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Werkzeug/3.1.9", "Werkzeug"),
        ("", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent, name):
    assert browser_name(agent) == name


def test_who_was_a_visitor_and_logs_in_is_the_account(app):
    person = Person(app)
    person.get("/any/page")
    person.register()
    with person.client:
        person.get("/account")
        from somnia_server.access import actor_now

        assert actor_now() == Actor(account_id(app), Role.USER)
        person.log_out()
        assert actor_now().role is Role.VISITOR


def test_sessions_that_are_over_are_swept(ann, phone, app):
    long_ago = now() - timedelta(days=2)
    phone.log_out()
    with app.app_context():
        assert purge_sessions(now() - timedelta(days=1)) == 0
        session().execute(update(SessionRow).where(SessionRow.ended_at.is_not(None)).values(ended_at=long_ago))
        assert purge_sessions(now() - timedelta(days=1)) == 1
    assert ann.inside
