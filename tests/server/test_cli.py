import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from somnia_server import cli

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0


@pytest.fixture
def as_environment(monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


def test_init_makes_the_key_the_folders_and_the_tables(as_environment, capsys):
    assert cli.main(["init"]) == 0
    assert Path(as_environment["SOMNIA_KEY_FILE"]).stat().st_size == 32
    assert (Path(as_environment["SOMNIA_INSTANCE"]) / "somnia.db").exists()
    assert as_environment["SOMNIA_KEY_FILE"] in capsys.readouterr().out
    assert cli.main(["init"]) == 0


def test_settings_that_cannot_be_used_end_with_code_2_and_every_reason(as_environment, monkeypatch, capsys):
    monkeypatch.setenv("SOMNIA_PORT", "x")
    monkeypatch.setenv("SOMNIA_WORKERS", "-1")
    assert cli.main(["run"]) == 2
    said = capsys.readouterr().err
    assert "SOMNIA_PORT" in said
    assert "SOMNIA_WORKERS" in said


@pytest.mark.usefixtures("as_environment")
def test_purge_runs_on_an_empty_instance():
    assert cli.main(["purge"]) == 0


def until(check, what):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.05)
    pytest.fail(f"in vain: {what}")


def supervise(*commands):
    code = f"import sys; from somnia_server.cli import _supervise; sys.exit(_supervise({commands!r}))"
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)


def test_a_dead_worker_is_started_again_and_all_end_together():
    keeper = supervise(["sleep", "301"], ["sleep", "302"])
    try:
        process = psutil.Process(keeper.pid)

        def child(seconds: str):
            return next((c for c in process.children() if c.status() != psutil.STATUS_ZOMBIE and c.cmdline() == ["sleep", seconds]), None)

        first, web = until(lambda: child("302"), "a worker"), until(lambda: child("301"), "a web server")
        first.kill()
        second = until(lambda: (found := child("302")) and found.pid != first.pid and found, "another worker")
        os.kill(keeper.pid, signal.SIGTERM)
        assert keeper.wait(PATIENCE_S) == 0
        until(lambda: not psutil.pid_exists(second.pid) and not psutil.pid_exists(web.pid), "the end of all")
    finally:
        keeper.kill()
        keeper.wait()


def test_when_the_web_server_ends_by_itself_the_rest_ends_with_its_code():
    keeper = supervise(["sh", "-c", "sleep 1; exit 7"], ["sleep", "303"])
    try:
        assert keeper.wait(PATIENCE_S) == 7
    finally:
        keeper.kill()
        keeper.wait()
