"""The five minutes of docs/api.md, run by bash and curl against a server and a worker."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.server.api.conftest import PASSWORD, Program
from tests.server.api.live import served
from tests.server.api.test_uploads import agree, worker
from tests.server.conftest import csv_night

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "api.md"
pytestmark = pytest.mark.sqlite


def test_the_five_minutes_lead_from_a_file_to_a_night(
    app: Flask, program: Callable[..., Program], environ: dict[str, str], tmp_path: Path
) -> None:
    ann = program()
    agree(app, ann.actor)
    (tour,) = re.findall(r"```bash\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "ring.csv").write_bytes(csv_night(minutes=240))
    with served(app) as address, worker(environ):
        said = os.environ | {"SOMNIA": address, "EMAIL": ann.email, "PASSWORD": PASSWORD, "no_proxy": "127.0.0.1"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", tour], cwd=tmp_path, env=said, capture_output=True, text=True, check=False, timeout=180
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "2025-01-10"
    assert json.loads(done.stdout.splitlines()[0]) == {"note": "Late coffee.", "tags": ["coffee"]}
    assert json.loads((tmp_path / "night.json").read_text())["start"].startswith("2025-01-10")
    assert json.loads((tmp_path / "night.fhir.json").read_text())["resourceType"] == "Bundle"
