"""The database comes and goes while nights are analysed: each is kept once, none is lost (R31)."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import nights
from somnia_server.store.connections import forget_failed
from somnia_server.store.tables import JobRow, NightRow, session
from somnia_server.work import queue
from tests import reports
from tests.server.conftest import Visitor, csv_night
from tests.server.databases import Cluster
from tests.server.wires import Wire
from tests.server.work.test_worker import until

PROJECT = Path(__file__).resolve().parents[3]
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"


class Ward:
    """An instance that speaks to its database directly, and a worker that speaks to it over the wire."""

    def __init__(self, cluster: Cluster, wire: Wire, distant: dict[str, str]) -> None:
        self.cluster, self.wire = cluster, wire
        self.name = distant["SOMNIA_DATABASE_URL"].rpartition("/")[2]
        self.app = self._page(distant | {"SOMNIA_DATABASE_URL": cluster.url(self.name)})
        self.visitor = Visitor(self.app)
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "somnia_server.work.worker"], cwd=PROJECT, env=os.environ | distant, stderr=subprocess.DEVNULL
        )

    @staticmethod
    def _page(environ: dict[str, str]) -> Flask:
        app = create_server(Settings.from_env(environ))
        app.get("/<path:path>", endpoint="page")(lambda path: "<html></html>")
        return app

    def bring(self, count: int) -> list[str]:
        made: list[str] = []
        for i in range(count):
            day = date(2025, 1, 1) + timedelta(days=i)
            upload = self.visitor.upload(csv_night(day, minutes=30, seed=i), f"{day}.csv")
            with self.app.app_context():
                made += queue.enqueue(self.visitor.actor, [upload])
        return made

    def states(self) -> list[str]:
        with self.app.app_context():
            try:
                return list(session().scalars(select(JobRow.state)))
            finally:
                forget_failed()

    def flap(self, kind: int) -> None:
        """Let the worker's database go away and come back: connections ended, refused, or silent for a moment."""
        if kind == 0:
            self.cluster.run(TERMINATE.format(name=self.name))
            return
        (self.wire.cut if kind == 1 else self.wire.mute)()
        time.sleep(0.2)
        self.wire.mend()

    def kept(self) -> tuple[int, int]:
        """Return how many nights there are, and of how many days."""
        with self.app.app_context():
            found = session().execute(select(func.count(), func.count(NightRow.night.distinct())).select_from(NightRow)).one()
            assert all(not night.damaged for night in nights.list_nights(self.visitor.actor))
            return found[0], found[1]


@pytest.fixture
def ward(cluster: Cluster, wire: Wire, distant: dict[str, str]) -> Iterator[Ward]:
    made = Ward(cluster, wire, distant)
    yield made
    wire.mend()
    made.worker.terminate()
    made.worker.wait(30)


def test_a_night_whose_database_went_away_meanwhile_is_kept_once(ward: Ward):
    ward.bring(2)
    for kind in (0, 1, 2):
        until(lambda: "running" in ward.states() or "done" in ward.states(), "an analysis under way")
        ward.flap(kind)
    until(lambda: ward.states() == ["done", "done"], "the end of both")
    assert ward.kept() == (2, 2)


@pytest.mark.slow
def test_a_hundred_flaps_lose_no_night_and_keep_none_twice(ward: Ward):
    begin, made = time.monotonic(), ward.bring(30)
    for i in range(100):
        ward.flap(i % 3)
        time.sleep(0.8)
    flapped = time.monotonic() - begin
    until(lambda: set(ward.states()) == {"done"}, "the end of all")
    with ward.app.app_context():
        most = session().scalar(select(func.max(JobRow.attempts)))
    assert ward.kept() == (len(made), len(made))
    found = {
        "nights to analyse": str(len(made)),
        "times that the database ended connections, refused or fell silent": f"100, in {flapped:.0f} s",
        "nights lost": "0",
        "nights kept twice": "0",
        "most attempts at one night": str(most),
    }
    reports.keep("r31-database", "R31: the database comes and goes while nights are analysed", found=found)
