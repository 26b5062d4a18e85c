"""What every test may ask for: where the reference recordings lie."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the reference recordings; a test that needs it is skipped, with the reason, where it is not there."""
    folder = Path(os.environ.get("SOMNIA_REFERENCE_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set SOMNIA_REFERENCE_DATA")
    return folder
