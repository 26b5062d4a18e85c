"""Choices side by side, as radio buttons and boxes of the browser's own: keys and screen readers know them without our help."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html


def one_of(part: str, options: Mapping[Any, str], *, value: Any, label: str, class_name: str = "segmented") -> html.Div:
    """Return a choice of one; `label` says to a screen reader what is chosen."""
    rows = [{"label": said, "value": key} for key, said in options.items()]
    return html.Div(
        dbc.RadioItems(options=rows, value=value, id=part, class_name="choices"),
        className=class_name,
        role="radiogroup",
        **{"aria-label": label},
    )


def some_of(part: str, options: Mapping[str, str], *, value: Sequence[str], class_name: str = "metric-chips") -> html.Div:
    """Return boxes of which any number may be ticked."""
    rows = [{"label": said, "value": key} for key, said in options.items()]
    return html.Div(dbc.Checklist(options=rows, value=list(value), id=part, class_name="choices"), className=class_name)
