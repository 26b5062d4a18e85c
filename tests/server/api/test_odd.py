"""Odd requests by token: whatever a program sends, nothing breaks, and nobody is told a word of another's."""

import random
import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.actors import Role
from somnia_server.store.grants import grants_of, revoke
from somnia_server.store.nights import Kept, save_night
from tests.reports import keep
from tests.server.api.conftest import Program
from tests.server.api.test_document import forget_tries
from tests.server.api.test_uploads import agree, post
from tests.server.conftest import csv_night, make_night

DAY = date(2025, 1, 10)
STRANGERS = {"bob": Role.USER, "without": Role.DOCTOR, "revoked": Role.DOCTOR, "root": Role.ADMIN}
pytestmark = pytest.mark.sqlite
HEADERS = {
    "Accept": ["*/*", "text/csv", "application/pdf", "image/png", "text/html;q=x", "\x7f", "application/*;q=0.1, */*;q=0"],
    "Idempotency-Key": ["k", "", "x" * 300, "\x7f"],
    "If-None-Match": ["*", '"x"', 'W/"', "x" * 2000],
    "Upload-Length": ["10", "-1", "99999999999999999999", "1e3", "x"],
    "Upload-Offset": ["0", "10", "-1", "x"],
    "Upload-Checksum": ["sha256 x", "md5 x", "sha256 " + "A" * 43 + "="],
    "Upload-Metadata": ["filename x", "filename AAAA,subject AAAA", ",,,", "filename \x7f"],
    "Repr-Digest": ["sha-256=:x:", "sha-256=:" + "A" * 43 + "=:", ":"],
    "Content-Type": [
        "application/json",
        "application/offset+octet-stream",
        "application/octet-stream",
        "text/plain",
        "x",
        "multipart/form-data",
    ],
    "Content-Encoding": ["gzip", "x"],
    "Range": ["bytes=0-1", "x"],
    "Tus-Resumable": ["1.0.0", "9"],
    "X-HTTP-Method-Override": ["DELETE"],
}


class Ann:
    """A patient with a mark in everything that is theirs, and the ids of all of it."""

    def __init__(self, app: Flask, program: Callable[..., Program]) -> None:
        self.app, self.marks = app, list[str]()
        self.ann, self.doctor = program("ann@example.org"), program("doctor@example.org", Role.DOCTOR)
        self.strangers = {name: program(f"{name}@example.org", role) for name, role in STRANGERS.items()}
        for one in (self.ann, *self.strangers.values()):
            agree(app, one.actor)
        with app.app_context():
            self.night = save_night(self.ann.actor.id, make_night(note=self.mark()), kept=Kept(DAY, "a"))
        upload = post(self.ann, f"/api/v1/upload/recording?name={self.mark()}.csv", csv_night()).get_json()
        job = self.ann.post("/api/v1/analyze", json={"uploads": [upload["id"]]}).get_json()["jobs"][0]
        hook = self.ann.post("/api/v1/webhooks", json={"url": f"https://hooks.example.org/{self.mark()}"}).get_json()
        for doctor in ("doctor", "revoked"):
            assert self.ann.post("/api/v1/grants", json={"email": f"{doctor}@example.org"}).status_code == 201
        self.ann.put(f"/api/v1/nights/{self.night}/notes", json={"note": self.mark(), "tags": [self.mark()[:40]]})
        self.doctor.post(f"/api/v1/nights/{self.night}/interpretations", json={"text": self.mark(), "state": "signed"})
        with app.app_context():
            grants = grants_of(self.ann.actor)
            (ended,) = (one.id for one in grants if one.doctor == self.strangers["revoked"].actor.id)
            assert revoke(self.ann.actor, ended)
        ids = {
            "night_id": self.night,
            "upload_id": upload["id"],
            "job_id": job["id"],
            "webhook_id": hook["id"],
            "user_id": self.ann.actor.id,
        }
        self.ids: dict[str, str] = ids | {"grant_id": ended, "tag": self.marks[-2][:40], "kind": "recording", "subject": self.ann.actor.id}
        self.kept = self.whole()

    def mark(self) -> str:
        self.marks.append(f"mark{secrets.token_hex(8)}")
        return self.marks[-1]

    def leaks(self, said: bytes) -> list[str]:
        return [mark for mark in self.marks if mark.encode() in said]

    def whole(self) -> list[Any]:
        """Return what ann herself sees of hers, but for what the others call themselves."""
        paths = ("nights", f"nights/{self.night}", f"nights/{self.night}/notes", "uploads", "jobs", "webhooks", "grants", "user/profile")
        forget_tries(self.app)
        found = [self.ann.get(f"/api/v1/{path}").get_json() for path in paths]
        for grant in found[6]["grants"]:
            del grant["name"]
        return found


@pytest.fixture
def ann(environ: dict[str, str]) -> Ann:
    app = create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "hooks.example.org"}))
    return Ann(app, lambda email="x@example.org", role=Role.USER: Program(app, email, role))


def odd(rng: random.Random, ids: dict[str, str]) -> Any:
    simple = [None, True, -1, 1e308, 2**70, "", "\x00", "' OR 1=1 --", "../..", "x" * 5000, "🛌", "\ud800", [], {}, "2025-02-30", "NaN"]
    return rng.choice([*simple, *ids.values(), [rng.choice(list(ids.values()))]])


def body_of(rng: random.Random, example: Any, ids: dict[str, str]) -> Any:
    """Return the document's own example with something odd in it."""
    if not isinstance(example, dict) or rng.random() < 0.1:
        return odd(rng, ids)
    changed = {name: odd(rng, ids) if rng.random() < 0.3 else value for name, value in example.items()}
    return changed | ({"subject": ids["subject"]} if rng.random() < 0.2 else {})


def ask(ann: Ann, times: int) -> tuple[list[tuple[Any, ...]], set[int]]:
    """Send odd requests about what is ann's, by people who may not see it; return what broke or leaked, and how they were answered."""
    client = ann.app.test_client(use_cookies=False)
    document = client.get("/api/openapi.json").get_json()
    every = [(path, method, one) for path, found in document["paths"].items() for method, one in found.items()]
    operations = [(path, method, one) for path, method, one in every if path.startswith("/api/") and one["operationId"] != "erase_user"]
    wrong: list[tuple[Any, ...]] = []
    answers = set()
    for seed in range(times):
        rng = random.Random(seed)
        path, method, operation = operations[seed % len(operations)]
        name, path = rng.choice(sorted(STRANGERS)), path_of(rng, path, ann)
        headers = {one: rng.choice(values) for one, values in HEADERS.items() if rng.random() < 0.15}
        example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        content: dict[str, Any] = {} if method == "get" else {"data": rng.randbytes(rng.choice([0, 1, 10, 3000]))}
        if method != "get" and rng.random() < 0.7:
            content = {"json": body_of(rng, example, ann.ids)}
        answer = client.open(path, method=method.upper(), headers=ann.strangers[name].headers() | headers, **content)
        if answer.status_code >= 500 or ann.leaks(answer.get_data()) or ann.leaks(str(answer.headers).encode()):
            wrong.append((seed, name, method, path[:80], answer.status_code))
        answers.add(answer.status_code)
        forget_tries(ann.app)
    return wrong, answers


def path_of(rng: random.Random, path: str, ann: Ann) -> str:
    """Return an address with ann's ids in it, mostly."""
    for place, value in ann.ids.items():
        strange = rng.choice(["x", "%00", "..", "%F0%9F%9B%8C", "x" * 900, "me"])
        path = path.replace(f"{{{place}}}", value if rng.random() < 0.8 else strange)
    asked = ["", "", f"?subject={ann.ids['subject']}", "?limit=1&after=x", f"?after={ann.night}", "?limit=-1", "?first=x", "?" + "a=" * 99]
    return path + rng.choice(asked)


def test_odd_requests_break_nothing_show_nothing_and_change_nothing_of_anothers(ann: Ann) -> None:
    assert ann.leaks(str(ann.kept).encode()) != []
    wrong, answers = ask(ann, 400)
    assert wrong == []
    assert {200, 201, 400, 403, 404, 415, 422} <= answers
    assert ann.whole() == ann.kept


@pytest.mark.slow
def test_ten_thousand_odd_requests_break_nothing_and_show_nothing(ann: Ann) -> None:
    wrong, _ = ask(ann, 10_000)
    after = ann.whole()
    found = {"odd requests by four who may not": "10,000", "leaks or 5xx": str(len(wrong))}
    keep(
        "r27-odd", "Odd requests to the API (R2, R27)", found=found | {"what is another's": "as before" if after == ann.kept else "changed"}
    )
    assert wrong == []
    assert after == ann.kept
