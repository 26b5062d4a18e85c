"""No secret in the repository, in logs, in tracebacks or in addresses."""

import logging
import math
import re
import secrets
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_security.confirmable import generate_confirmation_token
from flask_security.recoverable import generate_reset_password_token
from gunicorn.config import Config
from sqlalchemy import select, text

from somnia_server import create_server
from somnia_server.cli import web_command
from somnia_server.failures import trace
from somnia_server.settings import Settings
from somnia_server.store.accounts import account_of
from somnia_server.store.tables import UserRow, session
from tests import reports
from tests.server.access.people import PASSWORD, Person

PROJECT = Path(__file__).resolve().parents[2]
VENDORED = ("assets/swagger/", "assets/a-")
"""Files of others, minified or with pictures inside; only the patterns are looked for in them."""

KNOWN = re.compile(
    "|".join(
        (
            r"AKIA[0-9A-Z]{16}",
            r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
            r"gh[opsru]_[A-Za-z0-9]{36}",
            r"github_pat_\w{22,}",
            r"glpat-[\w-]{20}",
            r"xox[abprs]-[A-Za-z0-9-]{10,}",
            r"sk-[A-Za-z0-9_-]{32,}",
            r"AIza[\w-]{35}",
            r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",
            r"://[^/\s:@{}$]+:[^/\s:@{}$*.]{6,}@",
        )
    )
)
"""What secrets of well-known kinds look like."""
NAMED = re.compile(r"""(?i)(?:secret|passw(?:or)?d|token|api_?key|credential)[\w"'\]]*\s*[:=]\s*b?["']([^"'\s{}<>]{12,})["']""")
"""What is written down under a name that says it is a secret."""
WORD = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
PUBLISHED = {
    "whsec_" + "MfKQ9r8GKYqrTwjUPD8I" + "LPZIo2LaLaSw",
    "g0hM9SsE+OTPJTGt/tmI" + "KtSyZlE3uFJELVlNIOLJ1OE=",
    "hSDwCYkwp1R0i33ctD73" + "Wg2/Og0mOBr066SpjqqbTmo=",
    "eyJhbGciOiJI" + "UzI1NiJ9…",
    "://ann:" + "secret@",
}
"""Examples of the API's document, one of them the test vector of Standard Webhooks, that earlier versions wrote in one piece."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def entropy(word: str) -> float:
    """Return bits a character."""
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())


def random_looking(word: str) -> bool:
    mixed = all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and ALPHABET not in word and entropy(word) >= 4.5


def secrets_in(content: str, *, vendored: bool = False) -> list[str]:
    """Return what looks like a secret."""
    found = KNOWN.findall(content)
    if not vendored:
        found += [word for word in WORD.findall(content) if random_looking(word)]
        found += [word for word in NAMED.findall(content) if entropy(word) >= 3.5 and re.search("[0-9]", word)]
    return found


def tracked() -> Iterator[tuple[str, str]]:
    """Yield every text file of the repository, by name and content."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git repository")
    for name in filter(None, listed.stdout.split("\0")):
        path = PROJECT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes())[:8000]:
            yield name, content.decode("utf-8", "replace")


def test_no_file_of_the_repository_holds_a_secret():
    found, files = {}, 0
    for name, content in tracked():
        files += 1
        if said := secrets_in(content, vendored=name.startswith(VENDORED)):
            found[name] = said
    assert files > 200
    assert found == {}


def test_no_key_and_no_database_is_in_the_repository():
    names = [name for name, _ in tracked()]
    assert [
        name for name in names if re.search(r"\.(key|pem|p12|pfx|db|sqlite3?|env)$|(^|/)\.env|id_(rsa|ed25519)|master\.key", name)
    ] == []


@pytest.mark.slow
def test_nothing_that_was_ever_committed_holds_a_secret():
    listed = subprocess.run(["git", "rev-list", "--objects", "--all"], cwd=PROJECT, capture_output=True, text=True, check=True)
    found, files = {}, 0
    for line in listed.stdout.splitlines():
        name, _, path = line.partition(" ")
        if path.endswith(
            (".py", ".md", ".toml", ".txt", ".sh", ".json", ".po", ".html", ".js", ".css", ".ini", ".cfg", ".yml", "Makefile")
        ):
            shown = subprocess.run(["git", "cat-file", "blob", name], cwd=PROJECT, capture_output=True, check=False).stdout
            files += 1
            said = secrets_in(shown.decode("utf-8", "replace"), vendored=path.startswith(VENDORED))
            if real := [word for word in said if word not in PUBLISHED]:
                found[path] = real
    assert found == {}
    assert files > 1000
    kept = {"versions of files in the whole history": f"{files:,}", "that hold a secret": "0"}
    reports.keep("r20-history", "Secrets in what was ever committed (R20)", found=kept)


PLANTED = [
    "AKIA" + "ABCDEFGHIJ234567",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "ghp_" + "a1B2" * 9,
    "postgresql://somnia:" + "hunter22" + "@db/somnia",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "a" * 43,
    "SMTP_PASSWORD" + ' = "tr0ub4dor-and-3"',
    '{"api_key": ' + '"9f8e7d6c5b4a39281706"}',
]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_secret_of_each_kind_would_be_found(planted):
    assert secrets_in(f"some text\nx = {planted}\n")


def test_random_bytes_would_be_found_however_they_are_written():
    for _ in range(200):
        assert secrets_in(f'KEY = "{secrets.token_urlsafe(48)}"')


def test_plain_words_and_checksums_are_no_secrets():
    assert secrets_in('password = "nine quiet kettles"\nsha256 = "' + secrets.token_hex(32) + '"\ntoken: str = ""') == []


NAME, ADDRESS, WRONG = "Zerlinde Canaryfield", "zerlinde.canary@example.org", "an utterly wrong canary"


@pytest.fixture
def mailing(settings: Settings) -> Flask:
    """Return an application that would send mail, to a server that is not there: even failing to send must tell nothing."""
    access = replace(settings.access, smtp_host="127.0.0.1", smtp_port=9, smtp_from="somnia@example.org")
    return create_server(replace(settings, access=access))


def register(app: Flask) -> tuple[Person, dict[str, str]]:
    """Register somebody; return them, and the links that their mails would carry."""
    person = Person(app)
    person.register(email=ADDRESS, name=NAME)
    with app.test_request_context():
        user = session().scalars(select(UserRow)).one()
        links = {"confirm": generate_confirmation_token(user), "reset": generate_reset_password_token(user)}
        session().commit()
    return person, links


def test_logs_name_no_person_and_no_secret_whatever_goes_wrong(mailing, caplog):
    caplog.set_level(logging.DEBUG)
    person, links = register(mailing)
    person.get(f"/confirm/{links['confirm']}")
    person.log_in(email=ADDRESS, password=WRONG)
    person.log_in(email=ADDRESS)
    person.post("/reset", email=ADDRESS)
    person.get(f"/reset/{links['reset']}")
    with mailing.app_context():
        account = session().scalars(select(UserRow)).one().id
        assert account_of(account).email == ADDRESS
        session().execute(text(f'ALTER TABLE "{UserRow.__tablename__}" RENAME TO gone'))
        session().commit()
    broken = [person.get(f"/reset/{links['reset']}"), person.get(f"/confirm/{links['confirm']}"), person.get("/account")]
    assert [answer.status_code for answer in broken] == [500] * 3
    assert "OperationalError" in caplog.text
    assert "/reset/<token>" in caplog.text
    said = caplog.text + "".join(answer.text for answer in broken)
    for canary in (NAME, ADDRESS, "zerlinde", WRONG, PASSWORD, *links.values(), person.session):
        assert canary
        assert canary not in said


def test_an_error_that_quotes_a_person_is_written_down_without_the_quote(app, caplog):
    def fail(**_: object) -> str:
        try:
            int(NAME)
        except ValueError as error:
            raise KeyError(ADDRESS) from error
        return ""

    app.view_functions["security.login"] = fail
    answer = Person(app).get("/login")
    assert answer.status_code == 500
    error_id = re.search(r"error id ([0-9a-f]{8})", caplog.text)
    assert error_id is not None
    assert error_id.group(1) in answer.text
    assert caplog.text.count("error id") == 1
    for what in ("builtins.KeyError", "caused by builtins.ValueError", "GET /login", "in fail"):
        assert what in caplog.text
    for canary in (NAME, ADDRESS):
        assert canary not in caplog.text + answer.text


def test_a_trace_ends_when_errors_cause_one_another():
    first, second = ValueError(NAME), KeyError(ADDRESS)
    first.__cause__, second.__cause__ = second, first
    assert trace(first).split() == ["builtins.ValueError", "caused", "by", "builtins.KeyError"]


def test_the_web_server_writes_no_access_log(settings):
    assert Config().accesslog is None
    assert [part for part in web_command(settings) if "access-log" in part] == []


def test_an_address_that_opens_something_is_told_to_no_other_page(mailing):
    person, links = register(mailing)
    person.log_out()
    for kind, token in links.items():
        answer = person.get(f"/{kind}/{token}")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert token not in answer.headers.get("Location", "")
    assert person.get("/login").headers["Referrer-Policy"] == "same-origin"


def test_no_form_puts_what_is_typed_into_the_address():
    templates = list((PROJECT / "somnia_server" / "templates").rglob("*.html"))
    forms = [form for template in templates for form in re.findall(r"<form[^>]*>", template.read_text(encoding="utf-8"))]
    assert len(forms) > 5
    assert [form for form in forms if 'method="post"' not in form.lower()] == []


def test_secrets_stay_out_of_what_settings_print(environ):
    canaries = {f"SOMNIA_{name}": f"canary-{name}" * 4 for name in ("SECRET_KEY", "SMTP_PASSWORD", "OIDC_CLIENT_SECRET")}
    given = environ | canaries | {"SOMNIA_RATE_STORAGE": "redis://:canary-redis@127.0.0.1/0"}
    assert "canary" not in repr(Settings.from_env(given))


def test_the_database_address_is_printed_without_its_password(environ):
    given = environ | {"SOMNIA_DATABASE_URL": "postgresql+psycopg://somnia:" + "canary@127.0.0.1/somnia"}
    assert "canary" not in repr(Settings.from_env(given))
