"""A clinic's display: read-only, by a token of its own."""

from typing import Any

import dash
from dash import Input, Output, callback, html

from components import kiosk, states
from components.clinic_notes import note_lines
from somnia_server.access import actor_now
from somnia_server.access.rules import EVERYBODY
from somnia_server.store.actors import Role
from somnia_server.store.clinic_notes import notes_now
from somnia_server.store.house import now
from somnia_server.store.kiosks import board

dash.register_page(__name__, path="/kiosk", title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> html.Div | html.Section:
    """Return the display's page, or the way to pair one."""
    actor = actor_now()
    return kiosk.screen(board(actor), now(), notes=notes_now(actor)) if actor.role is Role.KIOSK else states.display_needed()


@callback(Output(kiosk.BOARD, "children"), Output(kiosk.NOTES, "children"), Input(kiosk.TICK, "n_intervals"), prevent_initial_call=True)
def refresh(_tick: int) -> Any:
    """Show the beds and the messages as they stand now."""
    actor = actor_now()
    return kiosk.board(board(actor), now()), note_lines(notes_now(actor))
