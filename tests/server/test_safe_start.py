import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from somnia_server import cli, create_server
from somnia_server.access.staff import make_staff
from somnia_server.safe_start import NO_ADMIN, for_keyboard, ready, require_admin
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.accounts import HOUSE, list_accounts, set_active
from somnia_server.store.actors import Role
from somnia_server.store.masters import Masters
from tests.server.access.people import PASSWORD

PROJECT = Path(__file__).resolve().parents[2]
OUTSIDE = {"SOMNIA_HOST": "192.0.2.1"}
BEHIND = {"SOMNIA_PROXIES": "1"}
SAFE = {"SOMNIA_SECRET_KEY": "x" * 32, "SOMNIA_TLS": "1"}


@pytest.fixture
def with_key(environ: dict[str, str]) -> dict[str, str]:
    """Return the variables of an instance that has a key, and nobody in it."""
    Masters(Settings.from_env(environ)).chosen()
    return environ


def reasons(environ: dict[str, str], start: Callable[[dict[str, str]], Settings] = ready) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        start(environ)
    assert str(refusal.value).count("\n- ") == len(refusal.value.reasons)
    return refusal.value.reasons


@pytest.mark.parametrize("others", [OUTSIDE, BEHIND, {"SOMNIA_HOST": "0.0.0.0"}])
def test_before_others_everything_that_is_missing_stands_in_one_message(environ, others):
    found = reasons(environ | others | {"SOMNIA_DEBUG": "1"})
    for name in ("SOMNIA_DEBUG", "SOMNIA_SECRET_KEY", "SOMNIA_KEY_FILE", "SOMNIA_TLS"):
        assert sum(reason.startswith(name) for reason in found) == 1
    assert found[-1] == NO_ADMIN
    assert len(found) == 5


def test_a_refused_start_leaves_nothing_behind(environ, tmp_path):
    reasons(environ | OUTSIDE)
    assert list(tmp_path.iterdir()) == []


MISSING = {
    "a secret": ({"SOMNIA_SECRET_KEY": ""}, "SOMNIA_SECRET_KEY"),
    "https": ({"SOMNIA_TLS": "0"}, "SOMNIA_TLS"),
    "quiet": ({"SOMNIA_DEBUG": "1"}, "SOMNIA_DEBUG"),
    "a known port": ({"SOMNIA_PORT": "0"}, "SOMNIA_PORT"),
}


@pytest.mark.parametrize("which", [*[(one,) for one in MISSING], *combinations(MISSING, 2)], ids=" and ".join)
def test_each_thing_that_is_missing_is_named_and_nothing_else(with_key, which):
    given = with_key | OUTSIDE | SAFE
    assert Settings.from_env(given).serves_others
    for one in which:
        given |= MISSING[one][0]
    found = reasons(given, Settings.from_env)
    assert [sum(reason.startswith(MISSING[one][1]) for reason in found) for one in which] == [1] * len(which)
    assert len(found) == len(which)


def test_without_https_only_when_it_is_said_in_so_many_words(with_key):
    given = with_key | OUTSIDE | SAFE | {"SOMNIA_TLS": "0", "SOMNIA_INSECURE_HTTP": "1"}
    assert Settings.from_env(given).serves_others


def test_a_key_in_the_environment_is_a_key(environ):
    assert Settings.from_env(environ | OUTSIDE | SAFE | {"SOMNIA_MASTER_KEY": "AAAA" * 10 + "AAA="}).serves_others


@pytest.mark.parametrize("others", [OUTSIDE, BEHIND])
def test_others_are_served_once_there_is_an_administrator_who_can_log_in(environ, others):
    app = create_server(Settings.from_env(environ))
    settings = Settings.from_env(environ | others | SAFE)
    with app.app_context():
        assert list_accounts(HOUSE) == ()  # no account comes with the software
        make_staff(HOUSE, email="doc@example.org", password=PASSWORD, role=Role.DOCTOR)
        with pytest.raises(SettingsError, match="create-admin --email"):
            require_admin(settings)
        admin = make_staff(HOUSE, email="root@example.org", password=PASSWORD, role=Role.ADMIN)
        require_admin(settings)
        set_active(HOUSE, admin, active=False)
        with pytest.raises(SettingsError, match="create-admin --email"):
            require_admin(settings)


def test_on_this_machine_alone_none_of_it_is_needed(environ):
    settings = ready(environ | {"SOMNIA_DEBUG": "1"})
    assert not settings.serves_others
    assert settings.lacks_key


def test_the_web_server_ends_at_once_when_it_is_started_by_hand(with_key):
    environment = {**os.environ, **with_key, **OUTSIDE, **SAFE}
    command = [sys.executable, "-c", "import app; app.server"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert NO_ADMIN in done.stderr


def test_settings_that_were_never_read_from_the_environment_are_refused_too(settings):
    with pytest.raises(SettingsError, match="SOMNIA_SECRET_KEY"):
        create_server(replace(settings, host="0.0.0.0"))


@pytest.fixture
def as_environment(monkeypatch, environ):
    for name, value in (environ | OUTSIDE | SAFE).items():
        monkeypatch.setenv(name, value)
    return environ


@pytest.mark.usefixtures("as_environment")
def test_the_way_from_nothing_to_a_served_instance_is_the_one_that_the_messages_name(monkeypatch, capsys):
    assert cli.main(["run"]) == 2
    said = capsys.readouterr().err
    assert "cli init" in said
    assert "create-admin" in said
    assert cli.main(["init"]) == 0
    assert cli.main(["run"]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [f"- {NO_ADMIN}"]
    monkeypatch.setenv("SOMNIA_ADMIN_PASSWORD", PASSWORD)
    assert cli.main(["create-admin", "--email", "root@example.org"]) == 0
    assert cli.main(["has-admin"]) == 0
    assert ready().serves_others


def test_at_the_keyboard_nobody_else_is_served(environ):
    assert not for_keyboard(environ | OUTSIDE | BEHIND).serves_others
    with pytest.raises(SettingsError, match="SOMNIA_PORT"):
        for_keyboard(environ | {"SOMNIA_PORT": "x"})
