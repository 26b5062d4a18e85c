"""A night's report: its sentences and tables, and the PDF with its printer's own process."""

import resource
import tempfile
from collections.abc import Iterator
from datetime import date

from somnia_engine.exports.edf_plus import edf_plus
from somnia_engine.exports.fhir import fhir_bundle
from somnia_engine.report import report_night
from somnia_engine.types.night import NightAnalysis
from somnia_server import create_server
from somnia_server.reports.paper import Paper, print_pdf, report_page
from somnia_server.settings import Settings
from somnia_server.store.house import now
from tests.bench.measure import Row, cpu_ms


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the demo night's report, its page with the drawing, its PDF with all of the printer's process, FHIR and EDF+."""
    took = cpu_ms(lambda: report_night(analysis))
    yield Row("F", "report of a night, CPU", f"{took:.1f} ms", "", "≤ 50 ms", took <= 50)
    with tempfile.TemporaryDirectory() as folder:
        app = create_server(Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"}))
        with app.test_request_context("/"):
            paper = Paper("v-bench", date(2025, 11, 6), analysis, 1)
            page = report_page(paper)
            drawn = cpu_ms(lambda: report_page(paper))
    printed, size = _printed(page)
    whole = drawn / 1000 + printed
    yield Row(
        "F", "PDF of one night, CPU of both processes", f"{whole:.2f} s, {size / 1024:.0f} KB", f"page {drawn:.0f} ms", "≤ 1 s", whole <= 1
    )
    fhir = cpu_ms(lambda: fhir_bundle(analysis, night_id="bench", person="BENCH", issued=now()))
    edf = cpu_ms(lambda: edf_plus(analysis))
    yield Row("F", f"FHIR bundle and EDF+ annotations ({len(analysis.events)} events), CPU", f"{fhir:.0f} ms, {edf:.0f} ms", "", "", None)


def _printed(page: str) -> tuple[float, int]:
    """Return the printer's CPU [s], its start included, the least of three, and the PDF's size [bytes]."""
    took, size = [], 0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = len(print_pdf(page))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(took), size
