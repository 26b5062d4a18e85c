import socket
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from somnia_engine.text import Text
from somnia_server import create_server
from somnia_server.access_settings import AccessSettings
from somnia_server.settings import Settings
from somnia_server.store import outbox, persons
from somnia_server.store.actors import Actor
from somnia_server.store.house import now
from somnia_server.store.notices import EMERGENCY, VISIT, tell
from somnia_server.store.persons import Profile
from somnia_server.store.tables import session
from somnia_server.work.post import send_letters
from tests.server.conftest import make_account

pytestmark = pytest.mark.sqlite  # about mails; what the database has to hold is asked of both kinds in the store's tests
SECRET = Text("{doctor} found an apnea index of 42 in your night of 2025-11-14.", {"doctor": "Dr. Kanarienvogel"})


class Post:
    """A mail server that keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.open = True

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the name is the library's
        if not self.open:
            return "451 come again"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def access(post: Post) -> Iterator[AccessSettings]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield AccessSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_from="somnia@example.org", public_url="https://sleep.example.org")
    finally:
        controller.stop()


@pytest.fixture
def app(settings: Settings, access: AccessSettings) -> Flask:
    return create_server(replace(settings, access=access))


def told(kind: str, *, email: str, language: str | None = None) -> Actor:
    me = make_account(email=email)
    persons.save_profile(me, Profile(language=language))
    tell(me.id, kind, SECRET)
    session().commit()
    return me


@pytest.mark.usefixtures("context")
def test_a_mail_says_that_there_is_something_and_nothing_of_what_it_is(post):
    told(EMERGENCY, email="ann@example.org")
    assert (send_letters(now()), send_letters(now())) == (1, 0)
    (mail,) = post.mails
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == ("ann@example.org", "somnia@example.org", "auto-generated")
    said = f"{mail['Subject']}\n{mail.get_content()}"
    assert "https://sleep.example.org/notices" in said
    for secret in ("Kanarienvogel", "apnea", "42", "2025", "night"):
        assert secret not in said


@pytest.mark.usefixtures("context")
def test_a_mail_speaks_the_language_of_the_person_and_leads_to_the_visit(post):
    told(VISIT, email="ute@example.org", language="de")
    assert send_letters(now()) == 1
    (mail,) = post.mails
    assert mail["Subject"] == "SOMNIA: Ein Termin steht bevor"
    assert "https://sleep.example.org/visits" in mail.get_content()


@pytest.mark.usefixtures("context")
def test_a_server_that_refuses_is_asked_again_later_and_nothing_is_lost(post):
    told(EMERGENCY, email="ann@example.org")
    post.open = False
    at = now()
    assert send_letters(at) == 0
    post.open = True
    assert send_letters(at) == 0, "not at once"
    assert send_letters(at + outbox.WAITS[0]) == 1
    assert len(post.mails) == 1


def test_without_a_mail_server_nothing_is_sent_or_decided(settings):
    app = create_server(settings)
    with app.app_context():
        told(EMERGENCY, email="ann@example.org")
        assert send_letters(now()) == 0
        assert len(outbox.take_letters(now())) == 1
