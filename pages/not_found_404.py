"""Where no page is."""

import dash

from components import states
from somnia_server.access.rules import EVERYBODY

dash.register_page(__name__, title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> object:
    """Return the page."""
    return states.not_found()
