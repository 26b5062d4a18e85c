"""The stage ribbon: a whole night as one strip of colored stages, small enough for a list."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from urllib.parse import quote

from dash import html

from components.theme import STAGE_TOKENS, TOKENS
from somnia_engine.types.hypnogram import EPOCH_S, Stage

SAFE = " '=:/;,.(){}@-"
"""What may stand in the address of a picture as it is; the rest is three letters each."""
HEIGHTS = {
    Stage.W: 0.30,
    Stage.R: 0.55,
    Stage.N1: 0.62,
    Stage.L: 0.75,
    Stage.S: 0.75,
    Stage.N2: 0.78,
    Stage.N: 0.78,
    Stage.T: 0.6,
    Stage.N3: 1.0,
}
"""How tall a stage stands, so that the ribbon reads in grey: deeper sleep is taller."""


def stage_ribbon(stages: Sequence[int], *, label: str, height: int = 28, class_name: str = "ribbon", dark: bool = False) -> html.Img:
    """Return the ribbon of one night as a picture that follows the browser's light or dark preference.

    Parameters
    ----------
    stages : sequence of int
        Values of `Stage`, one an epoch.
    label : str
        What the picture says, in words.
    dark : bool
        Whether it hangs on black whatever the browser prefers.
    """
    return html.Img(src=ribbon_uri(stages, height=height, dark=dark), alt=label, className=class_name, height=height)


def ribbon_uri(stages: Sequence[int], *, height: int = 28, dark: bool = False) -> str:
    """Return the ribbon as a data URI of an SVG picture."""
    bars = "".join(_bar(stage, at, length, height) for stage, at, length in _runs(stages))
    width = max(len(stages), 1)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" shape-rendering="crispEdges">'
    return "data:image/svg+xml," + quote(f"{svg}<style>{_style(dark=dark)}</style>{bars}</svg>".replace('"', "'"), safe=SAFE)


def marks_uri(spans: Sequence[tuple[float, float]], *, n_epochs: int, token: str = "level-high", height: int = 8) -> str:
    """Return moments of a night [s] as marks on one line, as wide as its ribbon: a data URI of an SVG picture."""
    width = max(n_epochs, 1)
    bars = "".join(
        f'<rect class="m" x="{first / EPOCH_S:.2f}" y="0" width="{max((end - first) / EPOCH_S, width / 200.0):.2f}" height="{height}"/>'
        for first, end in spans
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
    line, mark = TOKENS["line"], TOKENS[token]
    style = (
        f".l{{fill:{line.light}}}.m{{fill:{mark.light}}}@media(prefers-color-scheme:dark){{.l{{fill:{line.dark}}}.m{{fill:{mark.dark}}}}}"
    )
    base = f'<rect class="l" x="0" y="{height - 1}" width="{width}" height="1"/>'
    return "data:image/svg+xml," + quote(f"{svg}<style>{style}</style>{base}{bars}</svg>".replace('"', "'"), safe=SAFE)


def scale_uri(value: float, threshold: float, *, width: int = 120, height: int = 14) -> str:
    """Return a number beside its threshold: a track, a line where the threshold stands, a dot; a data URI of an SVG picture."""
    whole = max(1.5 * abs(threshold), 1.05 * abs(value)) or 1.0
    at, tick = (6 + (width - 12) * min(abs(x) / whole, 1.0) for x in (value, threshold))
    colors = {"l": "line", "t": "muted", "d": "accent"}
    light = "".join(f".{name}{{fill:{TOKENS[token].light}}}" for name, token in colors.items())
    dark = "".join(f".{name}{{fill:{TOKENS[token].dark}}}" for name, token in colors.items())
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><style>{light}@media(prefers-color-scheme:dark){{{dark}}}'
        f'</style><rect class="l" x="0" y="{height / 2 - 2:g}" width="{width}" height="4" rx="2"/>'
        f'<rect class="t" x="{tick - 1:.1f}" y="0" width="2" height="{height}"/>'
        f'<circle class="d" cx="{at:.1f}" cy="{height / 2:g}" r="5"/></svg>'
    )
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=SAFE)


def _runs(stages: Sequence[int]) -> Iterator[tuple[Stage, int, int]]:
    at = 0
    for value, run in groupby(int(s) for s in stages):
        length = sum(1 for _ in run)
        yield Stage(value), at, length
        at += length


def _bar(stage: Stage, at: int, length: int, height: int) -> str:
    tall = round(HEIGHTS.get(stage, 0.12) * height, 1)
    return f'<rect class="{STAGE_TOKENS[stage]}" x="{at}" y="{height - tall:g}" width="{length}" height="{tall:g}"/>'


def _style(*, dark: bool) -> str:
    names = sorted(set(STAGE_TOKENS.values()))
    light = "".join(f".{name}{{fill:{TOKENS[name].light}}}" for name in names)
    on_black = "".join(f".{name}{{fill:{TOKENS[name].dark}}}" for name in names)
    return on_black if dark else f"{light}@media(prefers-color-scheme:dark){{{on_black}}}"
