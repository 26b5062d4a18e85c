"""Home: last night, or what SOMNIA is."""

import dash
from dash import html

from components import home, ribbon, upload
from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.access.rules import EVERYBODY
from somnia_server.store.house import now
from somnia_server.store.nights import list_nights

dash.register_page(__name__, path="/", title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> html.Div:
    """Return the page."""
    nights = list_nights(actor_now())
    if nights:
        return home.last_night(nights, now())
    last = {demo.key: truth(demo.key)[-1].stages for demo in DEMOS}
    pictures = {key: ribbon.stage_ribbon(stages, label=t("The stages of this night")) for key, stages in last.items()}
    hero = ribbon.stage_ribbon(last[DEMOS[0].key], label=t("A night as a ribbon of stages; deeper sleep stands taller"), height=120)
    return home.welcome(hero, upload.demo_links(DEMOS, pictures))
