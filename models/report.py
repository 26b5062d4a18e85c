"""How every judge is called and what it leaves: one command line, one JSON of rows beside the model."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.reference import reference_folder

Row = dict[str, Any]


def judge(doc: str, folder: Path, rows_of: Callable[[argparse.Namespace], list[Row]], *, more: dict[str, str] | None = None) -> None:
    """Ask a judge for its rows, print them and write them.

    Parameters
    ----------
    doc : str
        Its module's docstring; the first line describes the command.
    folder : Path
        Its model's; without `--out` and `--heldout` the rows become `scores.json` there.
    rows_of : function of the arguments
        Called after SOMNIA_REFERENCE_DATA is set from `--data`.
    more : mapping of str to str
        Further options that name a folder, and what each is for.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data", type=Path, help="reference recordings (default: SOMNIA_REFERENCE_DATA)")
    parser.add_argument("--heldout", type=Path, help="recordings of people never seen, in the same layout: judges what is shipped")
    parser.add_argument("--out", type=Path)
    for option, told in (more or {}).items():
        parser.add_argument(option, type=Path, help=told)
    arguments = parser.parse_args()
    if arguments.data:
        os.environ["SOMNIA_REFERENCE_DATA"] = str(arguments.data)
    rows = rows_of(arguments)
    if not rows and not arguments.heldout:
        parser.error(f"{reference_folder()} holds no recordings for this; give the reference data by --data or SOMNIA_REFERENCE_DATA.")
    for row in rows:
        print(f"{row['task']:56s} {row['protocol'][:48]:48s} n={row['n_people']:<5d} {row['figure']:24s} {row['value']} bar {row['bar']}")
    out = arguments.out or (None if arguments.heldout else folder / "scores.json")
    if out:
        out.write_text(json.dumps({"model": folder.name, "rows": rows}, indent=1) + "\n", encoding="utf-8")
