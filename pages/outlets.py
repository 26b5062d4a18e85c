"""What can leave this server: open to everybody, because it is everybody's data."""

import dash
from dash import html

from components import fields, outlets
from somnia_engine.text import t
from somnia_server import egress
from somnia_server.access import actor_now
from somnia_server.access.rules import EVERYBODY
from somnia_server.store.actors import Role
from somnia_server.store.house import house

dash.register_page(__name__, path="/outlets", title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> html.Div:
    """Return the page; only administrators see the names of machines."""
    shown = outlets.outlets(egress.listing(), regions=sorted(house().settings.egress.regions), hosts=actor_now().role is Role.ADMIN)
    return fields.page("outlets", t("What can leave this server"), shown)
