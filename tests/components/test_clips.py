"""The tab of loud moments."""

from dataclasses import dataclass
from datetime import datetime

from components.clips import clips_tab
from somnia_engine.types.clips import Clip
from tests.components.made import night


@dataclass(frozen=True)
class OneKept:
    id: str
    expires_at: datetime
    clip: Clip


def test_each_clip_has_its_picture_its_player_and_what_was_blanked() -> None:
    kept = [OneKept(f"c{n}", datetime(2026, 1, 1), Clip(60.0 * n, 10.0, 20.0, 2.0 * n, b"", b"")) for n in range(2)]
    said = str(clips_tab(kept, night()))
    for n in range(2):
        assert f"src='/clip/c{n}'" in said
        assert f"src='/clip/c{n}/picture'" in said
    assert said.count(" 2 s blanked") == 1


def test_without_clips_it_says_how_to_have_some() -> None:
    assert "/settings" in str(clips_tab([], night()))
