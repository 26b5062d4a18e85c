"""The page for somebody who wants to look first: demo nights, files of one's own without an account, and what that means."""

from typing import Any

from dash import dcc, html

from components import ids
from components.states import action, icon
from somnia_engine.text import t

MINUTES = 60


def demo_page(nights: Any, *, hours: float, most_bytes: int, accuracy: Any) -> html.Div:
    """Return the page: `nights` are the links to the demo nights; `accuracy` says how good the readings are."""
    lead = t("Open a made-up night at once, or bring a night of your own. You see everything that a patient sees.")
    head = html.Header([html.H1(t("Try it without an account")), html.P(lead, className="muted")], className="stack-small")
    made_up = html.Section(
        [
            html.H2(t("A demo night")),
            html.P(t("Nobody slept these nights: files like those of a watch, a ring and a microphone were made up, and then read like anybody's."), className="muted"),  # noqa: E501
            nights,
            html.P(dcc.Link(t("Or a made-up history of 60 nights, with trends and comparisons"), href="/trends")),
        ],
        className="stack-small",
    )  # fmt: skip
    facts = [
        ("clock", t("Deleted by itself {length} after it was analyzed.", length=_length(hours))),
        ("lock", t("Only this browser can open it; raw files are deleted right after the analysis.")),
        ("upload", t("Files of up to {n} MB each.", n=most_bytes >> 20)),
    ]
    leaves = dcc.Link(t("What can leave this server"), href="/outlets")
    own = html.Section(
        [
            html.H2(t("A night of your own")),
            html.Ul([html.Li([icon(name), html.Span(said)]) for name, said in facts], className="facts"),
            html.Div([action(t("Upload a night"), "/upload"), leaves], className="actions"),
        ],
        className="card-plain stack-small",
    )  # fmt: skip
    exact = html.Section(
        [
            html.H2(t("How accurate is this?")),
            accuracy,
            html.Div(action(t("All figures, data and limits"), "/accuracy", primary=False), className="actions"),
        ],
        className="card-plain stack-small",
    )
    return html.Div([head, made_up, html.Div([own, exact], className="demo-two")], className="stack")


def opening(key: str) -> html.Div:
    """Return the page that asks for a demo night, and leads to it."""
    asked = [dcc.Store(id=ids.DEMO_ASKED, data=key), dcc.Location(id=ids.DEMO_GO, refresh=True)]
    return html.Div([*asked, html.P(t("Opening the demo night"), className="muted pulse")], className="notice", role="status")


def _length(hours: float) -> str:
    minutes = round(hours * MINUTES)
    return t("{n} min", n=minutes) if minutes < 2 * MINUTES else t("{n} h", n=round(hours))
