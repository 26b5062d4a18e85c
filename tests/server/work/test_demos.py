"""Demo nights are analyzed once for each engine, as a person's own nights are."""

import os
import shutil
from pathlib import Path

import pytest

from somnia_server.settings import Settings
from somnia_server.store import demo_nights
from somnia_server.work import demos

pytestmark = pytest.mark.sqlite


@pytest.fixture
def watch_only(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    from somnia_engine.synthetic import write_demo

    monkeypatch.setattr(os, "nice", lambda by: by)  # the tests stay as quick as they are
    settings.prepare()
    write_demo("insomnia", tmp_path)
    folder = settings.demo / "insomnia"
    folder.mkdir()
    shutil.copy(tmp_path / "watch.csv", folder)
    return settings


def test_a_demo_is_analyzed_once_and_again_by_another_engine(watch_only: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert demos.analyze_demos(watch_only) == 1
    assert demo_nights.has_demo_nights(watch_only, "insomnia")
    assert len(list((watch_only.demo / demo_nights.FOLDER / "insomnia").glob("*.summary"))) == 14
    assert demos.analyze_demos(watch_only) == 0
    monkeypatch.setattr(demos, "engine_stamp", lambda: "another")
    assert demos.analyze_demos(watch_only) == 1
    assert demo_nights.stamp_of(watch_only, "insomnia") == "another"
