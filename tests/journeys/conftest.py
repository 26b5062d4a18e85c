"""The real application and its worker on a port of their own, a browser before them, and the files of one night."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dash import Dash
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from somnia_server.settings import Settings
from tests.journeys.files import write_ring, write_watch

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
START_S = 180.0


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of the instance that all journeys share."""
    folder = tmp_path_factory.mktemp("house")
    return environ_of(folder)


def environ_of(folder: Path) -> dict[str, str]:
    """Return the variables of an instance of its own in a folder, on a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"SOMNIA_PORT": str(port), "SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")}


@pytest.fixture(scope="session")
def address(instance: dict[str, str]) -> Iterator[str]:
    folder, port, said = Path(instance["SOMNIA_INSTANCE"]).parent, instance["SOMNIA_PORT"], instance
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "somnia_server.cli", "run"]
        house = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **said}, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, house, folder / "log")
        yield url
    finally:
        _end(house)


def _end(house: "subprocess.Popen[bytes]") -> None:
    """End the application as a person does; its whole group, should it not obey."""
    house.send_signal(signal.SIGTERM)
    try:
        house.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(house.pid, signal.SIGKILL)
        house.wait(10)
        raise


def wait_for(url: str, house: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and house.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the application did not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; on Debian 12: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visitors:
    """Opens browsers of their own before the application, and notes what goes wrong in any: errors, requests to other sites."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def new(self) -> Page:
        """Return the first page of a visitor who was never here."""
        size: ViewportSize = {"width": 1440, "height": 900}
        context = self._browser.new_context(viewport=size, base_url=self._address, timezone_id="Europe/Berlin", color_scheme="light")
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(f"{error.message} at {error.stack}"))
        page.on("request", self._asked)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _asked(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and f"{place.scheme}://{place.netloc}" != self._address:
            self.faults.append(f"asked another site: {request.url}")


@pytest.fixture
def visitors(browser: Browser, address: str) -> Iterator[Visitors]:
    known = Visitors(browser, address)
    yield known
    known.close()
    assert known.faults == []


@pytest.fixture
def page(visitors: Visitors) -> Page:
    return visitors.new()


@pytest.fixture(scope="session")
def night_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    return [write_watch(folder / "watch.csv"), write_ring(folder / "ring.csv")]


@pytest.fixture(scope="module")
def dash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dash]:
    """The pages of an instance of the test file's own, within this process: the test writes into its stores."""
    folder = tmp_path_factory.mktemp("house")
    said = {"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")}
    dash = create_app(Settings.from_env(said))
    yield dash
    cache: Any = dash._background_manager
    cache.handle.close()


@pytest.fixture(scope="module")
def place(dash: Dash) -> Iterator[str]:
    """Where those pages are served."""
    server = make_server("127.0.0.1", 0, dash.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()
