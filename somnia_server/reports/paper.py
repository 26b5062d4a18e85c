"""A night's report on paper: the page as HTML, and the PDF that a child process makes of it."""

import base64
import math
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import render_template

from somnia_engine.detectors import detectors
from somnia_engine.report import Report, Row, report_night
from somnia_engine.text import Text, t
from somnia_engine.types.findings import LEVEL_SHAPES, LEVEL_WORDS, Evidence, Level
from somnia_engine.types.night import NightAnalysis, Worded
from somnia_server.i18n import language_now
from somnia_server.reports.drawing import draw_night
from somnia_server.store.actors import pseudonym

PROJECT = Path(__file__).resolve().parents[2]
PRINTERS = threading.BoundedSemaphore(2)
"""How many reports are printed at once; the others wait their turn."""
LONGEST_S = 60.0


MARK = "/* faces */"
FACES = (
    ("Inter", "inter-latin-wght-normal.woff2", 0x20, 0xFF),
    ("Inter Extended", "inter-latin-ext-wght-normal.woff2", 0x100, 0x2AF),
    ("Noto Greek", "noto-sans-greek-wght-normal.woff2", 0x370, 0x3FF),
    ("Noto Cyrillic", "noto-sans-cyrillic-wght-normal.woff2", 0x400, 0x4FF),
    ("Noto Devanagari", "noto-sans-devanagari-wght-normal.woff2", 0x900, 0x97F),
)
"""Our own fonts: what each is called here, its file, and the letters [code points] that it is needed for."""


class PrintError(RuntimeError):
    """The report could not be printed; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a doctor signed: which version, who, when (UTC) and the words."""

    version: int
    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What a report on paper is made of: the night, how many are known, for whom it speaks, and what was signed."""

    owner: str
    night: date
    analysis: NightAnalysis
    n_nights: int
    doctor: bool = False
    full: bool = True
    signed: Sequence[Signed] = ()
    demo: bool = False
    worded: Worded | None = None


def report_page(paper: Paper) -> str:
    """Return the report as one HTML page without anything from elsewhere."""
    report = report_night(paper.analysis, n_nights=paper.n_nights)
    names = {detector.key: detector.name for detector in detectors()}
    shown = report.findings if paper.full else [one for one in report.findings if one.level is not Level.NOT_ASSESSED]
    page = render_template(
        "report.html",
        language=language_now(),
        paper=paper,
        called=pseudonym(paper.owner),
        span=_span(paper.analysis),
        picture=base64.b64encode(draw_night(paper.analysis).encode()).decode(),
        sentences=report.voice if paper.doctor else report.summary,
        worded=paper.worded,
        tables=_tables(report, full=paper.full),
        findings=[(t(names.get(one.disorder, Text(one.disorder))), LEVEL_SHAPES[one.level], LEVEL_WORDS[one.level], one) for one in shown],
        proof=_proof,
        limits=report.limits,
        sources=", ".join(report.sources),
        versions=", ".join(f"{key} {value}" for key, value in sorted(report.versions.items())),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    return page.replace(MARK, _faces(page))


def _faces(page: str) -> str:
    """Return the fonts that a page's letters need; each costs the printer time."""
    needed = [(family, file) for family, file, low, high in FACES if any(low <= ord(letter) <= high for letter in page)]
    return "\n".join(f'@font-face {{ font-family: "{family}"; src: url("{file}"); font-weight: 100 900; }}' for family, file in needed)


def print_pdf(page: str) -> bytes:
    """Return a page as PDF.

    Raises
    ------
    PrintError
        The printer failed or took longer than a minute.
    """
    command = [sys.executable, "-m", "somnia_server.reports.printing"]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("SOMNIA_")}
    with PRINTERS:
        try:
            done = subprocess.run(command, input=page.encode(), cwd=PROJECT, env=quiet, capture_output=True, timeout=LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            raise PrintError(f"the report was not printed within {LONGEST_S:.0f} s") from None
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise PrintError(f"the printer ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout


def _proof(row: Evidence) -> str:
    """Return a finding's number against its threshold."""
    value = "–" if math.isnan(row.value) else f"{round(row.value, 1):g} {row.unit}".strip()
    against = "" if row.threshold is None else t(" (threshold {value})", value=f"{row.threshold:g} {row.unit}".strip())
    return f"{t(row.label)}: {value}{against}"


def _tables(report: Report, *, full: bool) -> list[tuple[str, list[Row]]]:
    """Return titles and rows; the short report leaves out what is blank."""
    tables = [(t(table.title), [row for row in table.rows if full or not math.isnan(row.value)]) for table in report.tables]
    return [(title, rows) for title, rows in tables if rows]


def _span(analysis: NightAnalysis) -> str:
    start = analysis.start
    if start is None:
        return t("the clock is not known")
    zone = ZoneInfo(analysis.zone) if analysis.zone else start.tzinfo
    end = datetime.fromtimestamp(start.timestamp() + 30.0 * analysis.features.n_epochs, UTC)
    return f"{start.astimezone(zone):%Y-%m-%d %H:%M} – {end.astimezone(zone):%H:%M} {analysis.zone or ''}".strip()
