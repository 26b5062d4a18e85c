"""What a person is told: notices, newest first."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import t

PAGE = "notices"


def notices_card(notices: Sequence[Any]) -> html.Section:
    """Return the notices; those not read yet stand out."""
    rows = [
        (
            html.P(
                [
                    html.Span(t(one.text), className="" if one.read_at else "unread-text"),
                    " ",
                    html.Span(day(one.created_at.date(), year=True), className="muted small"),
                ]
            ),
            [] if one.read_at else [fields.button(PAGE, "read", t("Read"), one.id, quiet=True)],
        )
        for one in notices
    ]
    all_read = (
        [html.Div(fields.button(PAGE, "read_all", t("Mark all as read")), className="actions")]
        if any(not one.read_at for one in notices)
        else []
    )
    return fields.card(t("What you were told"), fields.rows(rows, empty=t("Nothing to tell.")), *all_read)
