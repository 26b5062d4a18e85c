"""Damaged and hostile videos: the locked room bounds or refuses them, and the web answers as before (R21 to R23)."""

import os
import random
import resource
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from somnia_server.store.choices import Choices
from somnia_server.work import door, uploads
from somnia_server.work.room import Limits, Request
from tests.engine.videos import Scene, evenly, render, write_video

MOST_S, MOST_MIB = 5.0, 300.0
MUTANTS = 24
SIZE_IN_MKV = (b"\xb0\x81\xa0", b"\xba\x81\x78")
"""Width 160 and height 120 as Matroska writes them."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made(tmp_path_factory.mktemp("clip") / "night.mkv", "h264")


def made(path: Path, codec: str) -> bytes:
    times_s = evenly(20.0, 10.0)
    return write_video(path, render(Scene(), times_s), times_s, codec=codec).read_bytes()


def claims_huge_pictures(folder: Path) -> bytes:
    raw = made(folder / "huge.mkv", "h264")
    for said in SIZE_IN_MKV:
        assert said in raw
        raw = raw.replace(said, said[:1] + b"\x82" + struct.pack(">H", 60000), 1)
    return raw


def holds_huge_pictures(folder: Path) -> bytes:
    """Return MJPEG whose every picture says 60,000 x 60,000 points (3.6 Gpx), in a container that says 160 x 120."""
    raw = bytearray(made(folder / "jpeg.mkv", "mjpeg"))
    at = found = 0
    while (at := raw.find(b"\xff\xc0\x00\x11\x08", at)) >= 0:
        raw[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
        at, found = at + 9, found + 1
    assert found > 100
    return bytes(raw)


def claims_endless_samples(folder: Path) -> bytes:
    raw = made(folder / "samples.mp4", "h264")
    at = raw.index(b"stsz") + 12
    return raw[:at] + struct.pack(">I", 0xFFFFFFF0) + raw[at + 4 :]


def nests_boxes(folder: Path) -> bytes:
    raw = made(folder / "nested.mp4", "h264")
    deep = b""
    for _ in range(20000):
        deep = struct.pack(">I", len(deep) + 8) + b"udta" + deep
        if len(deep) > 200_000:
            break
    return raw + struct.pack(">I", len(deep) + 8) + b"moov" + deep


def claims_a_year(folder: Path) -> bytes:
    raw = made(folder / "long.mkv", "h264")
    at = raw.index(b"\x44\x89\x88") + 3
    return raw[:at] + struct.pack(">d", 1000.0 * 86400 * 365) + raw[at + 8 :]


BOMBS = (claims_huge_pictures, holds_huge_pictures, claims_endless_samples, nests_boxes, claims_a_year)


def bounded(path: Path) -> str:
    """Analyse one file in the locked room, within bounds; return "read", or why not."""
    before, until = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, time.monotonic() + 60.0
    choices = Choices("UTC", datetime(2025, 3, 6, 22, tzinfo=UTC), look="above")
    asked = Request("analyse", Limits(2048, 60), os.getpid(), paths=(str(path),), choices=choices)
    said = "read"
    try:
        door.ask(asked, wanted=lambda _: time.monotonic() < until)
    except door.RefusedError as refused:
        said = f"refused: {refused.text}"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 <= max(before, MOST_MIB)
    return said


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_bomb_is_refused_or_bounded_and_pages_still_answer(bomb: Callable[[Path], bytes], visitor, app, tmp_path: Path) -> None:
    raw = bomb(tmp_path)
    suffix = "mkv" if raw[:4] == b"\x1aE\xdf\xa3" else "mp4"
    upload_id = visitor.upload(raw, f"bomb.{suffix}")
    begin = time.monotonic()
    with app.app_context():
        try:
            said = str(uploads.survey_upload(visitor.actor, upload_id).name)
        except uploads.RefusedError as refused:
            said = str(refused.text)
    assert time.monotonic() - begin < MOST_S
    assert said
    path = tmp_path / f"bomb.{suffix}"
    path.write_bytes(raw)
    assert bounded(path)
    assert visitor.client.get("/upload").status_code == 200


def test_mutants_of_a_video_end_as_read_or_refused_in_words(clip: bytes, tmp_path: Path) -> None:
    rng, path, ends = random.Random(11), tmp_path / "night.mkv", []
    for _ in range(MUTANTS):
        raw = bytearray(clip)
        for _ in range(rng.choice((2, 20, 200))):
            raw[rng.randrange(40, len(raw))] = rng.randrange(256)
        path.write_bytes(raw[: rng.randrange(len(raw) // 3, len(raw) + 1)] if rng.random() < 0.3 else raw)
        ends.append(bounded(path))
    assert all(end == "read" or end.startswith("refused: ") for end in ends)
    assert not any("unexpected problem" in end for end in ends)
    assert "read" in ends
