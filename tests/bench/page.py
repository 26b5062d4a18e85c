"""What the night page sends and what it costs to build it (P9)."""

import json
import zlib
from collections.abc import Iterator

from components.figures.night import night_figure
from somnia_engine.types.night import NightAnalysis
from tests.bench.measure import Row, cpu_ms


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the figure of a night with watch, ring and sound."""

    def sent() -> str:
        return json.dumps(night_figure(analysis), separators=(",", ":"))

    payload, took = sent().encode(), cpu_ms(sent)
    packed = len(zlib.compress(payload, 6)) / 1000
    yield Row(
        "P9", "the night's figure", f"{len(payload) / 1000:.0f} KB", f"compressed {packed:.0f} KB", "≤ 100 KB", len(payload) <= 100_000
    )
    yield Row("P9", "- building it, CPU", f"{took:.0f} ms", "", "≤ 40 ms", took <= 40)
