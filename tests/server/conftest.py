"""An instance of its own for each test, visitors that speak to it, and nights to keep in it."""

import base64
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import FEATURES, NightFeatures, StreamQuality
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightAnalysis, SleepStatistics
from somnia_engine.types.recording import Dropped
from somnia_engine.types.score import ScorePart, SleepScore
from somnia_engine.types.signals import Signal
from somnia_server import create_server
from somnia_server.access.callbacks import allow_callbacks
from somnia_server.access.visitor import visitor_from_cookie
from somnia_server.settings import Settings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.tables import RoleRow, UserRow, session
from tests.server.databases import blank, choose_databases, cluster, database, disk, distant, environ, redis_url, wire

__all__ = ["blank", "choose_databases", "cluster", "database", "disk", "distant", "environ", "redis_url", "wire"]

TUS = {"Tus-Resumable": "1.0.0"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    choose_databases(metafunc)


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return Settings.from_env(environ)


@pytest.fixture
def app(settings: Settings) -> Flask:
    app = create_server(settings)

    @app.get("/<path:path>")
    def page(path: str) -> str:
        return "<html></html>"

    @app.post("/_dash-update-component")
    def callback() -> dict[str, str]:
        return {}

    allow_callbacks(app, {"upload-found.children": {"inputs": ()}})

    @app.get("/api/secret")
    def secret() -> str:
        return "secret"

    return app


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def somebody(owner: str) -> Actor:
    """Return a visitor of a short name."""
    return Actor(owner, Role.VISITOR)


def make_account(role: Role = Role.USER, *, email: str | None = None) -> Actor:
    """Make a confirmed account in a role, and return who acts for it."""
    actor = Actor(f"u-{secrets.token_hex(16)}", role)
    kept = session().scalars(select(RoleRow).where(RoleRow.name == role)).one_or_none() or RoleRow(name=role)
    row = UserRow(id=actor.id, email=email or f"{actor.id}@example.org", password=None, active=True, fs_uniquifier=secrets.token_hex(32))
    row.created_at = row.confirmed_at = now()
    row.roles = [kept]
    session().add(row)
    session().commit()
    return actor


class Visitor:
    """A browser with its own cookies."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.client.get("/welcome")

    @property
    def actor(self) -> Actor:
        cookie = self.client.get_cookie("somnia_visitor")
        assert cookie is not None
        with self.app.app_context():
            actor = visitor_from_cookie(cookie.value)
        assert actor is not None
        return actor

    def create(self, size: int, name: str = "night.csv") -> str:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        answer = self.client.post("/upload/tus", headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata})
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def patch(self, url: str, data: bytes, offset: int):
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.client.patch(url, data=data, headers=headers)

    def upload(self, data: bytes, name: str = "night.csv") -> str:
        url = self.create(len(data), name)
        assert self.patch(url, data, 0).status_code == 204
        return url.rsplit("/", 1)[-1]


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    return Visitor(app)


def make_night(day: date = date(2025, 1, 10), *, seed: int = 1, note: str = "A column was not used.") -> NightAnalysis:
    """Return a night with everything in it that a night can hold."""
    rng = np.random.default_rng(seed)
    start = datetime(day.year, day.month, day.day, 22, 0, tzinfo=UTC)
    n = 960
    hr = (60 + 5 * np.sin(np.arange(n) / 40) + rng.normal(0, 0.5, n)).astype(np.float32)
    hr[100:120] = np.nan
    p = rng.dirichlet(np.ones(4), n).astype(np.float32)
    p[:3] = np.nan
    stages = np.array([Stage.W, Stage.L, Stage.N3, Stage.R], np.int8)[np.nan_to_num(p).argmax(1)]
    stages[:3] = Stage.UNSCORED
    trace = np.round(96 + np.cumsum(rng.normal(0, 0.02, 28800)), 1).astype(np.float32)
    trace[500:700] = np.nan
    finding = Finding(
        disorder="apnea",
        level=Level.MODERATE,
        summary=Text("Blood oxygen fell {count} times an hour.", {"count": 9.5}),
        coverage=0.9,
        evidence=(
            Evidence(Text("ODI"), 9.5, "/h", threshold=5.0, source="ring", minutes=((10.0, 12.5),)),
            Evidence(Text("T90"), float("nan"), "%"),
        ),
        next_step=Text("Talk to {who}.", {"who": Text("a doctor")}),
        rule="apnea-oximetry 1",
        details={"odi": 9.5},
    )
    return NightAnalysis(
        start=start,
        zone="Europe/Berlin",
        zone_origin=Text("You chose the zone."),
        lights=Lights(0.0, 28800.0, off_marked=True),
        features=NightFeatures(
            start, n, {"hr_bpm": hr, "activity_count": rng.integers(0, 900, n).astype(np.float32)}, {"hr_bpm": ("watch",)}
        ),
        hypnogram=Hypnogram(stages, (Stage.W, Stage.L, Stage.N3, Stage.R), "model 1", p),
        device_hypnogram=Hypnogram(np.zeros(n, np.int8), (Stage.W, Stage.S), "watch"),
        statistics=SleepStatistics(scorer="model 1", tst_min=400.5),
        device_statistics=SleepStatistics(scorer="watch"),
        events=EventTable.of([Event(EventKind.DS, 120.25, 31.5, 0.9, "ring", 4.0), Event(EventKind.SN, 60.0, 2.0, float("nan"), "phone")]),
        measures={"odi3_per_h": 9.5, "t90_pct": float("nan")},
        traces=(Signal("spo2_pct", trace, 1.0, "%", 3.0),),
        findings=(finding,),
        quality=(StreamQuality("hr_bpm", "watch", 0.98, 0.0, 28800.0, (Text("Gaps: {n}", {"n": 1}),)),),
        dropped=(Dropped(Text("Outside the night"), 12),),
        notes=(Text(note),),
        versions={"engine": "0.1.0"},
        intervals={"tst_min": (380.0, 415.5)},
        score=SleepScore(78.0, (ScorePart("duration", 100.0, 0.78, {"tst_min": 400.5}),), ("stages",), "score 1"),
    )


def long_night() -> NightAnalysis:
    """Return eight hours of six channels at 1 Hz, as noisy as real ones."""
    rng = np.random.default_rng(3)
    n = 28800
    second = np.arange(n)
    shapes = {
        "hr_bpm": np.round(58 + 6 * np.sin(second / 3000) + np.convolve(rng.normal(0, 2, n), np.ones(8) / 8, "same")),
        "spo2_pct": np.round(96 + np.sin(second / 900) + np.convolve(rng.normal(0, 1, n), np.ones(30) / 30, "same")),
        "motion_index": np.where(rng.random(n) < 0.03, rng.integers(1, 60, n), 0),
        "sound_level_db": -55 + np.convolve(rng.normal(0, 3, n), np.ones(4) / 4, "same"),
        "resp_rate_bpm": np.round(14 + np.convolve(rng.normal(0, 4, n), np.ones(60) / 60, "same"), 1),
        "activity_count": np.where(rng.random(n) < 0.05, rng.integers(0, 400, n), 0),
    }
    night = make_night()
    traces = tuple(Signal(name, values.astype(np.float32), 1.0, FEATURES[name].unit) for name, values in shapes.items())
    return NightAnalysis(**{name: getattr(night, name) for name in NightAnalysis.__dataclass_fields__} | {"traces": traces})


def csv_night(day: date = date(2025, 1, 10), *, minutes: int = 480, column: str = "hr_bpm", seed: int = 1) -> bytes:
    """Return an open-CSV file of one night, two rows a minute."""
    rng = np.random.default_rng(seed)
    start = datetime(day.year, day.month, day.day, 22, 0, tzinfo=UTC)
    rows = [f"{(start + timedelta(seconds=30 * i)).isoformat()},{60 + rng.integers(-5, 6)}" for i in range(2 * minutes)]
    return "\n".join([f"time,{column}", *rows, ""]).encode()
