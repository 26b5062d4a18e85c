"""Demo: SOMNIA without an account."""

from typing import Any

import dash
from dash import Input, Output, callback, html, no_update

from components import accuracy, demo, ids, ribbon, upload
from somnia_engine.evaluation import stored
from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.store.demo_nights import give_demo_nights
from somnia_server.store.house import house
from somnia_server.store.recordings import largest_file

dash.register_page(__name__, path="/demo", title="SOMNIA", roles=KEEPERS)

KEYS = frozenset(one.key for one in DEMOS)


def layout(night: str = "", **_: str) -> html.Div:
    """Return the page; a demo night that the address names is opened."""
    if night in KEYS:
        return demo.opening(night)
    pictures = {one.key: ribbon.stage_ribbon(truth(one.key)[-1].stages, label=t("The stages of this night")) for one in DEMOS}
    links, most = upload.demo_links(DEMOS, pictures), largest_file(actor_now().id)
    return demo.demo_page(links, hours=house().settings.visitor_hours, most_bytes=most, accuracy=accuracy.in_short(stored()))


@callback(Output(ids.DEMO_GO, "href"), Input(ids.DEMO_ASKED, "data"))
def open_night(asked: Any) -> Any:
    """Give the visitor the demo's nights and lead to the last; to its files where they were not analyzed yet."""
    if asked not in KEYS:
        return no_update
    found = give_demo_nights(actor_now(), asked)
    return f"/night/{found}" if found else f"/upload?demo={asked}"
