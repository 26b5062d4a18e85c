"""What others feel while one person asks for more than their share (R6): the real server, asked over the wire."""

import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from somnia_server import create_server
from somnia_server.access import tokens
from somnia_server.cli import web_command
from somnia_server.settings import Settings
from somnia_server.store.tokens import begin_family
from tests.bench.measure import Row
from tests.journeys.conftest import PROJECT, environ_of, wait_for
from tests.server.conftest import make_account

OTHERS, ROUNDS, BLOCK_S, PACE_S = 50, 4, 10.0, 0.04
GREEDY = (("20 times a second", 0.05, 1.2), ("as fast as answers come", 0.0, None))


def rows(folder: Path) -> Iterator[Row]:
    """Measure the 99th percentile of others' answers, in turns with and without somebody who asks far too often."""
    for how, pause_s, bar in GREEDY:
        where = folder / f"doors-{pause_s}"
        where.mkdir()
        said = environ_of(where)
        settings = Settings.from_env(said)
        with create_server(settings).app_context():
            bearers = [tokens.access_token(begin_family(make_account().id, client="", scope="profile:read")) for _ in range(OTHERS + 1)]
        with (where / "log").open("wb") as log:
            house = subprocess.Popen(web_command(settings), cwd=PROJECT, env=os.environ | said, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{said['SOMNIA_PORT']}"
            wait_for(url, house, where / "log")
            quiet, flooded, refused = _in_turns(f"{url}/api/v1/user/profile", bearers, pause_s)
        finally:
            house.terminate()
            house.wait(30)
        before, during = (float(np.percentile(taken, 99)) for taken in (quiet, flooded))
        what = f"others' p99 while one asks {how} ({refused:,} refused)"
        ruler = f"without: {before:.1f} ms; {during / before:.2f} ×"
        yield Row("R6", what, f"{during:.1f} ms", ruler, "≤ 1.2 ×" if bar else "", during <= bar * before if bar else None)


def _in_turns(url: str, bearers: list[str], pause_s: float) -> tuple[list[float], list[float], int]:
    """Return others' times [ms] without and with the greedy one, and how often that one was refused."""
    quiet: list[float] = []
    flooded: list[float] = []
    refused = 0
    ask = iter(range(10**9))
    for _ in range(100):
        _asked(url, bearers[0])  # the share of this minute, and the server is warm
    for turn in range(2 * ROUNDS):
        over = threading.Event()
        with ThreadPoolExecutor(1) as greedy:
            counted = greedy.submit(_flood, url, bearers[0], pause_s, over) if turn % 2 else None
            (flooded if counted else quiet).extend(_paced(url, bearers[1:], ask))
            over.set()
            refused += counted.result() if counted else 0
    return quiet, flooded, refused


def _flood(url: str, bearer: str, pause_s: float, over: threading.Event) -> int:
    refused = 0
    while not over.wait(pause_s):
        refused += _asked(url, bearer)[0] == 429
    return refused


def _paced(url: str, bearers: list[str], ask: Iterator[int]) -> list[float]:
    """Ask for each of the others in turn at an even pace; return the times [ms]."""
    begin, taken = time.perf_counter(), []
    for k in range(int(BLOCK_S / PACE_S)):
        time.sleep(max(0.0, begin + k * PACE_S - time.perf_counter()))
        status, ms = _asked(url, bearers[next(ask) % len(bearers)])
        if status != 200:
            raise RuntimeError(f"somebody within their share was answered {status}")
        taken.append(ms)
    return taken


def _asked(url: str, bearer: str) -> tuple[int, float]:
    begin = time.perf_counter()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {bearer}"}), timeout=10) as answer:
            answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, (time.perf_counter() - begin) * 1000
