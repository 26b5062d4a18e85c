"""One table of what was measured: every model's own judge is run, or its stored figures are read: `python -m somnia_engine evaluate`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from somnia_engine.errors import SomniaError
from somnia_engine.resources import MODELS, load_card
from somnia_engine.text import Text

Row = dict[str, Any]
KEYS = (
    "task",
    "protocol",
    "n_people",
    "n_units",
    "unit",
    "figure",
    "value",
    "low",
    "high",
    "ruler",
    "ruler_name",
    "bar",
    "passed",
    "coverage",
)
"""What every row of a model's `scores.json` says."""
HEAD = ("task", "figure", "value (95 %)", "ruler", "bar", "", "coverage", "n", "protocol")
TRAINING = ("torch", "sklearn")


def judged_models(only: Sequence[str] = ()) -> tuple[Path, ...]:
    """Return the judges, `models/<name>/evaluate.py`, in order of name; raises SomniaError for a name that has none."""
    judges = {path.parent.name: path for path in sorted(MODELS.glob("*/evaluate.py"))}
    unknown = [name for name in only if name not in judges]
    if unknown:
        said = {"given": ", ".join(unknown), "known": ", ".join(judges)}
        raise SomniaError(Text("There is no model {given}. Known are: {known}.", said))
    return tuple(judges[name] for name in (only or judges))


def stored(only: Sequence[str] = ()) -> dict[str, list[Row]]:
    """Return the figures that each model's card was written with, by model."""
    paths = [judge.with_name("scores.json") for judge in judged_models(only)]
    return {path.parent.name: _rows(path) for path in paths if path.is_file()}


@cache
def _rows(path: Path) -> list[Row]:
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"])


def cards() -> dict[str, dict[str, Any]]:
    """Return the card of each model that has one, by model; a set of rules has none."""
    return {judge.parent.name: load_card(judge.parent.name) for judge in judged_models() if judge.with_name("card.toml").is_file()}


def measured(
    folder: Path, *, heldout: bool, only: Sequence[str] = (), tell: Callable[[str, float], None] | None = None
) -> dict[str, list[Row]]:
    """Run the judges over a folder and return their rows, by model.

    Parameters
    ----------
    folder : Path
        Recordings in the layout of the reference data; what it lacks is left out.
    heldout : bool
        True: people never seen, judged by the shipped models through the product's own path. False: the reference data, each person
        judged by what was trained without that person; needs the training packages (`make models` installs them) and hours.
    only : sequence of str
        Names of models; all when empty.
    tell : function (model, share) or None

    Raises
    ------
    SomniaError
        The folder is not there, a name is unknown, the training packages are missing, or a judge failed; the text says which.
    """
    if not folder.is_dir():
        raise SomniaError(Text("{folder} is not a folder. Give one in the layout of the reference data.", {"folder": str(folder)}))
    judges = judged_models(only)
    if not heldout:
        _need_training()
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, judge in enumerate(judges):
            if tell is not None:
                tell(judge.parent.name, number / len(judges))
            rows = _run(judge, folder, heldout=heldout, out=Path(scratch) / f"{judge.parent.name}.json")
            if rows:
                found[judge.parent.name] = rows
    return found


def _need_training() -> None:
    import importlib.util

    missing = [name for name in TRAINING if importlib.util.find_spec(name) is None]
    if missing:
        said = {"missing": ", ".join(missing)}
        raise SomniaError(Text("Without {missing} nothing can be trained. Run `make models` once, then .venv-train/bin/python.", said))


def _run(judge: Path, folder: Path, *, heldout: bool, out: Path) -> list[Row]:
    option = "--heldout" if heldout else "--data"
    command = [sys.executable, str(judge), option, str(folder.resolve()), "--out", str(out)]
    done = subprocess.run(command, cwd=MODELS.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        said = {"model": judge.parent.name, "reason": (done.stderr.strip().splitlines() or ["–"])[-1]}
        raise SomniaError(Text("The judge of {model} failed: {reason}", said))
    return list(json.loads(out.read_text(encoding="utf-8"))["rows"]) if out.is_file() else []


def table(found: Mapping[str, Sequence[Row]]) -> str:
    """Return the rows as one table of text, a line each."""
    lines = [HEAD, *(_line(row) for rows in found.values() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _line(row: Row) -> tuple[str, ...]:
    between = "" if row["low"] is None else f" ({_said(row['low'])} to {_said(row['high'])})"
    met = {None: "", True: "passed", False: "short"}[row["passed"]]
    coverage = "" if row["coverage"] is None else f"{100 * row['coverage']:.1f} %"
    return (
        row["task"], row["figure"], _said(row["value"]) + between, _said(row["ruler"]), _said(row["bar"]), met, coverage,
        str(row["n_people"]), row["protocol"],
    )  # fmt: skip


def _said(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
