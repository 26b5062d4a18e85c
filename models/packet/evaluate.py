"""Judge the feature packet: the analysis from 2,048 bytes against the analysis from the files of the same night.

python models/packet/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.packet.compare import Apart, compare
from models.packet.nights import RawNight, raw_nights
from models.reference import reference_folder
from models.report import Row, judge
from somnia_engine.packing import BUDGET

FOLDER = Path(__file__).resolve().parent
BUDGETS = (512, 768, 1024, 1536, 2048, 3072, 4096, 8192)
EVERY = 12
"""The curve is measured on every twelfth night."""
STRAPS = 1000

BARS: tuple[tuple[str, Callable[[Apart], float], Callable[[float], bool]], ...] = (
    ("nights with kappa >= 0.95", lambda a: a.kappa, lambda v: v >= 0.95),
    ("nights with TST within 5 min", lambda a: a.tst_min, lambda v: v <= 5.0),
    ("nights with each stage within 5 min", lambda a: a.stage_min, lambda v: v <= 5.0),
    ("nights with event numbers within 5 %", lambda a: a.events_pct, lambda v: v <= 5.0),
    ("nights with 95 % of onsets within 15 s", lambda a: a.near_pct, lambda v: v >= 95.0),
    ("nights with indices within 1/h", lambda a: a.index_per_h, lambda v: v <= 1.0),
    ("nights with the same levels", lambda a: float(a.levels_same), lambda v: v == 1.0),
    (f"packets within {BUDGET} bytes", lambda a: float(a.packet_bytes), lambda v: v <= BUDGET),
)


def main() -> None:
    """Write `scores.json`, or with `--heldout` print what nights of people never seen give."""
    judge(__doc__ or "", FOLDER, _rows)


def _rows(arguments: argparse.Namespace) -> list[Row]:
    folder = arguments.heldout or reference_folder()
    found: list[tuple[RawNight, Apart]] = []
    for raw in raw_nights(folder, demos=arguments.heldout is None):
        apart = compare(raw)
        found.append((raw, apart))
        print(apart, flush=True)
    rows = [row for name, value, met in BARS for row in _share([a for _, a in found], name, value=value, met=met)]
    if not rows or arguments.heldout:
        return rows
    return rows + [_curve([raw for raw, _ in found[::EVERY]], budget) for budget in BUDGETS]


def _share(found: list[Apart], figure: str, *, value: Callable[[Apart], float], met: Callable[[float], bool]) -> list[Row]:
    known = [a for a in found if np.isfinite(value(a))]
    if not known:
        return []
    good = np.array([met(value(a)) for a in known], dtype=np.float64)
    return [_row("packet against files", "every reference and demo night", values=good, figure=figure, bar=1.0)]


def _curve(nights: list[RawNight], budget: int) -> Row:
    values = [compare(raw, budget=budget, effort=20).kappa for raw in nights]
    known = np.array([value for value in values if np.isfinite(value)])
    return _row(f"a packet of {budget} bytes", f"every {EVERY}th night, 20 trials", values=known, figure="stages kappa, mean", bar=None)


def _row(task: str, protocol: str, *, values: np.ndarray, figure: str, bar: float | None) -> Row:  # type: ignore[type-arg]
    rng = np.random.default_rng(1)
    draws = [float(values[rng.integers(len(values), size=len(values))].mean()) for _ in range(STRAPS)]
    low, high = np.percentile(draws, (2.5, 97.5))
    value = float(values.mean())
    return {
        "task": task, "protocol": protocol, "n_people": len(values), "n_units": len(values), "unit": "nights", "figure": figure,
        "value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4), "ruler": None, "ruler_name": "the files",
        "bar": bar, "passed": None if bar is None else bool(value >= bar), "coverage": 1.0,
    }  # fmt: skip


if __name__ == "__main__":
    main()
