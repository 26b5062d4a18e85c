"""What the night page sends and what it costs to build it (P9)."""

import json
import zlib
from collections.abc import Iterator
from datetime import date

from plotly.utils import PlotlyJSONEncoder

from components.figures.night import night_figure
from components.night import NightView, night_view, tab_body
from somnia_engine.types.night import NightAnalysis
from tests.bench.measure import Row, cpu_ms


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the figure and the whole page of a night with watch, ring and sound."""

    def sent() -> str:
        return json.dumps(night_figure(analysis), separators=(",", ":"))

    payload, took = sent().encode(), cpu_ms(sent)
    yield Row("P9", "the night's figure", _kb(payload), _packed(payload), "≤ 100 KB", len(payload) <= 100_000)
    yield Row("P9", "- building it, CPU", f"{took:.0f} ms", "", "≤ 40 ms", took <= 40)
    view = NightView(analysis, date(2025, 1, 10), None, None, None, False, {})
    page = json.dumps([night_view(view), tab_body(analysis, "events")], cls=PlotlyJSONEncoder, separators=(",", ":")).encode()
    yield Row("P9", "the night's whole page and its first tab", _kb(page), _packed(page), "≤ 100 KB", len(page) <= 100_000)


def _kb(payload: bytes) -> str:
    return f"{len(payload) / 1000:.0f} KB"


def _packed(payload: bytes) -> str:
    return f"compressed {len(zlib.compress(payload, 6)) / 1000:.0f} KB"
