"""Anchors: where the audit log stood, hour by hour, in a file outside the database, so that a tail that is cut off is missed."""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path

from somnia_engine.text import Text
from somnia_server.store.house import house

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The number and the code of the log's last entry at a moment."""

    seq: int
    mac: bytes
    at: datetime


def append(seq: int, mac: bytes, *, at: datetime, now_in_any_case: bool = False) -> bool:
    """Write an anchor unless the last is younger than an hour or the same; return whether one was written."""
    known, _ = load()
    if known and (known[-1].seq == seq or (at - known[-1].at < EVERY and not now_in_any_case)):
        return False
    said = json.dumps([seq, mac.hex(), at.isoformat()], separators=(",", ":"))
    descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{said} {_code(said)}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def load() -> tuple[list[Anchor], list[Text]]:
    """Return the anchors in order of time, and what is wrong with their file."""
    anchors, faults = [], []
    lines = _path().read_text("utf-8").splitlines() if _path().exists() else []
    for i, line in enumerate(lines):
        said, _, code = line.rpartition(" ")
        if not compare_digest(code.encode(), _code(said).encode()):
            faults.append(Text("Line {line} of the anchors was changed.", {"line": i + 1}))
            continue
        seq, mac, at = json.loads(said)
        anchors.append(Anchor(seq, bytes.fromhex(mac), datetime.fromisoformat(at)))
    return anchors, faults


def _path() -> Path:
    folder = house().settings.keep
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "anchors.log"


def _code(said: str) -> str:
    return digest(house().vault.derive(b"somnia anchors"), said.encode(), sha256).hex()
