"""The texts that a person agrees to, as they stand."""

import dash
from dash import dcc, html

from components import states
from somnia_engine.text import t
from somnia_server.access.rules import EVERYBODY
from somnia_server.i18n import language_now
from somnia_server.store.consents import text_of

dash.register_page(__name__, path_template="/legal/<kind>", title="SOMNIA", roles=EVERYBODY)


def layout(kind: str = "", **_: str) -> html.Div | html.Section:
    """Return the text of a kind."""
    try:
        text = text_of(kind, language_now())
    except KeyError:
        return states.not_found()
    version = html.P(t("Version {version}", version=text.version), className="muted small")
    return html.Div([html.H1(text.title), version, dcc.Markdown(text.body, className="card-plain prose")], className="stack form-page")
