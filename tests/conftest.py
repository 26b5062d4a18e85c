"""What every test may ask for: where the reference recordings lie; and what none may do: reach another machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outward import watch

PROJECT = Path(__file__).resolve().parent.parent

ATTEMPTS: list[str] = []


def pytest_configure() -> None:
    watch(_refuse)


def _refuse(said: str) -> None:
    ATTEMPTS.append(said)
    raise ConnectionRefusedError(f"tests reach no other machine: {said}")


@pytest.fixture(autouse=True)
def _nothing_leaves() -> Iterator[None]:
    """Fail a test during which something tried to reach another machine, even when it took the refusal in its stride."""
    ATTEMPTS.clear()
    yield
    assert ATTEMPTS == []


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the reference recordings; a test that needs it is skipped, with the reason, where it is not there."""
    folder = Path(os.environ.get("SOMNIA_REFERENCE_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set SOMNIA_REFERENCE_DATA")
    return folder
