import ast
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from somnia_server import create_server, egress
from somnia_server.access.mail import MailError, send
from somnia_server.egress_settings import EgressSettings
from somnia_server.settings import Settings, SettingsError
from tests.conftest import ATTEMPTS
from tests.test_architecture import imports, sources

PROJECT = Path(__file__).resolve().parents[2]
MAIL = {"SOMNIA_SMTP_HOST": "mail.example", "SOMNIA_SMTP_FROM": "somnia@example.org"}
ALL_ON = MAIL | {
    "SOMNIA_OIDC_ISSUER": "https://login.example/realm",
    "SOMNIA_OIDC_CLIENT_ID": "somnia",
    "SOMNIA_KMS_KEY_ID": "alias/somnia",
    "SOMNIA_KMS_ENDPOINT": "https://kms.example",
    "SOMNIA_DATABASE_URL": "postgresql+psycopg://somnia@db.example/somnia?sslmode=verify-full",
    "SOMNIA_RATE_STORAGE": "rediss://counters.example:6379/0",
    "SOMNIA_WEBHOOK_HOSTS": "hooks.example",
    "SOMNIA_AI_URL": "https://ai.example/v1",
    "SOMNIA_AI_MODEL": "words-1",
}
HOSTS = {
    "smtp": "mail.example",
    "oidc": "login.example",
    "kms": "kms.example",
    "database": "db.example",
    "counters": "counters.example",
    "webhooks": "hooks.example",
    "ai_text": "ai.example",
}
REGIONS = {
    "ai_text": "AI",
    "webhooks": "WEBHOOK",
    "smtp": "SMTP",
    "oidc": "OIDC",
    "kms": "KMS",
    "database": "DATABASE",
    "counters": "RATE_STORAGE",
}


def by_name(settings: Settings) -> dict[str, egress.Outlet]:
    return {outlet.name: outlet for outlet in egress.outlets(settings)}


def test_everything_is_off_by_default_and_refuses(settings):
    assert [outlet.name for outlet in egress.outlets(settings) if outlet.on] == []
    for outlet in egress.outlets(settings):
        with pytest.raises(egress.EgressRefusedError, match="off"):
            egress.check(outlet.name, settings)


LINKS = {
    "SOMNIA_DATABASE_URL": ("postgresql://somnia@db.example/somnia", "postgresql://somnia@db.example/somnia?sslmode=require"),
    "SOMNIA_RATE_STORAGE": ("redis://counters.example/0", "rediss://counters.example/0"),
    "SOMNIA_KMS_ENDPOINT": ("http://kms.example", "https://kms.example"),
}


@pytest.mark.parametrize("name", LINKS)
def test_another_machine_is_spoken_to_encrypted_or_when_it_is_allowed_in_so_many_words(environ, name):
    open_link, closed_link = LINKS[name]
    given = environ | ({"SOMNIA_KMS_KEY_ID": "k"} if "KMS" in name else {})
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(given | {name: open_link})
    Settings.from_env(given | {name: closed_link})
    allowed = given | {name: open_link, "SOMNIA_INSECURE_LINKS": "1"}
    if "KMS" not in name:
        Settings.from_env(allowed)
        return
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(allowed)


@pytest.mark.parametrize("url", ["postgresql://s@127.0.0.1/s", "postgresql://s@/s?host=/run/postgresql", "postgresql://s@[::1]/s"])
def test_a_database_on_this_machine_needs_no_encryption(environ, url):
    assert Settings.from_env(environ | {"SOMNIA_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("url", ["postgresql://s@127.0.0.1/s?host=db.example", "postgresql://s@db.example/s?sslmode=prefer"])
def test_a_host_in_the_query_counts_and_a_wish_is_no_insistence(environ, url):
    with pytest.raises(SettingsError, match="sslmode=verify-full"):
        Settings.from_env(environ | {"SOMNIA_DATABASE_URL": url})


def test_a_connection_that_nobody_listed_is_refused(settings):
    with pytest.raises(egress.EgressRefusedError, match="smtp"):
        egress.check("telemetry", settings)


def test_a_setting_turns_on_its_own_connection_only(environ):
    settings = Settings.from_env(environ | ALL_ON)
    assert {name: outlet.host for name, outlet in by_name(settings).items() if outlet.leaves} == HOSTS
    only_mail = Settings.from_env(environ | MAIL)
    assert [name for name, outlet in by_name(only_mail).items() if outlet.on] == ["smtp"]
    egress.check("smtp", only_mail)
    with pytest.raises(egress.EgressRefusedError):
        egress.check("oidc", only_mail)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("sqlite:////var/lib/somnia.db", None),
        ("postgresql+psycopg://somnia@/somnia?host=/var/run/postgresql", None),
        ("postgresql+psycopg://127.0.0.1/somnia", "127.0.0.1"),
        ("postgresql+psycopg:///somnia?host=db.example", "db.example"),
        ("postgresql+psycopg://localhost/somnia?hostaddr=203.0.113.9", "203.0.113.9"),
        ("postgresql+psycopg:///somnia?host=/var/run/postgresql,db.example", "db.example"),
    ],
)
def test_a_database_leaves_only_when_it_is_on_another_machine(environ, address, host):
    outlet = by_name(Settings.from_env(environ | {"SOMNIA_DATABASE_URL": address, "SOMNIA_INSECURE_LINKS": "1"}))["database"]
    assert outlet.host == host
    assert outlet.leaves is (host is not None and host != "127.0.0.1")


@pytest.mark.parametrize("name", REGIONS)
def test_in_india_a_connection_abroad_is_refused_at_the_start(environ, name):
    home = {f"SOMNIA_{variable}_REGION": "IN" for variable in REGIONS.values()}
    settings = Settings.from_env(environ | ALL_ON | home | {"SOMNIA_COUNTRY": "IN"})
    for listed in REGIONS:
        egress.check(listed, settings)
    variable = f"SOMNIA_{REGIONS[name]}_REGION"
    for abroad in ("us", ""):
        with pytest.raises(SettingsError) as refusal:
            Settings.from_env(environ | ALL_ON | home | {"SOMNIA_COUNTRY": "IN", variable: abroad})
        assert HOSTS[name] in str(refusal.value)
        assert str(refusal.value).count("\n- ") == 1
        if not abroad:
            assert variable in str(refusal.value)


@pytest.mark.parametrize(("region", "country"), [("ap-south-1", "in"), ("us-east-2", "us"), ("eu-west-2", "gb"), ("moon-1", "moon-1")])
def test_a_key_says_itself_where_its_service_lies_whatever_is_declared(environ, region, country):
    key = {"SOMNIA_KMS_KEY_ID": f"arn:aws:kms:{region}:111122223333:key/1234"}
    assert by_name(Settings.from_env(environ | key))["kms"].region == country
    at_home = environ | key | {"SOMNIA_COUNTRY": "in", "SOMNIA_KMS_REGION": "in"}
    if country == "in":
        egress.check("kms", Settings.from_env(at_home))
    else:
        with pytest.raises(SettingsError, match=f"lies in '{country}'"):
            Settings.from_env(at_home)


def test_every_connection_abroad_stands_in_one_message(environ):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(environ | ALL_ON | {"SOMNIA_COUNTRY": "in", "SOMNIA_PORT": "many"})
    assert str(refusal.value).count("\n- ") == 8
    for host in HOSTS.values():
        assert host in str(refusal.value)


REFUSED_URLS = {
    "https://other.example/a": "SOMNIA_WEBHOOK_HOSTS names whom they may",
    "http://hooks.example/a": "https://",
    "ftp://hooks.example/a": "no address",
    "https://ann:word@hooks.example/a": "no address",
    "https://hooks.example/a#part": "no address",
    "https://hooks.example:99999/": "no address",
    "https://[::1/": "no address",
    "hooks.example": "no address",
    "http://127.0.0.1/": "SOMNIA_WEBHOOK_HOSTS",
}


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_webhook_leads_where_the_administrator_said_and_nowhere_else(environ, url):
    named = Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "hooks.example, clinic.example"})
    assert REFUSED_URLS[url] in str(egress.webhook_refusal(url, named))
    for good in ("https://hooks.example/a?b=c", "https://clinic.example:8443/"):
        assert egress.webhook_refusal(good, named) is None
        assert "are off" in str(egress.webhook_refusal(good, Settings.from_env(environ)))
    anybody = Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "*"})
    assert egress.webhook_refusal("https://anybody.example/", anybody) is None
    assert egress.webhook_refusal("http://127.0.0.1/", anybody) is not None
    for inside in ("https://10.0.0.1/", "https://[::1]/", "https://localhost/", "https://169.254.169.254/latest/meta-data"):
        assert "private network" in str(egress.webhook_refusal(inside, anybody))


PRIVATE = (
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fd00::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "2002:a00:1::",
)


def test_a_webhook_reaches_no_private_network_unless_the_settings_allow_it(environ):
    anybody = Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "* 127.0.0.1"})
    assert egress.open_addresses("anybody.example", [*PRIVATE, "127.0.0.1", "224.0.0.1", "93.184.216.34", "2606:2800::1"], anybody) == [
        "93.184.216.34",
        "2606:2800::1",
    ]
    assert egress.open_addresses("127.0.0.1", ["127.0.0.1"], anybody) == ["127.0.0.1"]
    inside = Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "*", "SOMNIA_WEBHOOK_PRIVATE": "1"})
    assert egress.open_addresses("inside.example", ["10.0.0.1"], inside) == ["10.0.0.1"]


def test_regions_that_are_named_count_instead_of_the_country(environ):
    chosen = {"SOMNIA_COUNTRY": "in", "SOMNIA_REGIONS": "de, FR", "SOMNIA_SMTP_REGION": "fr"}
    egress.check("smtp", Settings.from_env(environ | MAIL | chosen))
    with pytest.raises(SettingsError, match=r"de, fr only"):
        Settings.from_env(environ | MAIL | chosen | {"SOMNIA_SMTP_REGION": "in"})


def test_elsewhere_regions_are_free_until_they_are_named(environ):
    egress.check("smtp", Settings.from_env(environ | MAIL | {"SOMNIA_COUNTRY": "de"}))
    egress.check("smtp", Settings.from_env(environ | MAIL))


def test_this_machine_needs_no_region(environ):
    local = MAIL | {"SOMNIA_SMTP_HOST": "127.0.0.1", "SOMNIA_COUNTRY": "in"}
    outlet = by_name(Settings.from_env(environ | local))["smtp"]
    assert (outlet.on, outlet.leaves, outlet.allowed) == (True, False, True)


def test_a_country_has_two_letters(environ):
    with pytest.raises(SettingsError, match="SOMNIA_COUNTRY"):
        Settings.from_env(environ | {"SOMNIA_COUNTRY": "India"})


def test_the_page_lists_what_this_application_may_open(environ):
    with create_server(Settings.from_env(environ | MAIL)).app_context():
        assert [outlet.name for outlet in egress.listing() if outlet.leaves] == ["smtp"]
        egress.check("smtp")
        with pytest.raises(egress.EgressRefusedError):
            egress.check("oidc")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.2", 0)) as server:
        server.setblocking(False)
        yield server


def test_mail_that_may_not_leave_knocks_at_no_server(settings, listening):
    host, port = listening.getsockname()
    access = replace(settings.access, smtp_host=host, smtp_port=port, smtp_from="somnia@example.org")
    abroad = replace(settings, access=access, egress=EgressSettings(regions=frozenset({"in"})))
    with pytest.raises(MailError, match="SOMNIA_REGIONS"):
        send(abroad, recipient="ann@example.org", subject="x", body="y")
    with pytest.raises(BlockingIOError):
        listening.accept()


CLIENTS = re.compile(
    r"(smtplib|requests|httpx|http\.client|urllib\.request|urllib3|aiohttp|boto3|openai|httpx2|redis|ftplib|imaplib|poplib|nntplib|telnetlib"
    r"|xmlrpc|websockets?|paramiko|socket|asyncio|authlib\.integrations\.(requests|httpx|flask|base)_client)(\.|$)"
)
"""What opens connections, or helps to."""


def opens(tree: ast.AST) -> set[str]:
    """Return what a module imports to reach other machines."""
    return {name for name in imports(tree) if CLIENTS.match(name)}


def asks(tree: ast.AST) -> set[str]:
    """Return the connections that a module asks `egress.check` about."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in ("egress.check", "check"))
    return {call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)}


def test_whoever_opens_a_connection_asks_first():
    known = {kind.name for kind in egress.KINDS}
    openers = {}
    for path in sources(PROJECT):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if opens(tree):
            openers[str(path.relative_to(PROJECT))] = asks(tree)
    assert {
        f"somnia_server/{name}.py" for name in ("access/mail", "access/identity", "store/kms", "work/hooks", "reports/narrator")
    } <= set(openers)
    assert {place: asked for place, asked in openers.items() if not asked or not asked <= known} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import smtplib",
        "def f():\n    import boto3",
        "from urllib import request",
        "import urllib.request as fetch",
        "import socket\nsocket.create_connection(('a', 1))",
        "from socket import create_connection",
        "from authlib.integrations.flask_client import OAuth",
    ],
)
def test_an_opener_is_found(code):
    assert opens(ast.parse(code))
    assert asks(ast.parse(code)) == set()


SERVE = """
import threading
from app import create_app
from somnia_server.settings import Settings
from somnia_server.store import jobs
from somnia_server.work import analyses, queue, worker
from tests.server.access.people import Person
from tests.server.conftest import Visitor, csv_night

server = create_app(Settings.from_env()).server
person = Person(server)
person.get("/login")
person.register()
for path in ("/", "/outlets", "/account", "/account/passkeys", "/_dash-layout", "/_dash-dependencies"):
    assert person.get(path).status_code == 200, path
person.log_out()
person.log_in(password="a wrong one")
visitor = Visitor(server)
upload = visitor.upload(csv_night())
with server.app_context():
    job = queue.enqueue(visitor.actor, [upload])[0]
    worker.sweep()
    analyses.run(jobs.claim_next(), threading.Event())
    print(queue.job_for(visitor.actor, job).state)
"""
WATCH = """
import sys
sys.path.insert(0, {project!r})
from tests.outward import watch
def report(said):
    with open({report!r}, "a") as file:
        file.write(said + "\\n")
watch(report)
"""


def run_watched(code: str, environ: dict[str, str], folder: Path) -> tuple[str, str]:
    """Run code, and whatever processes it starts, under the watch, without any network where that can be had; return output, report."""
    report = folder / "report"
    report.touch()
    (folder / "sitecustomize.py").write_text(WATCH.format(project=str(PROJECT), report=str(report)), encoding="utf-8")
    alone = ["unshare", "-rn"]
    can = shutil.which("unshare") is not None and subprocess.run([*alone, "true"], check=False, capture_output=True).returncode == 0
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOMNIA_")} | environ
    environment["PYTHONPATH"] = str(folder)
    command = [*(alone if can else []), sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, report.read_text(encoding="utf-8")


def test_serving_and_analysing_reaches_no_other_machine(environ, tmp_path):
    said, report = run_watched(SERVE, environ, tmp_path)
    assert "done" in said.lower()
    assert report == ""


def test_the_suite_itself_reaches_no_other_machine():
    with pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), 0.01)
    assert ATTEMPTS.pop().endswith("192.0.2.1")


@pytest.mark.parametrize("code", ["socket.create_connection(('192.0.2.1', 9), 0.01)", "socket.getaddrinfo('nobody.example', 9)"])
def test_the_watch_sees_an_attempt_of_a_process_that_was_started(environ, tmp_path, code):
    attempt = f"import socket, contextlib\nwith contextlib.suppress(OSError):\n    {code}"
    _, report = run_watched(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {attempt!r}], check=True)", environ, tmp_path)
    assert re.search(r"192\.0\.2\.1|nobody\.example", report)
