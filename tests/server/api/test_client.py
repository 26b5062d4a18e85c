"""The client that is made from the document: it is up to date, typed, and leads from a file to a night against a real server."""

import hashlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from somnia_server import create_server
from somnia_server.settings import Settings
from tests.server.api.conftest import PASSWORD, Program
from tests.server.api.live import served
from tests.server.api.test_uploads import agree, sound, worker
from tests.server.api.test_webhooks import SECRET, Other, other, verified
from tests.server.conftest import csv_night

__all__ = ["other"]
PROJECT = Path(__file__).resolve().parents[3]
CLIENT = PROJECT / "docs" / "client" / "somnia_client.py"
SCOPE = "nights:read nights:write sharing profile:read"
PATIENCE_S = 120.0
pytestmark = pytest.mark.sqlite


def module_at(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hosts(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SOMNIA_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture
def app(hosts: dict[str, str]) -> Flask:
    return create_server(Settings.from_env(hosts))


@pytest.fixture
def somnia(app: Flask, program: Callable[..., Program]) -> Iterator[Any]:
    ann = program()
    agree(app, ann.actor)
    with served(app) as address:
        client = module_at(CLIENT).Somnia(address)
        client.enter(ann.email, PASSWORD, SCOPE)
        yield client


def until(check: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(1.0)
    pytest.fail("in vain")


def test_the_client_is_typed_throughout() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir=/dev/null", str(CLIENT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CLIENT.parent)
    assert done.returncode == 0, done.stdout


def test_a_file_becomes_a_night_and_another_system_hears_of_it(somnia: Any, hosts: dict[str, str], other: Other, tmp_path: Path) -> None:
    hook = somnia.add_webhook({"url": other.url, "events": ["night.ready"], "secret": SECRET})
    assert [one["id"] for one in somnia.read_webhooks()["webhooks"]] == [hook["id"]]
    file = tmp_path / "ring.csv"
    file.write_bytes(csv_night(minutes=240))
    upload = somnia.upload_file("recording", file, piece_bytes=5000)
    assert (upload["state"], upload["received"]) == ("ready", file.stat().st_size)
    order = somnia.analyze({"uploads": [upload["id"]], "zone": "Europe/Berlin"}, idempotency_key="one")
    assert order == somnia.analyze({"uploads": [upload["id"]], "zone": "Europe/Berlin"}, idempotency_key="one")
    with worker(hosts):
        job = until(lambda: (found := somnia.read_job(order["jobs"][0]["id"]))["state"] == "done" and found)
        until(lambda: other.heard)
    assert verified(other.heard[0])
    assert other.said()[0]["data"]["night"] == job["night_id"]
    assert somnia.read_night(job["night_id"])["start"].startswith("2025-01-10")
    assert somnia.night_as(job["night_id"], "application/pdf").startswith(b"%PDF")
    assert [one["id"] for one in somnia.read_trends("me")["nights"]] == [job["night_id"]]
    assert somnia.read_reports("me")["reports"][0]["night_id"] == job["night_id"]
    assert somnia.write_notes(job["night_id"], {"note": "Seen by a program.", "tags": ["coffee"]})["tags"] == ["coffee"]
    somnia.remove_webhook(hook["id"])


def test_a_file_goes_on_after_a_piece_that_was_lost(somnia: Any, tmp_path: Path) -> None:
    file = tmp_path / "ring.csv"
    file.write_bytes(csv_night())
    real, asked = somnia._bytes, []

    def loses(method: str, path: str, **more: Any) -> bytes:
        asked.append(method)
        if method == "PATCH" and asked.count("PATCH") == 2:
            real(method, path, **more)
            raise ConnectionResetError("the answer was lost")
        return bytes(real(method, path, **more))

    somnia._bytes = loses
    upload = somnia.upload_file("recording", file, piece_bytes=10_000)
    assert upload["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert asked.count("GET") == 2


def test_what_is_refused_is_an_error_with_its_words(somnia: Any, tmp_path: Path) -> None:
    errors = type(somnia).__init__.__globals__["ApiError"]
    with pytest.raises(errors) as refused:
        somnia.read_night("0" * 32)
    assert (refused.value.status, refused.value.code) == (404, "not_found")
    upload = somnia.upload("audio", sound(), name="night.flac")
    with pytest.raises(errors) as refused:
        somnia.analyze({"uploads": [upload["id"]]})
    assert list(refused.value.fields) == ["start"]
    with pytest.raises(errors) as refused:
        somnia.read_worklist()
    assert refused.value.status == 404
    somnia.remove_upload(upload["id"])
