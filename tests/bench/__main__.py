"""Measures everything, prints the table and keeps it in docs/reports/bench.md and bench.json."""

import json
import sys
import tempfile
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.readers import read_recording
from somnia_engine.synthetic import demo, write_demo
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from tests.bench import doors, engine, history, kept, lists, packets, page, sound
from tests.bench.measure import Row

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "bench.md"
HEAD = "| id | what | measured | ruler | bar | |\n|---|---|---|---|---|---|\n"
NOTE = "Made by `make bench`; ratios compare figures of the same run, absolute times depend on the machine.\n\n"


def main() -> int:
    """Run all benches; 1 when a bar is missed."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        analysis = _demo_night(Path(folder))
        at = Path(folder)
        asked = kept.rows(analysis), history.rows(analysis), page.rows(analysis), lists.rows(analysis), packets.rows(analysis)
        for row in chain(*asked, doors.rows(at), engine.rows(at), sound.rows(at)):
            rows.append(row)
            sys.stdout.write(_line(row))
            sys.stdout.flush()
    REPORT.write_text(f"# Speed and size\n\n{NOTE}{HEAD}{''.join(map(_line, rows))}", encoding="utf-8")
    kept_rows = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
    REPORT.with_suffix(".json").write_text(kept_rows + "\n", encoding="utf-8")
    return int(any(row.passed is False for row in rows))


def _demo_night(folder: Path) -> NightAnalysis:
    where = folder / "demo"
    where.mkdir()
    paths, zone = write_demo("apnea", where), demo("apnea").zone
    return analyse([read_recording(path, ReadOptions(zone=zone)) for path in paths], options=AnalysisOptions(zone=zone))


def _line(row: Row) -> str:
    verdict = {True: "passed", False: "short", None: ""}[row.passed]
    return f"| {row.id} | {row.what} | {row.measured} | {row.ruler} | {row.bar} | {verdict} |\n"


if __name__ == "__main__":
    sys.exit(main())
