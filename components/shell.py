"""The frame around every page: where you are, the theme, what SOMNIA is not."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import ids
from components.states import icon
from somnia_engine.text import Text, t

MORE = {
    "doctor": ((Text("Worklist"), "/worklist", "table"), (Text("Patients"), "/patients", "users")),
    "admin": ((Text("Administration"), "/admin", "shield"),),
}
"""What stands in the navigation beside a person's own nights, by role."""
WHOLE_PAGES = frozenset({"/worklist"})
"""Pages that bring a script of their own, and are loaded as a whole."""
MENU = (
    (Text("Notices"), "/notices"),
    (Text("Messages and visits"), "/visits"),
    (Text("About you"), "/settings"),
    (Text("Sharing and consent"), "/sharing"),
    (Text("Who looked at my nights"), "/activity"),
    (Text("My data"), "/data"),
)


class Language(NamedTuple):
    """A language that the pages speak: its code, what it is called in itself, and whether it is spoken now."""

    code: str
    name: str
    spoken: bool


class Who(NamedTuple):
    """Who is logged in: the name that they go by, their role, and how many notices they have not read."""

    name: str
    role: str
    unread: int = 0


def shell(content: Any, languages: Sequence[Language] = (), who: Who | None = None) -> html.Div:
    """Return the frame with a page's content in it; without `who` it is a visitor's."""
    return html.Div(
        [
            html.A(t("Skip to the page"), href=f"#{ids.MAIN}", className="skip"),
            html.Header([_brand(), _navigation(who), *_languages(languages), _theme_button(), _account(who)], className="topbar"),
            html.Div(id=ids.ERROR, className="error-place", role="alert"),
            html.Main(content, id=ids.MAIN, className="page", tabIndex=-1),
            html.Footer(_footer(who), className="footer"),
        ],
        className="shell",
    )


def bare(content: Any) -> html.Div:
    """Return the frame of a display: nothing but the page."""
    return html.Div(
        [html.Div(id=ids.ERROR, className="error-place", role="alert"), html.Main(content, id=ids.MAIN, className="page", tabIndex=-1)],
        className="shell",
    )


def _brand() -> dbc.NavLink:
    mark = html.Span([html.I(className=f"mark mark-{stage}") for stage in ("w", "n2", "n3", "r")], className="brand-mark")
    return dbc.NavLink([mark, html.Span("SOMNIA")], href="/", class_name="brand")


def _navigation(who: Who | None) -> html.Nav:
    own = [
        (t("Tonight"), "/", "moon"),
        (t("Nights"), "/nights", "calendar-days"),
        (t("Trends"), "/trends", "trending-up"),
        (t("Disorders"), "/disorders", "layers"),
        (t("Upload"), "/upload", "upload"),
    ]
    links = own + [(t(label), href, drawing) for label, href, drawing in MORE.get(who.role if who else "", ())]
    return html.Nav(
        [
            dbc.NavLink(
                [icon(drawing), html.Span(label)], href=href, active="exact", class_name="navlink", external_link=href in WHOLE_PAGES
            )
            for label, href, drawing in links
        ],
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


def _account(who: Who | None) -> html.A | html.Details:
    """Return the way in, or the menu of who is in."""
    if who is None:
        return html.A([icon("user"), html.Span(t("Log in"))], href="/login", className="account-link")
    unread = [html.Span(str(who.unread), className="unread", title=t("{n} new notices", n=who.unread))] if who.unread else []
    links = [dcc.Link(t(label), href=href) for label, href in MENU]
    links += [html.A(t("Password and second factor"), href="/account"), html.A(t("Log out"), href="/logout")]
    head = html.Summary([icon("user"), html.Span(who.name, className="account-name"), *unread], **{"aria-label": t("Your account")})
    return html.Details([head, html.Nav(links, className="account-list", **{"aria-label": t("Your account")})], className="account-menu")


def _footer(who: Who | None) -> list[Any]:
    visitor = [html.Span(t("You are a visitor: your nights stay in this browser’s reach and expire."))] if who is None else []
    return [
        html.Span(t("SOMNIA screens and describes. It never diagnoses: a doctor does.")),
        *visitor,
        html.Span(
            [dcc.Link(t("How accurate it is"), href="/accuracy"), dcc.Link(t("What can leave this server"), href="/outlets")],
            className="footer-links",
        ),
    ]
