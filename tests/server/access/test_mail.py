import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from flask import Flask
from sqlalchemy import select, update

from somnia_server import create_server
from somnia_server.access.mail import MailError, send, tidy_email
from somnia_server.access_settings import AccessSettings
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.house import now
from somnia_server.store.tables import UserRow, session
from tests.server.access.people import EMAIL, PASSWORD, Person, words
from tests.server.access.test_factors import set_up

NEW = "a wolf in the pantry"
PATIENCE_S = 10.0

pytestmark = pytest.mark.sqlite  # about forms and mails; what the database has to hold is asked of both kinds in the store's tests


class Post:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.users: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the name is the library's
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def authenticate(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        self.users.append(data.login)
        return AuthResult(success=data.password == b"secret", handled=False)

    def next(self, count: int) -> EmailMessage:
        """Return the mail of a number, once it is there."""
        until = time.monotonic() + PATIENCE_S
        while len(self.mails) < count:
            assert time.monotonic() < until, f"mail {count} did not come"
            time.sleep(0.01)
        assert len(self.mails) == count
        return self.mails[-1]


def give(access: AccessSettings, *, recipient: str, subject: str, body: str) -> None:
    settings = Settings(instance=Path("nowhere"), database_url="sqlite://", key_file=Path("no.key"), access=access)
    send(settings, recipient=recipient, subject=subject, body=body)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def mail_settings(post: Post) -> Iterator[AccessSettings]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port, authenticator=post.authenticate, auth_require_tls=False)
    controller.start()
    try:
        yield AccessSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_from="somnia@example.org")
    finally:
        controller.stop()


@pytest.fixture
def app(settings: Settings, mail_settings: AccessSettings) -> Flask:
    app = create_server(replace(settings, access=mail_settings))
    app.add_url_rule("/<path:path>", "page", lambda path: "page")
    app.add_url_rule("/", "home", lambda: "home")
    return app


def link(mail: EmailMessage) -> str:
    found = re.search(r"http://localhost(/\S+)", mail.get_content())
    assert found is not None
    return found.group(1)


@pytest.fixture
def ann(app: Flask, post: Post) -> Person:
    """Return somebody who has registered and confirmed; one mail has come."""
    person = Person(app)
    person.register()
    person.get(link(post.next(1)))
    return person


def test_mail_is_text_from_the_address_of_the_instance(mail_settings, post):
    give(mail_settings, recipient="a@example.org", subject="Grüße", body="Zwölf Boxkämpfer")
    mail = post.next(1)
    assert (mail["From"], mail["To"], mail["Subject"]) == ("somnia@example.org", "a@example.org", "Grüße")
    assert mail.get_content().strip() == "Zwölf Boxkämpfer"
    assert mail.get_content_type() == "text/plain"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_somnia_logs_in_where_the_server_asks_for_it(mail_settings, post):
    give(replace(mail_settings, smtp_user="somnia", smtp_password="secret"), recipient="a@example.org", subject="s", body="b")
    assert post.users == [b"somnia"]
    with pytest.raises(MailError, match="SMTPAuthenticationError"):
        give(replace(mail_settings, smtp_user="somnia", smtp_password="x"), recipient="a@example.org", subject="s", body="b")


def test_a_server_that_is_not_there_is_named_without_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = AccessSettings(smtp_host="127.0.0.1", smtp_port=free.getsockname()[1], smtp_from="somnia@example.org")
    with pytest.raises(MailError, match=r"SMTP_HOST=127\.0\.0\.1") as failure:
        give(nowhere, recipient="a@example.org", subject="s", body="b")
    assert "a@example.org" not in str(failure.value)


def test_a_server_elsewhere_has_to_encrypt(mail_settings, post):
    elsewhere = replace(mail_settings, smtp_host=socket.gethostbyname("localhost").replace("127.0.0.1", "127.0.0.2"))
    with pytest.raises(MailError):
        give(elsewhere, recipient="a@example.org", subject="s", body="b")
    assert post.mails == []


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: evil@example.org", "Hello\nBcc: evil@example.org"])
def test_a_line_cannot_be_smuggled_into_the_head_of_a_mail(mail_settings, post, subject):
    with pytest.raises(ValueError, match="linefeed"):
        give(mail_settings, recipient="a@example.org", subject=subject, body="b")
    assert post.mails == []


@pytest.mark.parametrize(("given", "kept"), [(" Ann@Example.ORG ", "ann@example.org"), ("a@klinik", "a@klinik")])
def test_an_address_is_kept_in_one_form(given, kept):
    assert tidy_email(given) == kept


@pytest.mark.parametrize("given", ["", "ann", "ann@", "a@b@c.org", "a\r\n@example.org", "a b@example.org"])
def test_what_is_no_address_is_refused(app, given):
    with app.app_context(), pytest.raises(ValueError, match="not an e-mail address"):
        tidy_email(given)


def test_settings_of_mail_need_a_sender(environ):
    with pytest.raises(SettingsError, match="SOMNIA_SMTP_FROM"):
        Settings.from_env(environ | {"SOMNIA_SMTP_HOST": "mail.example.org"})


def test_an_account_opens_once_its_address_is_confirmed(app, post):
    person = Person(app)
    assert person.register().location == "/login"
    assert not person.inside
    assert "Confirm your address first" in words(person.log_in())
    assert "is not right" in words(person.log_in(password="wrong"))
    there = link(post.next(1))
    assert person.get(there).location == "/login"
    assert person.log_in().status_code == 302
    assert person.inside
    assert person.get(there).location == "/confirm", "it works once"


def test_registering_says_the_same_whether_the_address_is_known_or_not(ann, app, post):
    def seen(email: str) -> tuple[int, str, str]:
        person = Person(app, at="192.0.2.99")
        answer = person.register(email=email)
        return answer.status_code, answer.location, words(person.get("/login"))

    known, mail = seen(EMAIL), post.next(2)
    assert "It has one already" in mail.get_content()
    assert known == seen("new@example.org")
    assert "/confirm/" in link(post.next(3))


@pytest.mark.parametrize("path", ["/reset", "/confirm"])
def test_asking_for_a_link_says_the_same_whether_the_address_is_known_or_not(ann, app, path):
    ann.log_out()
    assert words(ann.post(path, email=EMAIL)) == words(Person(app).post(path, email="nobody@example.org"))


def test_a_reset_link_works_once_and_ends_all_sessions(ann, app, post):
    ann.log_in()
    thief = Person(app)
    thief.client.set_cookie("somnia", ann.client.get_cookie("somnia").value)
    assert thief.inside
    other = Person(app)
    other.post("/reset", email=EMAIL)
    there = link(post.next(2))
    assert other.post(there, password=NEW, password_confirm=NEW).location == "/login"
    assert not thief.inside
    assert not ann.inside
    assert "was changed" in post.next(3)["Subject"]
    again = other.client.post(
        there, data={"password": PASSWORD, "password_confirm": PASSWORD, "csrf_token": other.token("/login")}, **other.extra
    )
    assert again.location == "/reset"
    assert "is not right" in words(other.log_in())
    assert other.log_in(password=NEW).status_code == 302


def test_a_reset_leaves_the_second_factor_on(ann, app, post):
    ann.log_in()
    set_up(ann)
    before = len(post.mails)
    other = Person(app)
    other.post("/reset", email=EMAIL)
    there = link(post.next(before + 1))
    assert other.post(there, password=NEW, password_confirm=NEW).location == "/login"
    assert other.log_in(password=NEW).location.startswith("/login/code")
    assert not other.inside


def test_of_many_who_use_a_reset_link_at_once_one_changes_the_password(ann, app, post):
    ann.post("/reset", email=EMAIL)
    there = link(post.next(2))
    people = [Person(app, at=f"192.0.2.{i}") for i in range(1, 5)]
    tokens = [person.token(there) for person in people]

    def use(which: int) -> str:
        chosen = f"number {which} wolf in the pantry"
        said = {"csrf_token": tokens[which], "password": chosen, "password_confirm": chosen}
        person = people[which]
        answer = person.client.post(there, data=said, **person.extra)
        return chosen if answer.location == "/login" else ""

    with ThreadPoolExecutor(4) as pool:
        chosen = [found for found in pool.map(use, range(4)) if found]
    assert len(chosen) == 1
    assert ann.log_in(password=chosen[0]).status_code == 302


def test_a_reset_link_is_dead_after_an_hour(ann, app, post):
    ann.post("/reset", email=EMAIL)
    there = link(post.next(2))
    app.config["SECURITY_RESET_PASSWORD_WITHIN"] *= 0
    time.sleep(1.1)  # the link's time counts in whole seconds
    assert ann.get(there).location == "/reset"


def test_a_new_address_counts_once_its_link_is_opened(ann, app, post):
    ann.log_in()
    ann.post("/account/email", email="ann@new.example")
    mail = post.next(2)
    assert mail["To"] == "ann@new.example"
    assert EMAIL in words(ann.get("/account"))
    assert ann.get(link(mail)).location == "/account"
    ann.log_out()
    assert ann.log_in(email="ann@new.example").status_code == 302


def test_codes_by_mail_open_once_and_only_where_they_were_asked_for(ann, app, post):
    ann.log_in()
    page = ann.post("/account/two-factor", setup="email").text
    code = re.search(r"\d{6}", post.next(2).get_content()).group()
    place = re.search(r'action="(/account/two-factor/[^"]+)"', page).group(1)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
    assert ann.client.post(place, data={"csrf_token": token, "code": code}, **ann.extra).location == "/account"
    with app.app_context():  # a while ago
        session().execute(update(UserRow).values(totp_last=int(now().timestamp()) // 30 - 5))
        session().commit()
    ann.log_out()
    assert ann.log_in().location.startswith("/login/code")
    code = re.search(r"\d{6}", post.next(3).get_content()).group()
    elsewhere = Person(app)
    assert elsewhere.log_in().location.startswith("/login/code")
    assert elsewhere.post("/login/code", code=code).status_code == 200  # it was not sent to that browser
    assert ann.post("/login/code", code=code).status_code == 302
    ann.log_out()
    ann.log_in()
    assert "was used already" in words(ann.post("/login/code", code=code))


def test_a_code_that_cannot_be_sent_is_said_and_nobody_comes_in(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = AccessSettings(smtp_host="127.0.0.1", smtp_port=free.getsockname()[1], smtp_from="somnia@example.org")
    person = Person(create_server(replace(settings, access=nowhere)))
    person.register()
    with person.app.app_context():
        session().scalars(select(UserRow)).one().confirmed_at = now()
        session().commit()
    assert person.log_in().status_code == 302
    assert "could not be sent" in words(person.post("/account/two-factor", setup="email"))


def test_mails_speak_the_language_of_who_asks(app, post):
    person = Person(app)
    person.extra["headers"] = {"Accept-Language": "de"}
    person.register()
    mail = post.next(1)
    assert mail["Subject"] == "Ihr Konto bei SOMNIA"
    assert "Guten Tag" in mail.get_content()


def test_a_link_in_a_mail_leads_to_this_instance_whatever_the_request_says(ann, app, post):
    forged = ann.client.post("/reset", data={"email": EMAIL, "csrf_token": ann.token("/reset")}, headers={"Host": "evil.example"})
    assert forged.status_code == 400
    assert len(post.mails) == 1


def test_off_loopback_the_public_address_says_where_links_lead(environ):
    create_server(Settings.from_env(environ))
    far = environ | {
        "SOMNIA_HOST": "192.0.2.1",
        "SOMNIA_SECRET_KEY": "x" * 40,
        "SOMNIA_TLS": "1",
        "SOMNIA_SMTP_HOST": "mx",
        "SOMNIA_SMTP_FROM": "s@example.org",
    }
    with pytest.raises(SettingsError, match="SOMNIA_PUBLIC_URL"):
        Settings.from_env(far)
    app = create_server(Settings.from_env(far | {"SOMNIA_PUBLIC_URL": "https://sleep.example.org"}))
    assert app.test_client().get("/login", headers={"Host": "sleep.example.org"}).status_code == 200
    assert app.test_client().get("/login", headers={"Host": "evil.example"}).status_code == 400
