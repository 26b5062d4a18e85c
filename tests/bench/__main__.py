"""Measures everything, prints the table and keeps it in docs/reports/bench.md and bench.json."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.readers import read_recording
from somnia_engine.synthetic import demo, write_demo
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from tests.bench import doors, engine, history, imports, kept, lists, packets, page, reports, sound, staging, video
from tests.bench.measure import Row

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "bench.md"
HEAD = "| id | what | measured | ruler | bar | |\n|---|---|---|---|---|---|\n"
DATA = REPORT.with_suffix(".json")
PARTS: dict[str, Callable[[NightAnalysis, Path], Iterable[Row]]] = {
    "kept": lambda night, _: kept.rows(night),
    "history": lambda night, _: history.rows(night),
    "page": lambda night, _: page.rows(night),
    "reports": lambda night, _: reports.rows(night),
    "lists": lambda night, _: lists.rows(night),
    "packets": lambda night, _: packets.rows(night),
    "doors": lambda _, at: doors.rows(at),
    "imports": lambda _, at: imports.rows(at),
    "engine": lambda _, at: engine.rows(at),
    "sound": lambda _, at: sound.rows(at),
    "staging": lambda night, _: staging.rows(night),
    "video": lambda _, at: video.rows(at),
}
"""What can be asked for by name: `python -m tests.bench doors page`."""
NOTE = "Made by `make bench`; ratios compare figures of the same run, absolute times depend on the machine.\n\n"


def main(asked: Sequence[str] = ()) -> int:
    """Run all benches, or those that are asked for, whose rows take the place of the old ones; 1 when a bar is missed."""
    kept_parts: dict[str, list[Row]] = {}
    if asked and DATA.is_file():
        kept_parts = {part: [Row(**row) for row in rows] for part, rows in json.loads(DATA.read_text(encoding="utf-8")).items()}
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        analysis = _demo_night(at)
        for part in asked or PARTS:
            kept_parts[part] = []
            for row in PARTS[part](analysis, at):
                kept_parts[part].append(row)
                missed |= row.passed is False
                sys.stdout.write(_line(row))
                sys.stdout.flush()
    _write({part: kept_parts[part] for part in PARTS if part in kept_parts})
    return int(missed)


def _write(parts: Mapping[str, list[Row]]) -> None:
    REPORT.write_text(f"# Speed and size\n\n{NOTE}{HEAD}{''.join(map(_line, chain(*parts.values())))}", encoding="utf-8")
    said = {part: [asdict(row) for row in rows] for part, rows in parts.items()}
    DATA.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _demo_night(folder: Path) -> NightAnalysis:
    where = folder / "demo"
    where.mkdir()
    paths, zone = write_demo("apnea", where), demo("apnea").zone
    return analyse([read_recording(path, ReadOptions(zone=zone)) for path in paths], options=AnalysisOptions(zone=zone))


def _line(row: Row) -> str:
    verdict = {True: "passed", False: "short", None: ""}[row.passed]
    return f"| {row.id} | {row.what} | {row.measured} | {row.ruler} | {row.bar} | {verdict} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
