"""The frame around every page: where you are, the theme, what SOMNIA is not."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import dash_bootstrap_components as dbc
from dash import html

from components import ids
from components.states import icon
from somnia_engine.text import t


class Language(NamedTuple):
    """A language that the pages speak: its code, what it is called in itself, and whether it is spoken now."""

    code: str
    name: str
    spoken: bool


def shell(content: Any, languages: Sequence[Language] = ()) -> html.Div:
    """Return the frame with a page's content in it."""
    return html.Div(
        [
            html.A(t("Skip to the page"), href=f"#{ids.MAIN}", className="skip"),
            html.Header([_brand(), _navigation(), *_languages(languages), _theme_button()], className="topbar"),
            html.Div(id=ids.ERROR, className="error-place", role="alert"),
            html.Main(content, id=ids.MAIN, className="page", tabIndex=-1),
            html.Footer(_footer(), className="footer"),
        ],
        className="shell",
    )


def _brand() -> dbc.NavLink:
    mark = html.Span([html.I(className=f"mark mark-{stage}") for stage in ("w", "n2", "n3", "r")], className="brand-mark")
    return dbc.NavLink([mark, html.Span("SOMNIA")], href="/", class_name="brand")


def _navigation() -> html.Nav:
    links = ((t("Tonight"), "/", "moon"), (t("Nights"), "/nights", "calendar-days"), (t("Upload"), "/upload", "upload"))
    return html.Nav(
        [dbc.NavLink([icon(drawing), html.Span(label)], href=href, active="exact", class_name="navlink") for label, href, drawing in links],
        className="navigation",
        **{"aria-label": t("Pages")},
    )


def _languages(languages: Sequence[Language]) -> list[html.Div]:
    """Return the choice among languages, one button each; nothing where there is no choice."""
    if len(languages) < 2:
        return []
    buttons = [
        html.Button(
            language.code.upper(),
            type="button",
            className="language-button",
            lang=language.code,
            title=language.name,
            **{"aria-label": language.name, "aria-pressed": str(language.spoken).lower(), "data-language": language.code},
        )
        for language in languages
    ]
    return [html.Div(buttons, id=ids.LANGUAGE, className="languages", role="group", **{"aria-label": t("Language")})]


def _theme_button() -> html.Button:
    return html.Button(
        icon("sun-moon"),
        id=ids.THEME,
        className="theme-button",
        title=t("Light, dark or as the device"),
        **{"aria-label": t("Light, dark or as the device")},
    )


def _footer() -> list[Any]:
    return [
        html.Span(t("SOMNIA screens and describes. It never diagnoses: a doctor does.")),
        html.Span(t("You are a visitor: your nights stay in this browser’s reach and expire.")),
    ]
