"""Judge finds and positions on a mannequin, rendered bodies at known angles, and beds without anybody.

python models/pose/evaluate.py [--data FOLDER] [--heldout FOLDER] [--out FILE]

No people are in it: a figure is of so many pictures, and `--heldout` judges nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from numpy.typing import NDArray

from models.pose.render import View, empty, render
from models.reference import reference_folder
from models.report import Row, judge
from somnia_engine.dsp.posture import TILTS_DEG, body_chances, settled, upwards
from somnia_engine.extractors._body_finder import finder
from somnia_engine.readers._av_video import SCENE

FOLDER = Path(__file__).resolve().parent
ROLLS = (0.0, 90.0, -90.0, 180.0)
BODIES, BEDS = 15, 60
Z = 1.96


def mannequin(reference: Path) -> list[NDArray[np.uint8]]:
    """Return the mannequin's pictures as the reader of videos would hand them out."""
    import av

    pictures = []
    for path in sorted((reference / "pose" / "mannequin_ir").glob("*.jpg")):
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
        scale = SCENE / max(frame.width, frame.height)
        size = {"width": round(frame.width * scale), "height": round(frame.height * scale)}
        pictures.append(frame.reformat(**size, format="gray", interpolation="AREA").to_ndarray())
    return pictures


def views(look: str, *, blanket: bool) -> list[tuple[int, View]]:
    """Return bodies at known angles with their position: turned in the bed, the bed in the picture, by chance of fixed seeds."""
    rng = np.random.default_rng(100)
    return [
        (position, View(roll + rng.uniform(-15, 15), rng.uniform(0, 360), TILTS_DEG[look], blanket, seed=1000 + k))
        for position, roll in enumerate(ROLLS)
        for k in range(BODIES)
    ]


def position_of(picture: NDArray[np.uint8], look: str) -> tuple[bool, float]:
    """Return whether a body is found in one picture, and the position that is told; NaN when none is."""
    found = finder().find(picture)
    if found is None:
        return False, float("nan")
    return True, float(settled(body_chances(found[0], upwards(look))[None])[0])


def _row(task: str, counts: tuple[int, int], *, protocol: str, figure: str, bar: float | None = None, fewer: bool = False) -> Row:
    right, of = counts
    share = right / of if of else float("nan")
    middle, spread = (share + Z**2 / (2 * of)), Z * np.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    low, high = ((middle + side * spread) / (1 + Z**2 / of) for side in (-1, 1))
    passed = None if bar is None else bool(share <= bar if fewer else share > bar)
    return {
        "task": task, "protocol": protocol, "n_people": of, "n_units": of, "unit": "pictures", "figure": figure,
        "value": round(share, 4), "low": round(max(float(low), 0.0), 4), "high": round(min(float(high), 1.0), 4), "ruler": bar,
        "ruler_name": "four turns, MediaPipe's own way" if not fewer and bar else "", "bar": bar, "passed": passed, "coverage": 1.0,
    }  # fmt: skip


def _bodies(look: str, *, blanket: bool) -> list[Row]:
    told = [(position, *position_of(render(view), look)) for position, view in views(look, blanket=blanket)]
    answered = [(position, said) for position, _, said in told if np.isfinite(said)]
    name = f"rendered bodies, camera {look}{', under a blanket' if blanket else ''}"
    right = sum(position == said for position, said in answered)
    rows = [_row(f"body found: {name}", (sum(found for _, found, _ in told), len(told)), protocol="angles known", figure="found")]
    rows.append(_row(f"position told: {name}", (len(answered), len(told)), protocol="angles known", figure="told"))
    if answered:
        rows.append(_row(f"position right: {name}", (right, len(answered)), protocol="of those told", figure="accuracy"))
    return rows


def _empty(seeds: Sequence[int], name: str) -> list[Row]:
    told = [position_of(empty(seed), "above") for seed in seeds]
    finds, positions = sum(found for found, _ in told), sum(bool(np.isfinite(said)) for _, said in told)
    return [
        _row(f"false finds: {name}", (finds, len(told)), protocol="rendered", figure="found"),
        _row(f"false positions: {name}", (positions, len(told)), protocol="rendered", figure="told", bar=0.05, fewer=True),
    ]


def rows_of(arguments: argparse.Namespace) -> list[Row]:
    """Return the rows; there is nobody to keep back."""
    pictures = [] if arguments.heldout else mannequin(reference_folder())
    if not pictures:
        return []
    upright = sum(finder().find(picture, (0,)) is not None for picture in pictures)
    found = sum(finder().find(picture) is not None for picture in pictures)
    rows = [
        _row("mannequin found, upright only", (upright, len(pictures)), protocol="no truth of position", figure="found"),
        _row("mannequin found, four turns", (found, len(pictures)), protocol="no truth of position", figure="found", bar=round(18 / 21, 4)),
    ]
    for look in TILTS_DEG:
        rows += _bodies(look, blanket=False) + _bodies(look, blanket=True)
    return rows + _empty(range(0, 2 * BEDS, 2), "empty beds") + _empty(range(1, 2 * BEDS, 2), "crumpled blankets")


if __name__ == "__main__":
    judge(__doc__ or "", FOLDER, rows_of)
