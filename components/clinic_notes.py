"""Messages of the clinic: the form of the administrator, and the lines on a display."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import t

PAGE = "admin"


def notes_card(notes: Sequence[Any]) -> html.Section:
    """Return the messages that are shown now, and the form for a new one."""
    rows = [
        (
            html.P([html.Span(one.text), " ", html.Span(t("until {day}", day=day(one.last_day, year=True)), className="muted small")]),
            [fields.button(PAGE, "remove_note", t("Remove"), one.id, quiet=True)],
        )
        for one in notes
    ]
    form = fields.fields(
        fields.text(
            PAGE, "note_text", t("Message"), hint=t("At most 200 characters, no names of patients: everybody in the room reads it.")
        ),
        fields.day(PAGE, "note_until", t("Last day (UTC)")),
    )
    add = html.Div(fields.button(PAGE, "write_note", t("Show on the displays")), className="actions")
    return fields.card(t("Messages on the displays"), fields.rows(rows, empty=t("No message is shown.")), form, add)


def note_lines(notes: Sequence[Any]) -> list[html.P]:
    """Return the messages as a display shows them; nothing without any."""
    return [html.P(one.text) for one in notes]
