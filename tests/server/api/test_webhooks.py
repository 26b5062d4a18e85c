"""Webhooks against a real server at the other end: one that answers, is dead, is slow, fails and then does not, says that it is gone."""

import base64
import hashlib
import hmac
import io
import json
import socket
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import text

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import interpretations, jobs, notices, webhooks
from somnia_server.store.actors import Actor, Role
from somnia_server.store.export import export_zip
from somnia_server.store.grants import Terms, grants_of, put_grant, revoke
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.tables import DeliveryRow, WebhookRow, session
from somnia_server.work import analyses, hooks
from tests.conftest import ATTEMPTS
from tests.server.api.conftest import Program
from tests.server.api.test_uploads import agree, post
from tests.server.conftest import csv_night, make_night

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


class Other(ThreadingHTTPServer):
    """The other end: what came, and what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hearing)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.drips = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks?from=somnia"

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


class Hearing(BaseHTTPRequestHandler):
    server: Other

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        while self.server.drips:
            self.wfile.write(b"H")
            time.sleep(0.05)
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def other() -> Iterator[Other]:
    server = Other()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.drips = False
    server.shutdown()
    server.server_close()


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    return create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "127.0.0.1"}))


@pytest.fixture
def ann(app: Flask, program: Callable[..., Program]) -> Program:
    found = program()
    agree(app, found.actor)
    return found


def add(who: Program, other: Other, **more: Any) -> str:
    answer = who.post("/api/v1/webhooks", json={"url": other.url, "secret": SECRET, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def deliver(app: Flask, later: timedelta = timedelta()) -> int:
    with app.app_context():
        return hooks.deliver(now() + later)


def state(who: Program, hook: str) -> dict[str, Any]:
    found: dict[str, Any] = who.get(f"/api/v1/webhooks/{hook}").get_json()
    return found


def verified(heard: tuple[dict[str, str], bytes], secret: str = SECRET) -> bool:
    """Return whether a delivery is signed as the Standard Webhooks specification says."""
    headers, body = heard
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    """standard-webhooks/standard-webhooks, libraries/python/tests/test_webhooks.py: test_sign_function."""
    headers = hooks.sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330).astimezone(),
        b'{"test": 2432232314}',
        secret="whsec_" + "MfKQ9r8GKYqrTwjUPD8I" + "LPZIo2LaLaSw",
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmI" + "KtSyZlE3uFJELVlNIOLJ1OE="


def test_a_night_that_is_ready_is_told_signed_and_in_ids_only(ann: Program, app: Flask, other: Other) -> None:
    add(ann, other, events=["night.ready"])
    upload = post(ann, "/api/v1/upload/recording?name=ring.csv", csv_night(minutes=240)).get_json()
    job = ann.post("/api/v1/analyze", json={"uploads": [upload["id"]]}).get_json()["jobs"][0]
    with app.app_context():
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
    assert deliver(app) == 1
    (heard,) = other.heard
    assert verified(heard)
    assert not verified((heard[0], heard[1] + b" "))
    assert abs(time.time() - int(heard[0]["webhook-timestamp"])) < 60
    night = ann.get(job["href"]).get_json()["night_id"]
    (said,) = other.said()
    assert (said["type"], said["data"]) == ("night.ready", {"user": ann.actor.id, "night": night})
    assert set(said) == {"type", "timestamp", "data"}
    assert deliver(app, timedelta(days=1)) == 0


class Ward:
    """A patient with a night that a doctor may read; both want to be told."""

    def __init__(self, app: Flask, program: Callable[..., Program], other: Other) -> None:
        self.ann, self.doctor, self.stranger = (
            program(f"{n}@example.org", r) for n, r in (("ann", Role.USER), ("doc", Role.DOCTOR), ("bob", Role.DOCTOR))
        )
        self.hooks = {who.actor.id: add(who, other) for who in (self.ann, self.doctor, self.stranger)}
        with app.app_context():
            self.night = save_night(self.ann.actor.id, make_night(), kept=Kept(date(2025, 1, 10), "a"))
            self.grant = put_grant(self.ann.actor, self.ann.actor.id, doctor=self.doctor.actor.id, terms=Terms()).id
            session().commit()


def test_those_concerned_are_told_of_signatures_and_sharing_and_nobody_else(
    app: Flask, program: Callable[..., Program], other: Other
) -> None:
    ward = Ward(app, program, other)
    assert deliver(app) == 2
    with app.app_context():
        assert interpretations.sign(Actor(ward.doctor.actor.id, Role.DOCTOR), ward.night, "A word that is not told")
    assert deliver(app) == 2
    assert [one["type"] for one in other.said()] == ["grant.changed"] * 2 + ["night.signed"] * 2
    assert other.said()[-1]["data"] == {"user": ward.ann.actor.id, "night": ward.night}
    assert other.said()[0]["data"] == {"user": ward.ann.actor.id, "grant": ward.grant}
    assert b"not told" not in b"".join(body for _, body in other.heard)
    with app.app_context():
        assert session().query(DeliveryRow).filter_by(owner=ward.stranger.actor.id).count() == 0


def test_what_was_to_be_told_is_not_after_the_grant_was_revoked(app: Flask, program: Callable[..., Program], other: Other) -> None:
    ward = Ward(app, program, other)
    with app.app_context():
        assert interpretations.sign(ward.doctor.actor, ward.night, "x")
        assert revoke(ward.ann.actor, grants_of(ward.ann.actor)[0].id)
    deliver(app)
    told = {(heard[0]["webhook-id"], one["type"]) for heard, one in zip(other.heard, other.said(), strict=True)}
    with app.app_context():
        doctors = {row.id for row in session().query(DeliveryRow).filter_by(owner=ward.doctor.actor.id)}
    assert {event for which, event in told if which in doctors} == {"grant.changed"}
    assert {event for which, event in told if which not in doctors} == {"grant.changed", "night.signed"}


def test_a_failure_is_tried_again_later_with_the_same_id(ann: Program, app: Flask, other: Other) -> None:
    hook = add(ann, other)
    assert ann.post(f"/api/v1/webhooks/{hook}/ping").status_code == 204
    other.answers = [500, 302]
    assert deliver(app) == 0
    assert state(ann, hook)["failures"] == 1
    assert deliver(app) == 0
    assert len(other.heard) == 1
    assert deliver(app, timedelta(seconds=6)) == 0
    assert deliver(app, timedelta(seconds=120)) == 1
    assert [one["type"] for one in other.said()] == ["ping"] * 3
    assert len({headers["webhook-id"] for headers, _ in other.heard}) == 1
    assert all(map(verified, other.heard))
    assert (state(ann, hook)["failures"], deliver(app, timedelta(days=1))) == (0, 0)


def test_an_address_that_is_dead_or_too_slow_keeps_nothing_up(
    ann: Program, app: Flask, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE_S", 0.3)
    slow = add(ann, other)
    dead = ann.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:1/"}).get_json()["id"]
    other.drips = True
    for hook in (slow, slow, slow, dead):
        ann.post(f"/api/v1/webhooks/{hook}/ping")
    began = time.monotonic()
    assert deliver(app) == 0
    assert time.monotonic() - began < 3.0
    assert len(other.heard) == 1
    assert [state(ann, hook)["failures"] for hook in (slow, dead)] == [1, 1]
    other.drips = False
    assert deliver(app, timedelta(minutes=10)) == 3
    assert (state(ann, slow)["failures"], state(ann, dead)["failures"]) == (0, 2)


def test_after_too_many_failures_it_is_switched_off_and_its_owner_told_until_a_ping(ann: Program, app: Flask, other: Other) -> None:
    hook = add(ann, other)
    other.answers = [503] * 100
    for _ in range(webhooks.MOST_FAILURES):
        with app.app_context():
            row = session().get_one(WebhookRow, hook)
            webhooks._wait(row, webhooks.PING, ann.actor.id, hook)
            session().query(DeliveryRow).filter(DeliveryRow.tries > 0).delete()
            session().commit()
        deliver(app)
    found = state(ann, hook)
    assert (found["failures"], found["disabled_at"] is not None) == (webhooks.MOST_FAILURES, True)
    with app.app_context():
        assert "switched off" in str(notices.list_notices(ann.actor)[0].text)
    heard = len(other.heard)
    other.answers = []
    assert deliver(app, timedelta(days=1)) == 0
    assert len(other.heard) == heard
    ann.post(f"/api/v1/webhooks/{hook}/ping")
    assert deliver(app) == 1
    assert state(ann, hook)["disabled_at"] is None


def test_who_answers_that_it_is_gone_is_told_no_more(ann: Program, app: Flask, other: Other) -> None:
    hook = add(ann, other)
    ann.post(f"/api/v1/webhooks/{hook}/ping")
    other.answers = [410]
    deliver(app)
    assert state(ann, hook)["disabled_at"] is not None


def test_a_delivery_that_was_never_taken_ends_after_its_tries(ann: Program, app: Flask, other: Other) -> None:
    hook = add(ann, other)
    ann.post(f"/api/v1/webhooks/{hook}/ping")
    other.answers = [500] * 100
    for day in range(20):
        deliver(app, timedelta(days=day))
    assert len(other.heard) == len(webhooks.WAITS) + 1
    with app.app_context():
        assert webhooks.purge_deliveries(now() + webhooks.KEPT) == 1


def test_what_a_worker_took_before_it_died_is_told_by_the_next(ann: Program, app: Flask, other: Other) -> None:
    hook = add(ann, other)
    ann.post(f"/api/v1/webhooks/{hook}/ping")
    with app.app_context():
        (taken,) = webhooks.take_deliveries(now())
        assert webhooks.take_deliveries(now()) == ()
    assert deliver(app, timedelta(seconds=6)) == 1
    assert [headers["webhook-id"] for headers, _ in other.heard] == [taken.id]


def test_two_workers_tell_each_thing_once(ann: Program, app: Flask, other: Other) -> None:
    hooks_of_ann = [add(ann, other) for _ in range(webhooks.MOST_WEBHOOKS)]
    for hook in hooks_of_ann:
        ann.post(f"/api/v1/webhooks/{hook}/ping")
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: deliver(app), range(4)))
    assert sum(told) == len(other.heard) == len(hooks_of_ann)
    assert len({headers["webhook-id"] for headers, _ in other.heard}) == len(hooks_of_ann)


def test_secrets_are_sealed_and_shown_once(ann: Program, app: Flask, other: Other) -> None:
    made = ann.post("/api/v1/webhooks", json={"url": other.url}).get_json()
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32
    listed = ann.get("/api/v1/webhooks")
    assert listed.get_json()["webhooks"][0]["id"] == made["id"]
    assert made["secret"] not in listed.text
    with app.app_context():
        kept = session().get_one(WebhookRow, made["id"]).sealed_said
        assert made["secret"].encode() not in kept
        assert b"hooks" not in kept
        session().execute(text("UPDATE webhooks SET sealed_said = :new"), {"new": b"\x02" + b"x" * 60})
        session().commit()
    assert "127.0.0.1" not in ann.get("/api/v1/webhooks").text
    ann.post(f"/api/v1/webhooks/{made['id']}/ping")
    assert deliver(app) == 0
    assert ann.delete(f"/api/v1/webhooks/{made['id']}").status_code == 204


REFUSED = (
    {"url": "https://other.example/"},
    {"url": "http://[::1]:80/"},
    {"url": "http://127.0.0.1:1/ x"},
    {"url": "nonsense"},
    {"url": "http://127.0.0.1/", "secret": "short"},
    {"url": "http://127.0.0.1/", "secret": "whsec_" + base64.b64encode(b"k" * 23).decode()},
    {"url": "http://127.0.0.1/", "events": ["night.deleted"]},
    {"url": "http://127.0.0.1/", "events": []},
)


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_kept_is_refused(ann: Program, said: dict[str, Any]) -> None:
    assert ann.post("/api/v1/webhooks", json=said).status_code == 422
    assert ann.get("/api/v1/webhooks").get_json()["webhooks"] == []


def test_what_is_told_is_as_the_document_says(app: Flask, program: Callable[..., Program], other: Other) -> None:
    ward = Ward(app, program, other)
    ward.ann.post(f"/api/v1/webhooks/{ward.hooks[ward.ann.actor.id]}/ping")
    with app.app_context():
        assert interpretations.sign(ward.doctor.actor, ward.night, "x")
        webhooks.announce(webhooks.NIGHT_READY, ward.ann.actor.id, ward.night)
        session().commit()
    for i in range(3):
        deliver(app, timedelta(minutes=i))
    document = app.test_client().get("/api/openapi.json").get_json()["webhooks"]
    assert {one["type"] for one in other.said()} == set(document)
    for (headers, _), said in zip(other.heard, other.said(), strict=True):
        asked = document[said["type"]]["post"]
        content = asked["requestBody"]["content"]["application/json"]
        for one in (said, content["example"]):
            Draft202012Validator(content["schema"], format_checker=FormatChecker()).validate(one)
        assert {one["name"] for one in asked["parameters"]} <= set(headers)


def test_an_export_names_webhooks_without_their_secrets(ann: Program, app: Flask, other: Other) -> None:
    add(ann, other)
    with app.app_context():
        whole = b"".join(export_zip(ann.actor) or ())
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        account = json.loads(archive.read("account.json"))
        assert SECRET.encode() not in b"".join(archive.read(name) for name in archive.namelist())
    assert [(one["url"], len(one["events"])) for one in account["webhooks"]] == [(other.url, 3)]


def test_webhooks_are_their_owners_own_and_few(ann: Program, program: Callable[..., Program], other: Other) -> None:
    hook = add(ann, other)
    bob = program("bob@example.org")
    path = f"/api/v1/webhooks/{hook}"
    assert {bob.get(path).status_code, bob.delete(path).status_code, bob.post(f"{path}/ping").status_code} == {404}
    for _ in range(webhooks.MOST_WEBHOOKS - 1):
        add(ann, other)
    assert ann.post("/api/v1/webhooks", json={"url": other.url}).status_code == 422


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate for localhost, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    at = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), at - timedelta(days=1), at + timedelta(days=1)
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = made.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "cert.pem").write_bytes(private + signed.public_bytes(Encoding.PEM))
    return folder / "cert.pem"


def test_over_https_the_other_end_has_to_prove_who_it_is(
    environ: dict[str, str], other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "localhost"}))
    ann, context = Program(app, "ann@example.org", Role.USER), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = certificate(tmp_path)
    context.load_cert_chain(file)
    other.socket = context.wrap_socket(other.socket, server_side=True)
    made = ann.post("/api/v1/webhooks", json={"url": f"https://localhost:{other.server_address[1]}/"}).get_json()
    ann.post(f"/api/v1/webhooks/{made['id']}/ping")
    assert deliver(app) == 0
    assert (state(ann, made["id"])["failures"], other.heard) == (1, [])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert deliver(app, timedelta(minutes=1)) == 1
    assert verified(other.heard[0], made["secret"])


def test_a_name_that_leads_into_a_private_network_is_not_followed(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "*"}))
    ann = Program(app, "ann@example.org", Role.USER)
    hook = ann.post("/api/v1/webhooks", json={"url": "https://inside.example/"}).get_json()["id"]
    ann.post(f"/api/v1/webhooks/{hook}/ping")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert deliver(app) == 0
    assert (state(ann, hook)["failures"], ATTEMPTS) == (1, [])


def test_where_webhooks_are_off_none_is_kept_and_none_told(environ: dict[str, str], other: Other) -> None:
    off = create_server(Settings.from_env(environ))
    ann = Program(off, "ann@example.org", Role.USER)
    refused = ann.post("/api/v1/webhooks", json={"url": other.url})
    assert (refused.status_code, "SOMNIA_WEBHOOK_HOSTS" in refused.text) == (422, True)
    assert deliver(off) == 0
