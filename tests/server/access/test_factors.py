import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask_security.utils import SmsSenderFactory
from passlib.totp import TOTP
from sqlalchemy import select, update

from somnia_server import create_server
from somnia_server.access.credentials import prove
from somnia_server.access.factors import SMS, can_have_passkeys, offer_sms
from somnia_server.store.house import now
from somnia_server.store.tables import AuditRow, PasskeyRow, UserRow, session
from tests.server.access.people import EMAIL, PASSWORD, Person, words


@pytest.fixture
def ann(app) -> Person:
    person = Person(app)
    person.register()
    return person


def set_up(person: Person) -> TOTP:
    """Turn on codes by an app, and return the app."""
    page = person.post("/account/two-factor", setup="authenticator").text
    phone = TOTP(re.search(r'class="key">([^<]+)<', page).group(1))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
    place = re.search(r'action="(/account/two-factor/[^"]+)"', page).group(1)
    answer = person.client.post(place, data={"csrf_token": token, "code": code(phone)}, **person.extra)
    assert answer.location == "/account"
    return phone


def code(phone: TOTP, steps: int = 0) -> str:
    return phone.generate(time=int(now().timestamp()) + 30 * steps).token


def forget_steps(app, steps: int = 5) -> None:
    """Let the last used code be one of a while ago, as if time had gone by since."""
    with app.app_context():
        session().execute(update(UserRow).values(totp_last=int(now().timestamp()) // 30 - steps))
        session().commit()


def test_the_picture_for_the_app_comes_with_the_page(ann):
    page = ann.post("/account/two-factor", setup="authenticator").text
    assert 'src="data:image/svg+xml;base64,' in page


def test_with_an_app_a_password_alone_opens_nothing(ann, app):
    phone = set_up(ann)
    forget_steps(app)
    ann.log_out()
    answer = ann.log_in()
    assert answer.location.startswith("/login/code")
    assert not ann.inside
    assert "is not right" in words(ann.post("/login/code", code="000000"))
    assert not ann.inside
    assert ann.post("/login/code", code=code(phone)).status_code == 302
    assert ann.inside


def test_a_code_opens_once(ann, app):
    phone = set_up(ann)
    ann.log_out()
    ann.log_in()
    used = code(phone)
    forget_steps(app)
    assert ann.post("/login/code", code=used).status_code == 302
    ann.log_out()
    ann.log_in()
    assert "was used already" in words(ann.post("/login/code", code=used))
    assert not ann.inside


def test_of_many_who_bring_the_same_code_at_once_one_comes_in(ann, app):
    phone = set_up(ann)
    ann.log_out()
    forget_steps(app)
    people = [Person(app, at=f"192.0.2.{i}") for i in range(1, 5)]
    for person in people:
        person.log_in()
    tokens = [person.token("/login/code") for person in people]
    now_code = code(phone)

    def bring(which: int) -> int:
        person = people[which]
        said = {"csrf_token": tokens[which], "code": now_code}
        return person.client.post("/login/code", data=said, **person.extra).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(bring, range(4))) == [200] * 3 + [302]
    assert sum(person.inside for person in people) == 1


def test_the_codes_of_an_app_cannot_be_guessed(ann, app):
    set_up(ann)
    forget_steps(app)
    ann.log_out()
    ann.log_in()
    answers = [ann.post("/login/code", code=f"{i:06}").status_code for i in range(10)]
    assert answers == [200] * 9 + [429], "the password itself was the first try"


def make_codes(person: Person) -> list[str]:
    codes = re.findall(r"<li>([0-9a-f-]{14})</li>", person.post("/account/recovery-codes", generate_new_codes="y").text)
    assert len(codes) == 10
    return codes


def test_a_recovery_code_opens_once_and_is_kept_sealed(ann, app, disk):
    set_up(ann)
    codes = make_codes(ann)
    kept = disk()
    assert not any(one.encode() in kept for one in codes)
    ann.log_out()
    ann.log_in()
    assert ann.post("/login/recovery-code", code=f" {codes[3].upper()} ").status_code == 302
    assert ann.inside
    ann.log_out()
    ann.log_in()
    assert "was used already" in words(ann.post("/login/recovery-code", code=codes[3]))
    assert ann.post("/login/recovery-code", code=codes[4]).status_code == 302
    left = re.findall(r"<li>([0-9a-f-]{14})</li>", ann.get("/account/recovery-codes?show_codes=1").text)
    assert left == codes[:3] + codes[5:]


def test_of_many_who_bring_the_same_recovery_code_at_once_one_comes_in(ann, app):
    set_up(ann)
    one = make_codes(ann)[0]
    ann.log_out()
    people = [Person(app, at=f"192.0.2.{i}") for i in range(1, 5)]
    for person in people:
        person.log_in()
    tokens = [person.token("/login/recovery-code") for person in people]

    def bring(which: int) -> int:
        person = people[which]
        return person.client.post("/login/recovery-code", data={"csrf_token": tokens[which], "code": one}, **person.extra).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(bring, range(4))) == [200] * 3 + [302]


def test_the_secret_of_the_app_is_kept_sealed(ann, app):
    phone = set_up(ann)
    with app.app_context():
        kept = session().scalars(select(UserRow.tf_totp_secret)).one()
    assert phone.base32_key not in kept
    assert "enckey" in kept


def test_turning_codes_off_and_on_stands_in_the_log(ann, app):
    set_up(ann)
    assert ann.post("/account/two-factor", setup="disable").location == "/account"
    with app.app_context():
        actions = session().scalars(select(AuditRow.action).order_by(AuditRow.seq)).all()
    assert actions.count("account.factor") == 2
    ann.log_out()
    assert ann.log_in().location == "/"


@pytest.mark.parametrize(
    "path",
    ["/account/two-factor", "/account/recovery-codes", "/account/passkeys", "/data/export", "/auth/authorize?client_id=x&scope=account"],
)
def test_what_opens_much_asks_for_the_first_proof_again_after_a_while(ann, path):
    with ann.client.session_transaction() as kept:
        kept["fs_paa"] -= 16 * 60
        kept.pop("fs_gexp", None)
    asked = ann.get(path).location
    assert asked.startswith("/account/verify")
    proved = ann.client.post(asked, data={"csrf_token": ann.token(asked), "password": PASSWORD}, **ann.extra)
    assert proved.location == path
    assert "/account/verify" not in str(ann.get(path).location)


def test_ways_that_this_instance_cannot_go_are_not_offered(ann):
    page = words(ann.get("/account/two-factor"))
    assert "By an app on your phone" in page
    assert "By mail" not in page
    assert "By text message" not in page
    for way in ("email", "sms"):
        assert "Choose one of the ways." in words(ann.post("/account/two-factor", setup=way, phone="+4915112345678"))


def test_the_rescue_by_the_administrators_mail_is_closed(ann):
    set_up(ann)
    ann.log_out()
    ann.log_in()
    assert ann.post("/login/rescue", form="/login/code", help_setup="help").status_code == 404


class Sent(list):
    """A sender of text messages that keeps them."""

    def send(self, number: str, text: str) -> None:
        self.append((number, text))


@contextmanager
def sms_offered(sender: Sent):
    offer_sms(sender)
    try:
        yield
    finally:
        SmsSenderFactory.senders.pop(SMS)


def test_a_sender_of_text_messages_can_be_plugged_in(settings):
    sent = Sent()
    with sms_offered(sent):
        person = Person(create_server(settings))
        person.register()
        assert "By text message" in words(person.get("/account/two-factor"))
        person.post("/account/two-factor", setup="sms", phone="+49 151 12345678")
        assert len(sent) == 1
        assert sent[0][0] == "+4915112345678"
        assert re.fullmatch(r"your code for SOMNIA: \d{6}", sent[0][1])
        assert "with its country" in words(person.post("/account/two-factor", setup="sms", phone="0151 12345678"))


@pytest.mark.parametrize(
    ("host", "can"),
    [
        ("localhost:8050", True),
        ("somnia.example", True),
        ("127.0.0.1:8050", False),
        ("192.0.2.1", False),
        ("[::1]:8050", False),
        ("::1", False),
    ],
)
def test_passkeys_are_offered_where_browsers_make_them(host, can):
    assert can_have_passkeys(host) is can


def test_a_program_cannot_walk_past_a_passkey_that_is_asked_for_besides_the_password(ann, app):
    one = make_codes(ann)[0]
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": "192.0.2.5"}):
        assert prove(EMAIL, PASSWORD) is not None
        user = session().scalars(select(UserRow)).one()
        kept = {"credential_id": b"1", "public_key": b"2", "backup_state": False, "device_type": "single_device", "name": "key"}
        session().add(PasskeyRow(**kept, user_id=user.id, usage="secondary", create_datetime=now(), lastuse_datetime=now()))
        session().commit()
        assert prove(EMAIL, PASSWORD) is None
        assert prove(EMAIL, PASSWORD, "123456") is None
        assert prove(EMAIL, PASSWORD, one) == user.id
