"""Every example of docs/api.md is sent as it stands, and every endpoint of the document has one."""

import re
import shlex
from base64 import b64encode
from datetime import date
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from somnia_engine.packet.seal import seal
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.accounts import find_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import give
from somnia_server.store.demo_nights import put_demo_nights
from somnia_server.store.devices import add_device, invite_device
from somnia_server.store.house import house
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.processing import NEEDED
from tests.server.access.test_oauth import BACK, CHALLENGE, VERIFIER, Asking
from tests.server.api.conftest import Program
from tests.server.conftest import csv_night, make_night

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "api.md"
EXAMPLE = re.compile(r"```sh\n(curl .+) # (\d{3})\n```")
SERVER = "https://somnia.invalid"


def examples() -> list[tuple[str, int]]:
    return [(command, int(status)) for command, status in EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))]


class Curl:
    """Sends what a curl command says to an application, with its variables filled in."""

    def __init__(self, app: Flask, known: dict[str, str]) -> None:
        self.client, self.known = app.test_client(use_cookies=False), known

    def read(self, command: str) -> tuple[str, str, dict[str, str], list[str], bool]:
        words = shlex.split(Template(command).substitute(self.known))[1:]
        method, headers, bodies, url, query = "", {}, [], "", False
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word in ("-d", "--data-binary"):
                bodies.append(words.pop(0))
            elif word == "-o":
                words.pop(0)
            elif word == "-G":
                query = True
            else:
                assert word.startswith(SERVER), f"{word} is no option that is known here"
                url = word.removeprefix(SERVER)
        return method or ("POST" if bodies and not query else "GET"), url, headers, bodies, query

    def send(self, command: str) -> Any:
        method, url, headers, bodies, query = self.read(command)
        if bodies and bodies[0].startswith("@"):
            return self.client.open(url, method=method, headers=headers, data=Path(bodies[0][1:]).read_bytes())
        said = "&".join(bodies) if "Content-Type" in headers else urlencode([tuple(one.split("=", 1)) for one in bodies])
        if query:
            return self.client.open(f"{url}?{said}", method=method, headers=headers)
        if bodies and "Content-Type" not in headers:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.client.open(url, method=method, headers=headers, data=said if bodies else None)


class Told(dict[str, str]):
    """The variables of the examples, as a reader learns them from the answers before."""

    def __init__(self, app: Flask) -> None:
        self.asking, self.root = Asking(app), Program(app, "root@example.org", Role.ADMIN)
        with app.app_context():
            account = find_account("ann@example.org")
            assert account is not None
            night = make_night()
            self["NIGHT"] = save_night(account.id, night, kept=Kept(night.start.date(), "example"))
            self["ME"], self["TAG"] = "me", "coffee"
            self._enroll(Actor(account.id, Role.USER))
            put_demo_nights(house().settings, "apnea", nights=[(night.start.date(), night)])
        self["DOCTOR"] = Program(app, "doctor@example.org", Role.DOCTOR).tokens["access_token"]
        more = {"SOMNIA": SERVER, "ADMIN": self.root.tokens["access_token"], "CLIENT": self.asking.id}
        self.update(more | {"CHALLENGE": CHALLENGE, "VERIFIER": VERIFIER})
        self["CODE"] = parse_qs(urlsplit(self.asking.say().location).query)["code"][0]

    def _enroll(self, actor: Actor) -> None:
        save_profile(actor, Profile(birth_date=date(1980, 4, 23)))
        for kind in NEEDED:
            give(actor, kind)
        packet = house().settings.temp / "night.pkt"
        packet.write_bytes(seal(b"a letter", add_device(actor, "Phone")))
        ring = house().settings.temp / "ring.csv"
        ring.write_bytes(csv_night())
        self["FILE"], self["SIZE"] = str(ring), str(ring.stat().st_size)
        self["PACKET"], self["DEVICECODE"] = str(packet), invite_device(actor, "Tablet")
        self["PUBLICKEY"] = b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()

    def learn(self, command: str, answer: Any) -> None:
        found = answer.get_json() if answer.mimetype == "application/json" else None
        if "/auth/login" in command or "/auth/refresh" in command:
            self["TOKEN"], self["REFRESH"] = found["access_token"], found["refresh_token"]
        if command.split()[1].endswith("/devices"):
            self["DEVICE"] = found["devices"][0]["id"]
        if "/api/v1/upload/" in command:
            self["UPLOAD"] = found["id"]
        if "/api/v1/analyze" in command:
            self["JOB"] = found["jobs"][0]["id"]
        if "-X POST $SOMNIA/api/v1/webhooks " in command:
            self["HOOK"] = found["id"]
        if command.split()[1].endswith("/grants"):
            self["GRANT"] = found["grants"][0]["id"]
        if "/auth/token" in command:
            self["THEIRS"] = found["refresh_token"]
        if command.split()[1].endswith("/user/programs"):
            self["PROGRAM"] = found["programs"][0]["id"]


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    return create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "hooks.example.org"}))


@pytest.mark.sqlite
def test_every_example_is_answered_as_it_says(app: Flask) -> None:
    told = Told(app)
    curl = Curl(app, told)
    assert BACK in DOCUMENT.read_text(encoding="utf-8")
    again = next(command for command, _ in examples() if "/auth/login" in command)
    for command, status in examples():
        answer = curl.send(command)
        assert answer.status_code == status, (command, answer.text)
        told.learn(command, answer)
        if "/auth/logout" in command or "DELETE $SOMNIA/api/v1/user/programs" in command:  # the reader logs in again
            told.learn(again, curl.send(again))


def test_every_endpoint_has_an_example(app: Flask) -> None:
    curl = Curl(app, dict.fromkeys(re.findall(r"\$([A-Z]+)", DOCUMENT.read_text(encoding="utf-8")), "x") | {"SOMNIA": SERVER})
    shown = {(method, url.partition("?")[0]) for method, url, *_ in (curl.read(command) for command, _ in examples())}
    document = app.test_client().get("/api/openapi.json").get_json()
    wanted = {
        (method.upper(), re.sub(r"{\w+}", "x", path.replace("{kind}", "recording")))
        for path, found in document["paths"].items()
        for method in found
    }
    assert wanted - shown == set()
