"""Where the reference recordings lie."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def reference_folder() -> Path:
    """Return the folder of the reference recordings, from SOMNIA_REFERENCE_DATA or beside the project."""
    return Path(os.environ.get("SOMNIA_REFERENCE_DATA", PROJECT.parent / "shared" / "data"))
