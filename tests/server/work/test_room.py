import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.pose.render import View, render
from somnia_engine.types.recording import Subject
from somnia_server.store import codec, nightcodec
from somnia_server.store.choices import Choices
from somnia_server.work import door, room
from somnia_server.work.room import Limits, Progress, Request
from tests.engine.videos import evenly, write_video

PROJECT = Path(__file__).resolve().parents[3]


def always(_progress: Progress) -> bool:
    return True


def request(path: Path, *, memory_mib: int = 4096, cpu_s: int = 60) -> Request:
    return Request("survey", Limits(memory_mib, cpu_s), os.getpid(), paths=(str(path),))


def test_what_is_known_of_the_person_reaches_the_room(tmp_path):
    said = replace(request(tmp_path), subject=Subject(1980, "female", 171.5, 64.0, 13.5, infant=False))
    assert codec.loads(Request, codec.dumps(said)) == said


def test_a_request_that_is_no_longer_wanted_ends_the_room(tmp_path):
    begin = time.monotonic()
    with pytest.raises(door.StoppedError):
        door.ask(request(tmp_path / "x"), wanted=lambda _progress: False, tick_s=0.05)
    assert time.monotonic() - begin < 5


def test_a_room_without_enough_memory_refuses_the_file(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("time_s,hr_bpm\n0,60\n")
    with pytest.raises(door.RefusedError):
        door.ask(request(file, memory_mib=1), wanted=always)


def test_the_room_does_not_see_the_keys(monkeypatch, tmp_path):
    monkeypatch.setenv("SOMNIA_SECRET_KEY", "canary")
    seen = []
    popen = subprocess.Popen

    def spy(*arguments, **keywords):
        seen.append(keywords["env"])
        return popen(*arguments, **keywords)

    monkeypatch.setattr(subprocess, "Popen", spy)
    with pytest.raises(door.RefusedError):
        door.ask(request(tmp_path / "missing"), wanted=always)
    assert not [name for name in seen[0] if name.startswith("SOMNIA_")]


def test_a_room_whose_parent_is_gone_does_not_start():
    orphan = Request("survey", Limits(4096, 60), parent=1, paths=("x",))
    body = codec.dumps(orphan)
    asked = room.RESULT + len(body).to_bytes(4, "big") + body
    done = subprocess.run([sys.executable, "-m", "somnia_server.work.room"], input=asked, cwd=PROJECT, check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (3, b"")


def test_frames_survive_any_cut():
    answer, waiting = door.Answer(), bytearray()
    sent = room.RESULT + (3).to_bytes(4, "big") + b"abc" + room.PROGRESS
    body = codec.dumps(Progress("stage", 0.5))
    sent += len(body).to_bytes(4, "big") + body
    for byte in sent:
        waiting.append(byte)
        door._take_frames(waiting, answer)
    assert answer.frames == {room.RESULT: b"abc"}
    assert answer.progress == Progress("stage", 0.5)
    assert not waiting


def test_bodies_are_found_behind_the_fence(tmp_path):
    times_s = evenly(60.0, 2.0)
    picture = render(View(0, heading_deg=180, seed=5))
    file = write_video(tmp_path / "night.mkv", iter([picture] * len(times_s)), times_s, gop=2)
    asked = replace(request(file), task="analyse", choices=Choices("UTC", datetime(2025, 3, 6, 22, tzinfo=UTC), look="above"))
    answer = door.ask(asked, wanted=always)
    summary, series = answer.frames[room.SUMMARY], answer.frames[room.SERIES]
    assert nightcodec.unpack_night(summary, series).features["camera_position"].tolist() == [0, 0]
