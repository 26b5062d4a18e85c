"""Rendered bodies on a bed at known angles, and beds without anybody: shaded balls along the limbs, seen by a camera far away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE, METERS = 384, 2.3
"""Side of the picture [px], and what it shows [m]."""
JOINTS = {
    "neck": (0.0, 0.55, 0.0), "chest": (0.0, 0.38, 0.02), "hips": (0.0, 0.0, 0.0), "head": (0.0, 0.73, 0.02),
    "left_shoulder": (0.18, 0.5, 0.0), "left_elbow": (0.27, 0.24, 0.0), "left_hand": (0.25, 0.0, 0.08),
    "left_hip": (0.1, 0.0, 0.0), "left_knee": (0.12, -0.42, 0.03), "left_foot": (0.12, -0.82, 0.0), "left_toes": (0.13, -0.88, 0.13),
}  # fmt: skip
LIMBS = (
    ("shoulder", "elbow", 0.05), ("elbow", "hand", 0.04), ("hip", "knee", 0.075), ("knee", "foot", 0.05), ("foot", "toes", 0.035),
    ("shoulder", "hip", 0.085),
)  # fmt: skip
SKIN, CLOTH, HAIR, EYES, MOUTH = 0.85, 0.55, 0.15, 0.05, 0.3
FACE = (
    ((0.0, 0.0, 0.0), 0.095, SKIN), ((0.0, 0.03, 0.0), 0.09, SKIN), ((0.0, 0.035, -0.025), 0.1, HAIR),
    *(((x, 0.03, 0.078), 0.02, EYES) for x in (-0.035, 0.035)),
    *(((x, 0.065, 0.075), 0.012, HAIR) for x in (-0.045, -0.03, 0.03, 0.045)),
    ((0.0, 0.0, 0.09), 0.022, SKIN), *(((x, -0.05, 0.075), 0.012, MOUTH) for x in (-0.02, 0.0, 0.02)),
    *(((x, 0.0, -0.01), 0.028, SKIN) for x in (-0.095, 0.095)),
)  # fmt: skip
"""Balls of the head: from its middle [m], radius [m], shade."""


@dataclass(frozen=True, slots=True)
class View:
    """What is rendered.

    `roll_deg` 0 on the back, 90 on the left, -90 on the right, 180 on the front; `heading_deg` turns the bed; `tilt_deg` is the
    camera's angle from straight down; a blanket up to the chest or none; the seed of all chance.
    """

    roll_deg: float
    heading_deg: float = 0.0
    tilt_deg: float = 0.0
    blanket: bool = False
    seed: int = 0


def _balls(view: View) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return centers (n, 3) in body axes (left, head, front), radii and shades."""
    rng = np.random.default_rng(view.seed)
    at = {name: np.array(place) + rng.normal(0.0, 0.015, 3) for name, place in JOINTS.items() if not name.startswith("left")}
    for name, place in JOINTS.items():
        if name.startswith("left_"):
            part = name.removeprefix("left_")
            bend = rng.normal(0.0, 0.06 if part in ("elbow", "hand", "knee", "foot") else 0.01, (2, 3))
            at[name] = np.array(place) + bend[0]
            at[f"right_{part}"] = np.array(place) * (-1.0, 1.0, 1.0) + bend[1]
    found: list[tuple[NDArray[np.float64], float, float]] = []
    for side in ("left", "right"):
        for a, b, radius in LIMBS:
            shade = SKIN if b in ("hand", "toes", "foot") else CLOTH
            found += [(at[f"{side}_{a}"] * (1 - u) + at[f"{side}_{b}"] * u, radius, shade) for u in np.linspace(0.0, 1.0, 24)]
    for a, b, radius, shade in (("neck", "hips", 0.11, CLOTH), ("neck", "head", 0.055, SKIN)):
        found += [(at[a] * (1 - u) + at[b] * u, radius, shade) for u in np.linspace(0.0, 1.0, 20)]
    found += [(at["left_shoulder"] * (1 - u) + at["right_shoulder"] * u, 0.08, CLOTH) for u in np.linspace(0.0, 1.0, 12)]
    head = at["head"]
    found += [(head + np.array(place), radius, shade) for place, radius, shade in FACE]
    return tuple(np.array([ball[k] for ball in found]) for k in range(3))  # type: ignore[return-value]


def axes_of(view: View) -> NDArray[np.float64]:
    """Return the rows left, head, front of the body in the camera's axes (right, down, away)."""
    roll, heading, tilt = np.radians((view.roll_deg, view.heading_deg, view.tilt_deg))
    body = np.array([[np.cos(roll), 0, -np.sin(roll)], [0, 1, 0], [np.sin(roll), 0, np.cos(roll)]])
    turn = np.array([[np.cos(heading), np.sin(heading), 0], [-np.sin(heading), np.cos(heading), 0], [0, 0, 1]])
    camera = np.array([[1, 0, 0], [0, -np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), -np.cos(tilt)]])
    return np.asarray(body @ turn @ camera.T)


def bed(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a picture 0..1 of a sheet with folds, a pillow and the floor, darker towards the corners as infra-red lamps light it."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    picture = np.full((SIZE, SIZE), rng.uniform(0.15, 0.3))
    sheet = np.maximum(np.abs(x) / rng.uniform(0.25, 0.4), np.abs(y) / rng.uniform(0.42, 0.49)) < 1.0
    folds = sum(
        rng.uniform(0.02, 0.07) * np.sin(rng.uniform(10, 70) * (np.cos(a) * x + np.sin(a) * y) + rng.uniform(0, 6) + 2 * np.sin(9 * x))
        for a in rng.uniform(0, np.pi, 6)
    )
    picture[sheet] = (rng.uniform(0.4, 0.65) + folds)[sheet]
    pillow = ((x - rng.normal(0, 0.04)) / 0.17) ** 4 + ((y + 0.33) / 0.1) ** 4 < 1.0
    picture[pillow] += rng.uniform(0.08, 0.2)
    return np.asarray(picture * (1.0 - rng.uniform(0.3, 0.9) * (x**2 + y**2)))


def heap(rng: np.random.Generator, picture: NDArray[np.float64]) -> None:
    """Lay a crumpled blanket on the bed, long like a body."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    a, long, wide = rng.uniform(0, np.pi), rng.uniform(0.2, 0.4), rng.uniform(0.08, 0.16)
    along, across = np.cos(a) * x + np.sin(a) * y, -np.sin(a) * x + np.cos(a) * y
    bumps = sum(
        rng.uniform(0.3, 1.0) * np.exp(-((along - u) ** 2 + (across - v) ** 2) / rng.uniform(0.003, 0.02))
        for u, v in zip(rng.uniform(-long, long, 14), rng.uniform(-wide, wide, 14), strict=True)
    )
    slope = np.gradient(np.asarray(bumps))[0] * 12.0
    inside = np.asarray(bumps) > 0.4
    picture[inside] = (rng.uniform(0.35, 0.6) + slope)[inside]


def empty(seed: int) -> NDArray[np.uint8]:
    """Return the picture of a bed in which nobody lies, every second with a crumpled blanket."""
    rng = np.random.default_rng(seed)
    picture = bed(rng)
    if seed % 2:
        heap(rng, picture)
    return _seen(picture, rng, 0.0)


def render(view: View) -> NDArray[np.uint8]:
    """Return the gray picture, shape (SIZE, SIZE), of one body."""
    rng = np.random.default_rng(view.seed + 1)
    picture = np.rot90(bed(rng), round(view.heading_deg / 90) % 4).copy()
    centers, radii, shades = _balls(view)
    seen = centers @ axes_of(view)
    seen[:, :2] += rng.normal(0.0, 0.05, 2)
    seen[:, :2] -= seen[:, :2].mean(axis=0) / 2
    depth = np.full((SIZE, SIZE), np.inf)
    scale = SIZE / METERS
    for (right, down, away), radius, shade in zip(seen, radii, shades, strict=True):
        i, j, r = SIZE / 2 + down * scale, SIZE / 2 + right * scale, radius * scale
        rows, columns = (np.arange(max(int(c - r), 0), min(int(c + r) + 2, SIZE)) for c in (i, j))
        if not len(rows) or not len(columns):
            continue
        up = (r * r - (rows[:, None] - i) ** 2 - (columns[None, :] - j) ** 2) / scale**2
        front = away - np.sqrt(np.clip(up, 0.0, None))
        window = np.ix_(rows, columns)
        nearer = (up > 0) & (front < depth[window])
        depth[window] = np.where(nearer, front, depth[window])
        lit = shade * (0.35 + 0.65 * np.sqrt(np.clip(up, 0.0, None)) / radius)
        picture[window] = np.where(nearer, lit, picture[window])
    if view.blanket:
        _cover(view, picture, rng)
    return _seen(picture, rng, 3.0)


def _cover(view: View, picture: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Lay a blanket over all below the chest; the body under it stays as a soft hill."""
    from scipy.ndimage import gaussian_filter

    head = axes_of(view)[1][:2]
    head = head / max(float(np.hypot(*head)), 1e-6)
    y, x = (np.mgrid[0:SIZE, 0:SIZE] - SIZE / 2) * METERS / SIZE
    below = head[0] * x + head[1] * y < 0.28
    soft = gaussian_filter(picture, 9.0)
    folds = 0.04 * np.sin(25 * (x + 0.6 * y) + 3 * np.sin(5 * y)) + 0.03 * np.sin(40 * (y - 0.4 * x) + rng.uniform(0, 6))
    picture[below] = (0.35 + 0.35 * soft + folds)[below]


def _seen(picture: NDArray[np.float64], rng: np.random.Generator, more: float) -> NDArray[np.uint8]:
    gain = rng.uniform(0.5, 1.1)
    return np.clip(255.0 * gain * picture + rng.normal(0.0, 3.0 + more, picture.shape), 0, 255).astype(np.uint8)
