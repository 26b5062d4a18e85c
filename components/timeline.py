"""Where a recording lies in the day: a bar from noon to noon, as a small picture."""

from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dash import html

from components.theme import TOKENS
from components.words import clock
from somnia_engine.text import t
from somnia_engine.types.recording import NightSpan

DAY_H = 24.0
HEIGHT = 10


def day_bar(span: NightSpan, zone: str | None) -> html.Div:
    """Return the bar of one night's recording with its hours below; nothing but the length when it counts from an unknown moment."""
    if span.start is None or span.end is None:
        return html.Div(className="day-bar")
    label = t("From {start} to {end}", start=clock(span.start, zone), end=clock(span.end, zone))
    hours = [html.Span(hour) for hour in ("12", "18", "00", "06", "12")]
    return html.Div([html.Img(src=_picture(*share(span.start, span.end, zone)), alt=label), html.Div(hours)], className="day-bar")


def share(start: datetime, end: datetime, zone: str | None) -> tuple[float, float]:
    """Return where in its noon-to-noon day a recording begins and ends, both 0 to 24 [h]."""
    local = start.astimezone(ZoneInfo(zone) if zone else start.tzinfo)
    noon = (local - timedelta(hours=12)).replace(hour=12, minute=0, second=0, microsecond=0)
    first = (local - noon) / timedelta(hours=1)
    return first, min(DAY_H, first + (end - start) / timedelta(hours=1))


def _picture(first: float, last: float) -> str:
    light, dark = TOKENS["line"], TOKENS["accent"]
    style = (
        f".d{{fill:{light.light}}}.n{{fill:{dark.light}}}.t{{fill:{TOKENS['surface'].light}}}"
        f"@media(prefers-color-scheme:dark){{.d{{fill:{light.dark}}}.n{{fill:{dark.dark}}}.t{{fill:{TOKENS['surface'].dark}}}}}"
    )
    ticks = "".join(f'<rect class="t" x="{hour - 0.03}" y="0" width="0.06" height="{HEIGHT}"/>' for hour in (6, 12, 18))
    bar = f'<rect class="n" x="{first:.2f}" y="0" width="{max(last - first, 0.1):.2f}" height="{HEIGHT}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {DAY_H:g} {HEIGHT}" preserveAspectRatio="none">'
    return "data:image/svg+xml," + quote(
        f'{svg}<style>{style}</style><rect class="d" width="{DAY_H:g}" height="{HEIGHT}"/>{bar}{ticks}</svg>'
    )
