"""Code that a hostile file has got to run in the room reaches neither keys nor data nor another process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
HOSTILE = """
import json, os, socket, sys
from pathlib import Path
from somnia_server.work.fence import put_up
job, secret, port, parent = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
known = put_up([job])
tries = {
    "a key or database": lambda: open(secret).read(),
    "the same by a link": lambda: (job / "link").read_text(),
    "the environment of who started it": lambda: open(f"/proc/{parent}/environ").read(),
    "the memory of who started it": lambda: open(f"/proc/{parent}/mem", "rb").read(1),
    "what is in the folder of keys": lambda: os.listdir(os.path.dirname(secret)),
    "a file of the system": lambda: open("/etc/passwd").read(),
    "writing over the program": lambda: open("somnia_server/__init__.py", "a"),
    "writing into the folder of keys": lambda: open(secret + ".new", "w"),
    "moving the key": lambda: os.rename(secret, job / "key"),
    "starting a program": lambda: os.execv("/bin/true", ["true"]),
    "the network": lambda: socket.create_connection(("127.0.0.1", port), timeout=1),
    "becoming more": lambda: os.setuid(1),
}
reached = []
for name, attempt in tries.items():
    try:
        attempt()
    except OSError:
        continue
    reached.append(name)
(job / "new").write_text("its own folder")
print(json.dumps([known, reached, (job / "night.csv").read_text(), (job / "new").read_text()]))
"""


def test_nothing_but_the_program_and_the_job_is_within_reach(tmp_path: Path):
    job, secret = tmp_path / "job", tmp_path / "keys" / "master.key"
    for folder in (job, secret.parent):
        folder.mkdir()
    secret.write_text("canary")
    (job / "night.csv").write_text("time,hr_bpm")
    (job / "link").symlink_to(secret)
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = [str(job), str(secret), str(server.getsockname()[1]), str(os.getpid())]
        done = subprocess.run([sys.executable, "-c", HOSTILE, *said], cwd=PROJECT, capture_output=True, text=True, check=True)
    known, reached, own, new = json.loads(done.stdout)
    if not known:
        pytest.skip("this kernel has no Landlock")
    assert reached == []
    assert (own, new) == ("time,hr_bpm", "its own folder")
    assert secret.read_text() == "canary"
