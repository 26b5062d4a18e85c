"""What docs/security.md states of the code and the configuration, and what no test of a single room shows."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from somnia_server import create_server
from somnia_server.access.passwords import Passwords
from somnia_server.settings import Settings
from somnia_server.store.house import now
from somnia_server.store.tables import UserRow, session
from tests.server.access.people import Person

PROJECT = Path(__file__).resolve().parent.parent
CODE = ("app.py", "components", "pages", "somnia_engine", "somnia_server")
FORBIDDEN = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "os.startfile",
    "subprocess.getoutput",
    "render_template_string",
}
UNSAFE = {"marshal", "pickle", "shelve", "yaml", "random", "xmlrpc", "telnetlib", "ftplib"}
"""What makes code or objects of data, random numbers that can be foreseen, connections in the clear."""
PRIMITIVES = {"AESGCM", "AESSIV", "HKDF", "InvalidTag", "SHA256", "X25519PrivateKey", "X25519PublicKey"}
DIGESTS = {"file_digest", "sha256"}
TLS = "https://localhost"


@cache
def trees() -> list[tuple[Path, ast.AST]]:
    places = [PROJECT / place for place in CODE]
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    return [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", name.name) for name in node.names)


def test_no_code_and_no_object_is_made_of_data() -> None:
    found = []
    for file, tree in trees():
        found += [
            (file.name, name) for name, call in calls(tree) if name in FORBIDDEN or any(said.arg == "shell" for said in call.keywords)
        ]
        found += [
            (file.name, module) for module, _ in imported(tree) if module.split(".")[0] in UNSAFE and "somnia_engine" not in str(file)
        ]
        found += [(file.name, module) for module, _ in imported(tree) if module.split(".")[0] in UNSAFE - {"random"}]
    assert found == []


def test_a_process_is_started_by_a_list_of_words() -> None:
    started = [(file.name, call) for file, tree in trees() for name, call in calls(tree) if name.startswith("subprocess.")]
    assert started
    for file, call in started:
        assert isinstance(call.args[0], ast.List | ast.Name | ast.Subscript), (file, ast.unparse(call))


def only_quoted_names(statement: ast.AST) -> bool:
    """Return whether all that is put into a text passes `_quoted`, which doubles quotes: names of an uploaded database's own tables."""
    parts = statement.values if isinstance(statement, ast.JoinedStr) else []
    put = [ast.unparse(part.value) for part in parts if isinstance(part, ast.FormattedValue)]
    return bool(put) and all(one.startswith("_quoted(") for one in put)


def test_no_statement_is_put_together_of_text() -> None:
    put_together = []
    for file, tree in trees():
        if "migrations" in file.parts:  # they name tables and columns that stand in their own code
            continue
        for name, call in calls(tree):
            if name.rpartition(".")[2] not in ("execute", "text", "exec_driver_sql", "executescript") or not call.args:
                continue
            statement = call.args[0]
            pragma = isinstance(statement, ast.JoinedStr) and file.name == "base.py" and "PRAGMA" in ast.unparse(statement)
            if isinstance(statement, ast.JoinedStr | ast.BinOp) and not pragma and not only_quoted_names(statement):
                put_together.append((file.name, ast.unparse(statement)))
    assert put_together == []


def test_no_pattern_is_put_together_of_text() -> None:
    for file, tree in trees():
        for name, call in calls(tree):
            if re.fullmatch(r"re\.\w+", name) and call.args and name != "re.escape":
                parts = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.JoinedStr)]
                assert all("re.escape" in ast.unparse(part) for part in parts), (file, ast.unparse(call))


def test_form_and_address_of_a_request_are_not_mixed() -> None:
    mixed = [
        file.name
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "request.values"
    ]
    assert mixed == []


def test_only_ciphers_and_digests_that_are_approved_are_used() -> None:
    primitives = {name for _, tree in trees() for module, name in imported(tree) if module.startswith("cryptography.") and name}
    digests = {name for _, tree in trees() for module, name in imported(tree) if module == "hashlib" and name}
    assert primitives & PRIMITIVES
    assert primitives <= PRIMITIVES
    assert digests <= DIGESTS
    direct = {name for _, tree in trees() for name, _ in calls(tree) if re.fullmatch(r"hashlib\.\w+", name)}
    assert direct <= {"hashlib.sha256", "hashlib.file_digest"}


def test_nothing_turns_text_into_markup() -> None:
    for file, tree in trees():
        for name, call in calls(tree):
            assert not re.search("Markdown|DangerouslySet", name), file
            assert not any(said.arg == "dangerously_allow_html" for said in call.keywords), file
            assert name != "Markup" or file.name == "legal.py", file
    for template in (PROJECT / "somnia_server" / "templates").rglob("*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape", template.read_text(encoding="utf-8")), template


KEPT = {"theme.js": {"KEY"}, "night.js": {"FOLDED"}}
"""What a browser keeps: light or dark, and the names of the lanes that were folded."""


def test_scripts_of_ours_keep_nothing_of_a_person_in_the_browser() -> None:
    for script in (PROJECT / "assets").glob("*.js"):
        said = script.read_text(encoding="utf-8")
        if script.name == "a-tus.min.js":
            continue
        assert not re.search(r"sessionStorage|indexedDB|postMessage|\beval\(|new Function", said), script
        kept = set(re.findall(r"localStorage\.setItem\((\w+)", said))
        assert kept <= KEPT.get(script.name, set()), script
        assert bool(KEPT.get(script.name)) or "localStorage" not in said, script


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("house")
    said = {"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key"), "SOMNIA_TLS": "1"}
    return create_server(Settings.from_env(said))


@pytest.mark.parametrize("path", ["/login", "/api/v1/health", "/assets/"])
def test_trace_is_refused(app: Flask, path: str) -> None:
    assert app.test_client().open(path, method="TRACE", base_url=TLS).status_code in (404, 405)


@pytest.mark.parametrize("path", ["/assets/", "/assets", "/.git/config", "/.git/HEAD", "/requirements.txt", "/instance/somnia.db"])
def test_no_folder_is_listed_and_no_file_of_the_project_served(app: Flask, path: str) -> None:
    assert app.test_client().get(path, base_url=TLS).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/register", "/api/v1/health", "/api/v1/user/profile", "/api/openapi.json", "/nowhere"])
def test_every_answer_says_what_it_is_and_is_not_kept(app: Flask, path: str) -> None:
    headers = app.test_client().get(path, base_url=TLS).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert re.fullmatch(r"text/html; charset=utf-8|application/json", headers["Content-Type"])
    assert int(re.findall(r"max-age=(\d+)", headers["Strict-Transport-Security"])[0]) >= 31536000
    assert "includeSubDomains" in headers["Strict-Transport-Security"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_no_other_origin_may_read_an_answer_by_default(app: Flask) -> None:
    for path in ("/login", "/api/v1/health", "/api/v1/user/profile", "/auth/login"):
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
            answer = app.test_client().open(path, method=method, headers=asked, base_url=TLS)
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_cookies_are_of_this_site_and_secure(app: Flask) -> None:
    client = app.test_client()
    set_by = [
        cookie
        for path in ("/login", "/legal/terms", "/register")
        for cookie in client.get(path, base_url=TLS).headers.getlist("Set-Cookie")
    ]
    assert set_by
    for cookie in set_by:
        assert {"Secure", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
        assert cookie.startswith("__Host-"), cookie
        assert cookie.startswith("__Host-_csrf_token=") or "HttpOnly" in cookie, cookie


def test_what_was_typed_comes_back_as_text(app: Flask) -> None:
    typed = "\"><script>alert(1)</script>'"
    person = Person(app, base=TLS)
    person.extra["headers"] = {"Referer": f"{TLS}/login"}
    answer = person.post("/login", email=typed, password="x")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_a_password_field_hides_what_is_typed(app: Flask) -> None:
    client = app.test_client()
    for path in ("/login", "/register"):
        fields = re.findall(r"<input[^>]*name=\"[^\"]*password[^\"]*\"[^>]*>", client.get(path, base_url=TLS).text)
        assert fields
        assert all('type="password"' in field and "onpaste" not in field for field in fields)


@pytest.fixture
def policy(app: Flask) -> Iterator[Passwords]:
    with app.test_request_context():
        yield app.extensions["security"].password_util


def test_the_three_thousand_commonest_passwords_are_refused(policy: Passwords) -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    common = [word for word in FREQUENCY_LISTS["passwords"] if 8 <= len(word) <= 128][:3000]
    assert len(common) == 3000
    assert [word for word in common if policy.validate(word, True)[0] is None] == []


@pytest.mark.parametrize(
    "password", ["kettle lantern drizzle", "7" * 3 + "9482" + "61503", "ÄÖÜ ßøåæ œ ж щ", "nine Quiet kettles " * 6, "a b c d e f g h i j"]
)
def test_a_password_may_be_of_any_signs(policy: Passwords, password: str) -> None:
    assert policy.validate(password, True)[0] is None


@pytest.mark.parametrize("password", ["short1!", "x" * 129, "somniasomnia", "somnia2025", "ann@example.org", "12345678"])
def test_a_password_that_is_short_or_named_after_us_or_its_person_is_refused(policy: Passwords, password: str) -> None:
    assert policy.validate(password, True, email="ann@example.org")[0]


def test_an_unforeseen_error_says_nothing_but_its_number(tmp_path: Path) -> None:
    said = {"SOMNIA_INSTANCE": str(tmp_path / "instance"), "SOMNIA_KEY_FILE": str(tmp_path / "keys" / "master.key")}
    app = create_server(Settings.from_env(said))
    for file in (tmp_path / "instance").glob("somnia.db*"):
        file.write_bytes(b"no database at all" * 1000)
    given = {"email": "ann@example.org", "password": "x"}
    for path, shape in (("/auth/login", "application/json"),):
        answer = app.test_client().post(path, json=given)
        assert answer.status_code == 500
        assert answer.mimetype == shape
        for word in ("Traceback", "sqlite", "somnia.db", "File ", "SELECT"):
            assert word not in answer.text


def test_a_body_with_more_than_is_asked_for_is_refused(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json", base_url=TLS).json
    bodies = {
        body["schema"]["$ref"].rpartition("/")[2]
        for operations in document["paths"].values()
        for operation in operations.values()
        for body in operation.get("requestBody", {}).get("content", {}).values()
        if "$ref" in body.get("schema", {})
    }
    assert len(bodies) >= 4
    assert [name for name in bodies if document["components"]["schemas"][name].get("additionalProperties") is not False] == []


def test_the_policy_closes_objects_and_bases(app: Flask) -> None:
    policy = app.test_client().get("/login", base_url=TLS).headers["Content-Security-Policy"]
    said = {part.strip() for part in policy.split(";")}
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "default-src 'self'"} <= said


def test_an_export_is_named_by_us(app: Flask) -> None:
    person = Person(app, base=TLS)
    person.extra["headers"] = {"Referer": f"{TLS}/login"}
    person.register("archive@example.org", name='";evil\u2028.html')
    answer = person.get("/data/export")
    assert answer.status_code == 200
    assert re.fullmatch(r'attachment; filename="somnia-\d{4}-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"])
    answer.close()


def test_a_new_instance_has_no_account(tmp_path: Path) -> None:
    said = {"SOMNIA_INSTANCE": str(tmp_path / "instance"), "SOMNIA_KEY_FILE": str(tmp_path / "keys" / "master.key")}
    with create_server(Settings.from_env(said)).app_context():
        assert session().scalars(select(UserRow.id)).all() == []


def test_an_account_keeps_no_question_and_no_age_of_its_password() -> None:
    names = {column.name for column in UserRow.__table__.columns}
    assert "password" in names
    assert [name for name in names if re.search("question|answer|hint|expire|changed", name)] == []


def test_codes_live_as_long_as_is_said(app: Flask) -> None:
    assert app.config["SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY"] == 30
    assert app.config["SECURITY_TWO_FACTOR_MAIL_VALIDITY"] == 300
    assert app.config["SECURITY_RESET_PASSWORD_WITHIN"].total_seconds() == 3600
    assert app.config["SECURITY_CONFIRM_EMAIL_WITHIN"].days == 2
    assert app.config["SECURITY_FRESHNESS"].total_seconds() == 900


def test_the_houses_time_is_utc() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    ],
)
def test_a_message_whose_end_is_not_certain_is_refused(sent: bytes) -> None:
    from gunicorn.config import Config
    from gunicorn.http.errors import ParseException
    from gunicorn.http.parser import RequestParser

    with pytest.raises((ParseException, NotImplementedError)):
        next(RequestParser(Config(), iter([sent]), ("192.0.2.7", 1)))


def test_every_link_of_a_page_stays_here() -> None:
    elsewhere = []
    for file, tree in trees():
        if file.parent.name not in ("pages", "components"):
            continue
        links = (node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "href")
        for link in links:
            first = link.values[0] if isinstance(link, ast.JoinedStr) else link
            fixed = isinstance(first, ast.Constant) and str(first.value).startswith(("/", "#")) and not str(first.value).startswith("//")
            if not fixed and not isinstance(link, ast.Name):
                elsewhere.append((file.name, ast.unparse(link)))
        said = [str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        elsewhere += [(file.name, one) for one in said if re.match(r"(https?:)?//|javascript:|vbscript:", one)]
    assert elsewhere == []


@pytest.mark.parametrize("role", ["user", "doctor", "admin"])
def test_the_frame_of_every_page_leads_out(app: Flask, role: str) -> None:
    from components.shell import Who, shell

    with app.test_request_context():
        assert '"href": "/logout"' in json.dumps(
            shell("page", [], Who("Ann", role)).to_plotly_json(), default=lambda part: part.to_plotly_json()
        )


def test_no_line_of_a_log_is_written_by_a_stranger(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    forged = "x\r\nERROR forged by a stranger"
    client = app.test_client()
    with caplog.at_level("DEBUG"):
        client.post("/auth/login", json={"email": forged, "password": forged, "scope": forged}, base_url=TLS)
        client.post("/kiosk/pair", data={"code": forged}, base_url=TLS)
        client.get("/legal/x%0d%0aforged%20by%20a%20stranger", base_url=TLS)
        client.get("/api/v1/nights/x", headers={"Authorization": "Bearer forged by a stranger"}, base_url=TLS)
        client.get("/login/identity/answer?error=forged%20by%20a%20stranger%0a", base_url=TLS)
    assert [record for record in caplog.records if "forged" in record.getMessage()] == []
