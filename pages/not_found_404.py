"""Where no page is."""

import dash

from components import states

dash.register_page(__name__, title="SOMNIA")


def layout(**_: str) -> object:
    """Return the page."""
    return states.not_found()
