import os
import re
import stat
from pathlib import Path

import pytest

from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError


def test_the_defaults_serve_loopback_only(environ):
    settings = Settings.from_env(environ)
    assert settings.host == "127.0.0.1"
    assert settings.port == 8050
    assert settings.database_url.startswith("sqlite:///")
    assert not settings.debug


def test_every_problem_stands_in_one_message(environ):
    bad = environ | {
        "SOMNIA_PORT": "many",
        "SOMNIA_VISITOR_HOURS": "-3",
        "SOMNIA_TLS": "perhaps",
        "SOMNIA_SECRET_KEY": "short",
        "SOMNIA_HOST": "0.0.0.0",
        "SOMNIA_DEBUG": "1",
        "SOMNIA_KEY_FILE": environ["SOMNIA_INSTANCE"] + "/master.key",
    }
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(bad)
    for name in ("SOMNIA_PORT", "SOMNIA_VISITOR_HOURS", "SOMNIA_TLS", "SOMNIA_SECRET_KEY", "SOMNIA_DEBUG", "SOMNIA_KEY_FILE"):
        assert name in str(refusal.value)


def test_a_key_inside_the_instance_is_refused_even_through_a_link(environ, tmp_path):
    inside = Path(environ["SOMNIA_INSTANCE"])
    inside.mkdir()
    (tmp_path / "keys").symlink_to(inside)
    with pytest.raises(SettingsError, match="inside SOMNIA_INSTANCE"):
        Settings.from_env(environ)


def test_off_loopback_a_secret_and_a_key_must_be_there_first(environ):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(environ | {"SOMNIA_HOST": "192.0.2.1"})
    assert "SOMNIA_SECRET_KEY is needed" in str(refusal.value)
    assert "cli init" in str(refusal.value)
    create_server(Settings.from_env(environ))
    assert Settings.from_env(environ | {"SOMNIA_HOST": "192.0.2.1", "SOMNIA_SECRET_KEY": "x" * 32, "SOMNIA_TLS": "1"}).host == "192.0.2.1"


def test_the_folders_are_private(settings):
    settings.prepare()
    for folder in (settings.instance, settings.temp, settings.uploads):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_key_that_others_can_read_is_refused(settings, environ):
    create_server(settings)
    settings.key_file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        Settings.from_env(environ)


def test_a_key_of_the_wrong_size_is_refused(settings, environ):
    create_server(settings)
    settings.key_file.write_bytes(b"too short")
    with pytest.raises(SettingsError, match="32 random bytes"):
        Settings.from_env(environ)


def test_the_key_lies_in_the_users_configuration_by_default(tmp_path):
    settings = Settings.from_env({"SOMNIA_INSTANCE": str(tmp_path / "i"), "XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert settings.key_file == tmp_path / "config" / "somnia" / "master.key"
    assert not os.environ.get("SOMNIA_KEY_FILE", "").startswith(str(tmp_path))


def test_the_secret_is_not_printed(environ):
    assert "s" * 40 not in repr(Settings.from_env(environ | {"SOMNIA_SECRET_KEY": "s" * 40}))


def test_every_setting_is_documented():
    project = Path(__file__).resolve().parents[2]
    source = "".join(path.read_text(encoding="utf-8") for path in (project / "somnia_server").glob("*settings.py"))
    said = (project / "docs" / "settings.md").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.\w+\("([A-Z_]+)"', source))
    assert len(names) >= 33
    assert {name for name in names if f"SOMNIA_{name}" not in said} == set()


def test_the_style_page_is_for_this_machine_only(environ):
    assert Settings.from_env(environ | {"SOMNIA_STYLEGUIDE": "1"}).styleguide
    with pytest.raises(SettingsError, match="SOMNIA_STYLEGUIDE"):
        Settings.from_env(environ | {"SOMNIA_STYLEGUIDE": "1", "SOMNIA_HOST": "0.0.0.0"})
