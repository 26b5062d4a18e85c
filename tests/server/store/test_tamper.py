"""Whatever is changed on the disk is noticed (R12), and nothing is ever sealed with the same numbers again (R13)."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from somnia_server.store.frames import HEADER_BYTES, LENGTH_BYTES, MAGIC, SealedWriter, read_sealed
from somnia_server.store.keys import unwrap, wrap
from somnia_server.store.masters import Master
from somnia_server.store.vault import NONCE_BYTES, SALT_BYTES, Place, TamperedError, Vault
from tests import reports
from tests.keyring import Keyring

PROJECT = Path(__file__).resolve().parents[3]
VAULT = Vault(Keyring(b"k" * 32))
MASTER = Master(b"m" * 32)
PLACES = [Place(table, row, owner) for table in ("nights.summary", "nights.series") for row in ("1", "2") for owner in ("a", "b")]


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return other bytes: bits flipped, a piece cut out, doubled, moved or put in, the end cut off or grown."""
    at, other = chance.randrange(len(data)), chance.randrange(len(data))
    low, high = sorted((at, other))
    ways: list[Callable[[], bytes]] = [
        lambda: data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
        lambda: bytes(byte ^ (chance.random() < 0.1) for byte in data),
        lambda: data[:at],
        lambda: data[at:],
        lambda: data[:low] + data[high:],
        lambda: data + chance.randbytes(1 + chance.randrange(64)),
        lambda: data[:at] + chance.randbytes(1 + chance.randrange(16)) + data[at:],
        lambda: data[:low] + data[low:high] * 2 + data[high:],
        lambda: data[high:] + data[low:high] + data[:low],
    ]
    while True:
        new = chance.choice(ways)()
        if new != data:
            return new


def frames(data: bytes) -> list[bytes]:
    at, found = HEADER_BYTES, []
    while at < len(data):
        size = LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES], "big")
        found.append(data[at : at + size])
        at += size
    return found


class Attacker:
    """Who holds the disk: every attack counts, every one that is accepted is a failure."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance, self.path = random.Random(seed), folder / "stream"
        self.accepted: list[str] = []
        self.records = {place: VAULT.seal(b"plain " * 20, table=place.table, row=place.row, owner=place.owner) for place in PLACES}
        self.streams = {place: self._stream(place, n) for n, place in enumerate(PLACES)}
        self.keys = {owner: wrap(b"k" * 32, owner, MASTER) for owner in "ab"}

    def _stream(self, place: Place, n: int) -> bytes:
        self.path.unlink(missing_ok=True)
        with SealedWriter(self.path, vault=VAULT, place=place) as writer:
            for i in range(3 + n % 3):
                writer.write(bytes([i]) * 40)
            writer.finish()
        return self.path.read_bytes()

    def attack(self, times: int) -> None:
        ways = (
            self.change_record,
            self.move_record,
            self.splice_record,
            self.change_stream,
            self.move_stream,
            self.shuffle,
            self.change_key,
        )
        for i in range(times):
            way = ways[i % len(ways)]
            try:
                way()
            except TamperedError:
                continue
            self.accepted.append(way.__name__)

    def _open(self, sealed: bytes, place: Place) -> None:
        VAULT.open_sealed(sealed, table=place.table, row=place.row, owner=place.owner)

    def _read(self, data: bytes, place: Place) -> None:
        self.path.write_bytes(data)
        list(read_sealed(self.path, vault=VAULT, place=place))

    def change_record(self) -> None:
        place = self.chance.choice(PLACES)
        self._open(changed(self.records[place], self.chance), place)

    def move_record(self) -> None:
        one, other = self.chance.sample(PLACES, 2)
        self._open(self.records[one], other)

    def splice_record(self) -> None:
        """Join the beginning of one record (version, salt, nonce, some of its text) and the end of another."""
        one, other = self.chance.sample(PLACES, 2)
        at = self.chance.randrange(2, len(self.records[one]))
        self._open(self.records[one][:at] + self.records[other][at:], self.chance.choice((one, other)))

    def change_stream(self) -> None:
        place = self.chance.choice(PLACES)
        self._read(changed(self.streams[place], self.chance), place)

    def move_stream(self) -> None:
        one, other = self.chance.sample(PLACES, 2)
        self._read(self.streams[one], other)

    def shuffle(self) -> None:
        """Re-order, drop or double frames, or take one from another stream."""
        one, other = self.chance.sample(PLACES, 2)
        mine, theirs = frames(self.streams[one]), frames(self.streams[other])
        new = mine
        while new == mine:
            new = self.chance.choices(mine + theirs, k=self.chance.randrange(len(mine) + 3))
            if self.chance.random() < 0.5:
                new = self.chance.sample(mine, len(mine))
        self._read(self.streams[one][:HEADER_BYTES] + b"".join(new), one)

    def change_key(self) -> None:
        if self.chance.random() < 0.2:
            unwrap(self.keys["a"], "b", MASTER)
        elif self.chance.random() < 0.2:
            unwrap(self.keys["a"], "a", Master(self.chance.randbytes(32)))
        else:
            unwrap(changed(self.keys["a"], self.chance), "a", MASTER)


def test_what_is_not_changed_opens(tmp_path: Path):
    attacker = Attacker(tmp_path, 0)
    for place in PLACES:
        attacker._open(attacker.records[place], place)
        attacker._read(attacker.streams[place], place)
    assert unwrap(attacker.keys["a"], "a", MASTER) == b"k" * 32


@pytest.mark.parametrize("times", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_change_on_the_disk_is_accepted(tmp_path: Path, times: int):
    attacker = Attacker(tmp_path, times)
    attacker.attack(times)
    assert attacker.accepted == []
    if times >= 100_000:
        found = {"flips, cuts, splices, swaps of rows and owners, re-ordered frames, changed keys": f"{times:,}", "accepted": "0"}
        reports.keep("r12-tampering", "R12: what is changed or swapped is noticed", found=found)


def draw(count: int) -> bytes:
    """Seal so often under one key, most of it as records, some of it as streams; return the salts with their nonces."""
    drawn, per = [], 50
    with tempfile.TemporaryDirectory() as folder:
        for i in range(count // (10 * per)):
            path = Path(folder) / f"{i}"
            with SealedWriter(path, vault=VAULT, place=PLACES[0]) as writer:
                for _ in range(per - 1):
                    writer.write(b"x")
                writer.finish()
            data = path.read_bytes()
            path.unlink()
            salt = data[len(MAGIC) : HEADER_BYTES]
            drawn += [salt + frame[LENGTH_BYTES : LENGTH_BYTES + NONCE_BYTES] for frame in frames(data)]
    for _ in range(count - len(drawn)):
        drawn.append(VAULT.seal(b"x", table="t", row="r", owner="o")[1 : 1 + SALT_BYTES + NONCE_BYTES])
    return b"".join(drawn)


def drawn_in_a_child(count: int, file: Path) -> int:
    child = os.fork()
    if not child:
        file.write_bytes(draw(count))
        os._exit(0)
    return child


def drawn_after_a_restart(count: int, file: Path) -> "subprocess.Popen[bytes]":
    code = f"from pathlib import Path; from tests.server.store.test_tamper import draw; Path({str(file)!r}).write_bytes(draw({count}))"
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)


def repeated(drawn: bytes) -> int:
    """Return how many pairs of a salt and a nonce came twice; a nonce alone is drawn at random as well."""
    rows = np.frombuffer(drawn, np.uint8).reshape(-1, SALT_BYTES + NONCE_BYTES)
    nonces = np.ascontiguousarray(rows[:, SALT_BYTES : SALT_BYTES + 8]).view(np.uint64).ravel()  # 8 bytes of the 12 differ already
    nonces.sort()
    return int((nonces[1:] == nonces[:-1]).sum())


def test_a_repetition_would_be_seen():
    drawn = draw(1000)
    assert repeated(drawn) == 0
    assert repeated(drawn + drawn[28:56]) == 1


@pytest.mark.parametrize("count", [100_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_no_pair_of_salt_and_nonce_comes_twice_across_forks_and_restarts(tmp_path: Path, count: int):
    part = count // 4
    restarted = drawn_after_a_restart(part, tmp_path / "restarted")
    draw(10)  # the parent has drawn before it forks
    children = [drawn_in_a_child(part, tmp_path / f"child{i}") for i in range(2)]
    mine = draw(part)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert restarted.wait() == 0
    drawn = mine + b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert len(drawn) == 4 * part * (SALT_BYTES + NONCE_BYTES)
    assert repeated(drawn) == 0
    if count >= 10_000_000:
        found = {"records and frames sealed under one key": f"{4 * part:,}", "in": "4 processes: two forks, one restart", "repeated": "0"}
        reports.keep("r13-nonces", "R13: no nonce repeats", found=found)
