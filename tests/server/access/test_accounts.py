import re
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from somnia_server import create_server
from somnia_server.access.legal import drawn
from somnia_server.access.passwords import Hashes
from somnia_server.access.staff import make_staff
from somnia_server.settings import Settings
from somnia_server.store import audit
from somnia_server.store.accounts import HOUSE, AccountError, find_account, has_admin, list_accounts, set_active, set_role
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import consents_of
from somnia_server.store.house import now
from somnia_server.store.persons import load_profile
from somnia_server.store.tables import AuditRow, UserRow, session
from tests.server.access.people import EMAIL, PASSWORD, Person, words

pytestmark = pytest.mark.sqlite  # about forms and mails; what the database has to hold is asked of both kinds in the store's tests


@pytest.fixture
def ann(app) -> Person:
    person = Person(app)
    assert person.register().status_code == 302
    return person


def test_who_registers_is_logged_in_and_has_said_who_they_are(ann, app):
    assert ann.inside
    with app.app_context():
        account = find_account(EMAIL)
        assert account.role is Role.USER
        assert re.fullmatch(r"u-[0-9a-f]{32}", account.id)
        profile = load_profile(Actor(account.id, Role.USER))
        assert (profile.name, str(profile.birth_date)) == ("Ann Example", "1980-04-23")


def test_who_registers_has_agreed_to_the_texts_as_they_are_now(ann, app):
    with app.app_context():
        stands = {consent.kind: consent.state for consent in consents_of(Actor(find_account(EMAIL).id, Role.USER))}
    assert stands == {"terms": "given", "privacy": "given", "ai_text": "not given", "research": "not given"}


def test_under_18_a_guardian_agrees_and_the_page_says_so(app):
    person = Person(app)
    person.register(birth_date=f"{now().year - 12}-01-01")
    assert "your guardian agrees for you" in words(person.get("/account"))
    with app.app_context():
        assert {consent.state for consent in consents_of(Actor(find_account(EMAIL).id, Role.USER))} == {"not given"}


@pytest.mark.parametrize("kind", ["terms", "privacy", "ai_text", "research"])
def test_what_one_agrees_to_can_be_read_by_everybody(app, kind):
    page = app.test_client(use_cookies=False).get(f"/legal/{kind}")
    assert page.status_code == 200
    assert "<h1>" in page.text
    assert "**" not in page.text
    assert app.test_client().get("/legal/breach-notice-person").status_code == 404


def test_a_text_cannot_bring_markup_of_its_own():
    assert drawn("# A <b>\n\n- one *two*\n- **three** <script>") == (
        "<h1>A &lt;b&gt;</h1>\n<ul><li>one <em>two</em></li><li><strong>three</strong> &lt;script&gt;</li></ul>"
    )


def test_without_mail_the_page_says_that_the_account_counts_at_once(app):
    assert "sends no mail" in words(Person(app).get("/register"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "ann", "This is not an e-mail address."),
        ("email", "", "Enter an e-mail address."),
        ("name", "", "This field is required."),
        ("birth_date", "next year", "Enter a date that has been"),
        ("birth_date", "2999-01-01", "a day from"),
        ("password", "short", "A password has 8 to 128 characters."),
        ("password", "x" * 129, "A password has 8 to 128 characters."),
        ("password", "password123", "too easy to guess"),
        ("password", "ann@example.org", "too easy to guess"),
        ("password_confirm", "another one", "The two passwords differ."),
        ("terms", None, "Without this SOMNIA may not keep anything of you."),
        ("privacy", None, "Without this SOMNIA may not keep anything of you."),
    ],
)
def test_what_is_wrong_with_a_form_is_named_and_nothing_is_made(app, field, value, said):
    person = Person(app)
    answer = person.register(**{field: value})
    assert answer.status_code == 200
    assert said in words(answer)
    assert 'aria-invalid="true"' in answer.text
    assert not person.inside


def test_the_consents_come_unticked(app):
    for box in ("terms", "privacy"):
        drawn = re.search(rf'<input[^>]*name="{box}"[^>]*>', Person(app).get("/register").text)
        assert drawn is not None
        assert "checked" not in drawn[0]


def test_an_address_is_one_account_however_it_is_written(ann, app):
    ann.log_out()
    assert ann.log_in(email=" ANN@Example.org ").status_code == 302
    assert ann.inside
    with app.app_context():
        assert session().scalars(select(UserRow.email)).all() == [EMAIL]


def test_a_password_is_the_same_in_every_way_to_type_it(app):
    person = Person(app)
    person.register(password="Kettles ﬁnd quiet Ångström", password_confirm="Kettles ﬁnd quiet Ångström")
    person.log_out()
    assert person.log_in(password="Kettles find quiet A\u030angstro\u0308m").status_code == 302


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(ann, app):
    def seen(email: str) -> str:
        answer = Person(app).log_in(email=email, password="something else")
        assert answer.status_code == 200
        return words(answer)

    assert "is not right" in seen(EMAIL)
    assert seen(EMAIL) == seen("nobody@example.org")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed or verified since: the costly part of an answer."""
    done: list[str] = []

    def count(name: str) -> None:
        kept = getattr(Hashes, name)
        monkeypatch.setattr(Hashes, name, lambda *said, **more: done.append(name) or kept(*said, **more))

    count("hash")
    count("verify")
    return done


@pytest.mark.parametrize(
    "ask",
    [
        lambda person, email: person.log_in(email=email, password="something else"),
        lambda person, email: person.register(email=email),
        lambda person, email: person.client.post("/auth/login", json={"email": email, "password": "something else"}),
    ],
    ids=["log-in", "registration", "log-in of programs"],
)
def test_an_answer_takes_as_many_hashes_whether_the_address_is_known_or_not(ann, app, hashed, ask):
    def cost(email: str) -> int:
        hashed.clear()
        ask(Person(app), email)
        return len(hashed)

    assert cost(EMAIL) == cost("nobody@example.org") >= 1


def test_a_form_of_another_site_is_refused(ann):
    assert ann.client.post("/logout", **ann.extra).status_code == 200
    assert ann.inside
    refused = ann.client.post("/login", data={"email": EMAIL, "password": PASSWORD}, **ann.extra)
    assert refused.status_code == 400
    assert "out of date" in words(refused)
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert ann.client.post("/logout", data={"csrf_token": ann.token("/logout")}, headers=evil, **ann.extra).status_code == 403
    assert ann.inside


def test_the_library_answers_no_json_and_takes_no_tokens_of_its_own(ann, app):
    person = Person(app)
    assert person.client.post("/login", json={"email": EMAIL, "password": PASSWORD}, **person.extra).status_code == 415
    assert person.client.post("/login", json=[1], **person.extra).status_code == 415
    assert ann.get("/login?include_auth_token").mimetype == "text/html"
    with app.app_context():
        token = session().scalars(select(UserRow)).one().get_auth_token()
    assert person.get(f"/account?auth_token={token}").status_code == 302
    assert person.client.get("/account", headers={"Authentication-Token": token}, **person.extra).status_code == 302


def test_passwords_are_kept_as_argon2id_at_46_mib(ann, app):
    with app.app_context():
        assert session().scalars(select(UserRow.password)).one().startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_no_more_than_two_hashes_run_at_once():
    class Slow:
        running = most = 0
        lock = threading.Lock()

        def hash(self, _password: str) -> str:
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
            time.sleep(0.01)
            with self.lock:
                self.running -= 1
            return ""

    slow = Slow()
    threads = [threading.Thread(target=Hashes(slow).hash, args=("x",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.most == 2


def test_nothing_of_a_person_can_be_read_in_the_database(ann, disk):
    kept = disk()
    for canary in (b"Ann Example", EMAIL.encode(), b"1980-04-23", b"Werkzeug", PASSWORD.encode()):
        assert canary not in kept


def test_the_log_says_what_became_of_an_account(ann, app):
    ann.post("/account/password", password=PASSWORD, new_password="a wolf in the pantry", new_password_confirm="a wolf in the pantry")
    with app.app_context():
        ann_id = find_account(EMAIL).id
        admin = Actor(make_staff(HOUSE, email="root@example.org", password=PASSWORD, role=Role.ADMIN), Role.ADMIN)
        set_role(admin, ann_id, Role.DOCTOR)
        set_active(admin, ann_id, active=False)
        said = session().execute(select(AuditRow.action, AuditRow.actor).where(AuditRow.subject == ann_id).order_by(AuditRow.seq)).all()
        wanted = [("made", ann_id), ("password", ann_id), ("role", admin.id), ("disabled", admin.id)]
        assert [entry for entry in said if entry.action.startswith("account.")] == [(f"account.{what}", who) for what, who in wanted]
        assert audit.verify().faults == ()


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.ADMIN])
def test_staff_log_in_with_the_role_they_were_made_in(app, role):
    with app.app_context():
        assert not has_admin()
        make_staff(HOUSE, email="Staff@Example.org", password=PASSWORD, role=role)
        assert find_account("staff@example.org").role is role
        assert has_admin() is (role is Role.ADMIN)
    person = Person(app)
    assert person.log_in(email="staff@example.org").status_code == 302
    assert person.inside


def test_only_an_administrator_makes_changes_or_lists_accounts(ann, app):
    with app.app_context():
        ann_id = find_account(EMAIL).id
        for role in (Role.USER, Role.DOCTOR, Role.VISITOR, Role.KIOSK):
            stranger = Actor("u-" + "0" * 32, role)
            for attempt in (
                lambda who: make_staff(who, email="x@example.org", password=PASSWORD, role=Role.DOCTOR),
                lambda who: set_role(who, ann_id, Role.ADMIN),
                lambda who: set_active(who, ann_id, active=False),
            ):
                with pytest.raises(AccountError):
                    attempt(stranger)
            assert list_accounts(stranger) == ()
        assert [account.email for account in list_accounts(HOUSE)] == [EMAIL]


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    ("email", "password", "role", "said"),
    [
        ("x", PASSWORD, Role.DOCTOR, "not an e-mail address"),
        ("x@example.org", "short", Role.DOCTOR, "8 to 128"),
        ("x@example.org", PASSWORD, Role.USER, "by registering"),
    ],
)
def test_staff_that_cannot_be_made_is_refused_with_the_reason(email, password, role, said):
    with pytest.raises(AccountError, match=said):
        make_staff(HOUSE, email=email, password=password, role=role)


@pytest.mark.parametrize("others", [{"SOMNIA_HOST": "192.0.2.1"}, {"SOMNIA_PROXIES": "1"}])
def test_off_loopback_without_mail_nobody_registers(environ, others):
    create_server(Settings.from_env(environ))
    app = create_server(Settings.from_env(environ | others | {"SOMNIA_SECRET_KEY": "x" * 40, "SOMNIA_TLS": "1"}))
    assert Person(app).get("/register").status_code == 404
    assert "makes the accounts" in words(Person(app).get("/login"))


PAGES = ("/login", "/register", "/logout", "/login/passkey")
OWN = ("/account", "/account/password", "/account/two-factor", "/account/recovery-codes", "/account/passkeys", "/account/verify")


class Page(HTMLParser):
    """What a page holds: labels, fields that a person fills in, scripts, styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.faults: list[str] = []
        self.language: str | None = None
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = dict(attrs)
        if tag == "html":
            self.language = had.get("lang")
        if tag == "label":
            self.labels.add(had.get("for") or "")
        if tag == "input" and had.get("type") not in ("hidden", "submit"):
            self.fields.append(had)
        if tag in ("script", "style") and not had.get("src"):
            self.faults.append(tag)
        self.faults += [name for name in had if name == "style" or name.startswith("on")]
        if tag in ("script", "img", "link") and not (had.get("src") or had.get("href") or "").startswith(("/assets/", "data:")):
            self.faults.append(str(had))


@pytest.mark.parametrize("path", PAGES + OWN)
def test_every_field_has_a_label_and_nothing_comes_from_elsewhere(ann, app, path):
    person = ann if path in OWN else Person(app)
    if path == "/login/passkey":
        person.get("/")
    page = Page(person.get(path).text)
    assert page.faults == []
    assert page.language == "en"
    assert [field for field in page.fields if field.get("id") not in page.labels] == []
    assert [field["name"] for field in page.fields if field.get("type") in ("password", "email") and not field.get("autocomplete")] == []


@pytest.mark.parametrize("path", sorted(set(OWN) - {"/account/two-factor"}))
def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(ann, app, path):
    answer = Person(app).get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")
    ann.log_out()
    back = ann.post(answer.location, email=EMAIL, password=PASSWORD)
    assert back.location == path


def test_a_log_in_leads_to_no_other_site(app):
    person = Person(app)
    person.register()
    person.log_out()
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = person.post(f"/login?next={place}", email=EMAIL, password=PASSWORD)
        assert urlsplit(answer.headers.get("Location", "")).netloc in ("", "localhost")
        if person.inside:
            person.log_out()


def test_the_pages_speak_german(app):
    person = Person(app)
    person.extra["headers"] = {"Accept-Language": "de"}
    page = person.get("/register")
    assert 'lang="de"' in page.text
    assert "Konto anlegen" in words(page)
    assert "Die beiden Passwörter unterscheiden sich." in words(person.register(password_confirm="anders"))


def test_the_templates_are_ours():
    ours = Path(__file__).resolve().parents[3] / "somnia_server" / "templates" / "security"
    for template in ours.rglob("*.html"):
        assert "_fsdomain" not in template.read_text(encoding="utf-8"), template
