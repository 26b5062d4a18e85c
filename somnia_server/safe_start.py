"""What must hold before others reach the pages: safe settings, and somebody who looks after them. All reasons at once."""

import os
import subprocess
import sys
from collections.abc import Mapping

from somnia_server.access_settings import LOOPBACK
from somnia_server.settings import PROJECT, Settings, SettingsError, refuse

NO_ADMIN = (
    "there is no account of an administrator, and one is needed before others reach the pages: "
    "python -m somnia_server.cli create-admin --email ADDRESS"
)
MISSING = 3
"""The exit code of `has-admin` when there is none."""


def for_keyboard(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings for a command at the server's own keyboard: it serves nobody, so what only matters to others may be open."""
    given = os.environ if environ is None else environ
    return Settings.from_env({**given, "SOMNIA_HOST": "127.0.0.1", "SOMNIA_PROXIES": "0", "SOMNIA_DEBUG": "0"})


def ready(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings with which pages may be served; SettingsError gives every reason, a missing administrator among them."""
    given = os.environ if environ is None else environ
    try:
        settings, reasons = Settings.from_env(given), []
    except SettingsError as error:
        settings, reasons = None, list(error.reasons)
    if _serves_others(given) and _lacks_admin(given):
        reasons.append(NO_ADMIN)
    refuse(reasons)
    return settings or Settings.from_env(given)


def require_admin(settings: Settings) -> None:
    """Refuse to serve others while nobody looks after them; call it within the application, once the tables stand."""
    from somnia_server.store.accounts import has_admin

    if settings.serves_others and not has_admin():
        refuse([NO_ADMIN])


def _serves_others(environ: Mapping[str, str]) -> bool:
    """Return whether others reach the pages, also when these settings cannot be used as a whole."""
    host, proxies = environ.get("SOMNIA_HOST", "").strip(), environ.get("SOMNIA_PROXIES", "").strip()
    return host not in {"", *LOOPBACK} or proxies not in {"", "0"}


def _lacks_admin(environ: Mapping[str, str]) -> bool:
    """Ask in a process of its own, so that what it imports does not stay here; False when the answer cannot be had."""
    command = [sys.executable, "-m", "somnia_server.cli", "has-admin"]
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, **environ}, capture_output=True, check=False)
    return done.returncode == MISSING
