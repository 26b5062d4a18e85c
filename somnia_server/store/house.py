"""What one process has open: its settings and its vault, found through the Flask application."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask, current_app

from somnia_server.settings import Settings
from somnia_server.store.vault import Vault

EXTENSION = "somnia"


@dataclass(frozen=True, slots=True)
class House:
    """The settings and the vault of this process."""

    settings: Settings
    vault: Vault


def settle(app: Flask, house: House) -> None:
    """Give the application its house."""
    app.extensions[EXTENSION] = house


def house() -> House:
    """Return the house of the current application."""
    found: House = current_app.extensions[EXTENSION]
    return found


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)
