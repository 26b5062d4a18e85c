"""Anchors: where the audit log stood, in files outside the database, so that a tail that is cut off is missed.

`anchors.log` gets a line each hour or after many entries; `anchors.head` is replaced with each change of the log, and says how long
that file was. The log in turn says it with each anchor, so that neither the log nor the files can be cut by themselves.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path
from typing import Any

from somnia_engine.text import Text
from somnia_server.store.house import house

EVERY = timedelta(hours=1)
EACH = 100
"""After so many entries there is an anchor, however young the last one is."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The number and the code of the log's last entry at a moment."""

    seq: int
    mac: bytes
    at: datetime


def append(seq: int, mac: bytes, *, at: datetime, now_in_any_case: bool = False) -> int | None:
    """Write an anchor unless the last is the same, or young and near; return how long their file is now, None when none was written."""
    known, _ = load()
    last = known[-1] if known else None
    if last is not None and (last.seq == seq or (at - last.at < EVERY and seq - last.seq < EACH and not now_in_any_case)):
        return None
    line = _line([seq, mac.hex(), at.isoformat()])
    descriptor = os.open(_path("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size()


def keep_head(seq: int, mac: bytes) -> None:
    """Write where the log stands now, and how long the anchors' file is, unless the log is known to stand further."""
    lock = os.open(_path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(_path("head").read_text("utf-8")) if _path("head").exists() else None
        if known is None or known[0] <= seq:
            fresh = _path("head-fresh")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(_line([seq, mac.hex(), size()]))
            fresh.replace(_path("head"))
    finally:
        os.close(lock)


def load() -> tuple[list[Anchor], list[Text]]:
    """Return the anchors in order of time, and what is wrong with their file."""
    anchors, faults = [], []
    lines = _path("log").read_text("utf-8").splitlines() if _path("log").exists() else []
    for i, line in enumerate(lines):
        said = _read(line)
        if said is None:
            faults.append(Text("Line {line} of the anchors was changed.", {"line": i + 1}))
        else:
            anchors.append(Anchor(said[0], bytes.fromhex(said[1]), datetime.fromisoformat(said[2])))
    return anchors, faults


def head() -> tuple[int, bytes, int] | None:
    """Return the number and the code of the log's last entry, and how long the anchors were; None where that is missing or changed."""
    said = _read(_path("head").read_text("utf-8")) if _path("head").exists() else None
    return None if said is None else (said[0], bytes.fromhex(said[1]), said[2])


def size() -> int:
    """Return how long the anchors' file is [bytes]."""
    return _path("log").stat().st_size if _path("log").exists() else 0


def _line(fields: list[Any]) -> str:
    said = json.dumps(fields, separators=(",", ":"))
    return f"{said} {_code(said)}\n"


def _read(line: str) -> Any:
    """Return what a line says; None when its code is not ours."""
    said, _, code = line.rstrip("\n").rpartition(" ")
    return json.loads(said) if compare_digest(code.encode(), _code(said).encode()) else None


def _path(name: str) -> Path:
    folder = house().settings.keep
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"anchors.{name}"


def _code(said: str) -> str:
    return digest(house().vault.derive(b"somnia anchors"), said.encode(), sha256).hex()
