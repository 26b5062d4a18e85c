"""What an Apple Health export costs (P8): looked into, and one night of it read, against expat with a handler that does nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from tests.bench.measure import Row, in_own_process

EXPORT_MB = 200
FIRST = datetime(2022, 1, 1, 21, tzinfo=UTC)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_US">\n <ExportDate value="2025-01-01 08:00:00 +0000"/>\n'
RECORD = (
    ' <Record type="{kind}" sourceName="Watch" sourceVersion="10.1" device="&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch&gt;"'
    ' unit="{unit}" creationDate="{start}" startDate="{start}" endDate="{end}" value="{value}"/>\n'
)
STAGES = ("Core", "Deep", "Core", "REM", "Awake")
EXPAT = """
from xml.parsers import expat
parser = expat.ParserCreate("utf-8")
parser.StartElementHandler = lambda name, attributes: None
with open(sys.argv[1], "rb") as export:
    while piece := export.read(1 << 16):
        parser.Parse(piece, False)
"""
IMPORTS = "from pathlib import Path\nfrom somnia_engine.readers import read_recording, survey\n"
SURVEY = IMPORTS + "survey(Path(sys.argv[1]))"
READ = IMPORTS + (
    "from datetime import date\nfrom somnia_engine.types.recording import ReadOptions\n"
    "read_recording(Path(sys.argv[1]), ReadOptions(night=date.fromisoformat(sys.argv[2])))"
)


def rows(folder: Path) -> Iterator[Row]:
    """Measure an export of many nights; each further night that is read costs another pass over the whole file."""
    export = folder / "export.xml"
    nights = _write(export)
    size = export.stat().st_size / 1e9
    idle = in_own_process(IMPORTS)["cpu_s"]
    ruler = in_own_process(EXPAT, str(export))["cpu_s"]
    for what, code in (("looked into", SURVEY), ("one night of it read", READ)):
        taken = in_own_process(code, str(export), FIRST.date().isoformat())
        took, peak = taken["cpu_s"] - idle, taken["peak_mib"]
        measured = f"{took / size:.1f} s per GB, {peak:.0f} MiB"
        said = f"expat {ruler / size:.1f} s per GB: {took / ruler:.2f} ×"
        passed = took <= 1.5 * ruler and peak * 1.048576 <= 150
        yield Row("P8", f"an Apple Health export of {nights} nights, {what}", measured, said, "≤ 1.5 ×, ≤ 150 MB", passed)


def _write(export: Path) -> int:
    """Write an export of EXPORT_MB with a heart rate every 5 s and stages in each night; return how many nights it holds."""
    with export.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for night in count():
            if out.tell() >= EXPORT_MB * 1_000_000:
                break
            out.writelines(_night(FIRST + timedelta(days=night)))
        out.write("</HealthData>\n")
    return night


def _night(begin: datetime) -> Iterator[str]:
    for number in range(8 * 720):
        at = begin + timedelta(seconds=5 * number)
        yield _record("HKQuantityTypeIdentifierHeartRate", at, 0, unit="count/min", value=str(52 + number % 17))
    for number in range(32):
        at, stage = begin + timedelta(minutes=15 * number), STAGES[number % len(STAGES)]
        value = f"HKCategoryValueSleepAnalysis{'' if stage == 'Awake' else 'Asleep'}{stage}"
        yield _record("HKCategoryTypeIdentifierSleepAnalysis", at, 900, unit="", value=value)


def _record(kind: str, at: datetime, lasts_s: int, *, unit: str, value: str) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M:%S} +0000" for moment in (at, at + timedelta(seconds=lasts_s)))
    return RECORD.format(kind=kind, start=start, end=end, unit=unit, value=value)
