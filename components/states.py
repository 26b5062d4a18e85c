"""Empty, refused, failed, not found: each has a sentence, a cause and what to do next."""

from typing import Any

from dash import dcc, html

from somnia_engine.text import Text, t


def icon(name: str, *, class_name: str = "") -> html.Span:
    """Return a small drawing that says nothing to a screen reader: the words beside it do."""
    return html.Span(className=f"icon icon-{name} {class_name}".strip(), **{"aria-hidden": "true"})


def action(label: str, href: str, *, primary: bool = True) -> dcc.Link:
    """Return a link that looks like a button."""
    return dcc.Link(label, href=href, className="button button-primary" if primary else "button")


def notice(title: str, cause: str, *actions: Any, icon_name: str = "moon") -> html.Section:
    """Return a whole-page state: what it is, why, what to do next."""
    return html.Section(
        [icon(icon_name, class_name="notice-icon"), html.H1(title), html.P(cause), html.Div(list(actions), className="actions")],
        className="notice",
    )


def not_found() -> html.Section:
    """Return the page for an address that nothing answers to."""
    return notice(
        t("There is nothing at this address"),
        t("The address may be mistyped, or the night has expired. Your other nights are where you left them."),
        action(t("Your nights"), "/nights"),
        action(t("Home"), "/", primary=False),
        icon_name="moon",
    )


def damaged() -> html.Section:
    """Return the page of a night that was changed on the disk."""
    return notice(
        t("This night cannot be read"),
        t("What is kept of it was changed on the server, and SOMNIA shows nothing that it cannot vouch for. Your other nights are whole."),
        action(t("Your nights"), "/nights"),
        icon_name="triangle-alert",
    )


def account_needed() -> html.Section:
    """Return the page for an address that only somebody with an account may see."""
    return notice(
        t("This page needs an account"),
        t("You are here as a visitor, or your session has ended. Log in, or create an account: it takes a minute."),
        html.A(t("Log in"), href="/login", className="button button-primary"),
        html.A(t("Create an account"), href="/register", className="button"),
        icon_name="moon",
    )


def display_needed() -> html.Section:
    """Return the page of a display that is not paired yet."""
    return notice(
        t("This display is not connected"),
        t("A doctor makes a code for it; the display then shows what that doctor’s patients share."),
        html.A(t("Connect this display"), href="/kiosk/pair", className="button button-primary"),
        icon_name="bed",
    )


def watched(page: Any, still: str) -> html.Div:
    """Return a page of another person's data, which goes dark when the address `still` says that it may not be shown any longer."""
    return html.Div(page, className="watched", **{"data-still": still})


def ended() -> html.Section:
    """Return the page that follows when sharing ends while somebody looks."""
    return notice(
        t("This is no longer shared with you"),
        t("The person has ended the access, or its time is over. Nothing of it is shown any longer."),
        action(t("Patients"), "/patients"),
        icon_name="lock",
    )


def failed(error_id: str) -> html.Div:
    """Return what a person reads when a page could not do what was asked."""
    said = t("That did not work, and the cause is noted as {id}. Nothing was lost. Try again, or reload the page.", id=error_id)
    return html.Div([icon("triangle-alert"), html.Span(said)], className="message message-high")


def away() -> html.Div:
    """Return what a person reads on an open page when the database did not answer."""
    said = t("The database did not answer, so this was not done. What you kept before is safe: try again in a moment.")
    return html.Div([icon("triangle-alert"), html.Span(said)], className="message message-high")


def message(said: Text | str, *, tone: str = "none", icon_name: str = "triangle-alert") -> html.Div:
    """Return one sentence with its mark; `tone` is a level: low, moderate, high, none."""
    return html.Div([icon(icon_name), html.Span(t(said) if isinstance(said, Text) else said)], className=f"message message-{tone}")
