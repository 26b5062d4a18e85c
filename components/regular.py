"""How regular the last weeks were, each number with its explanation; and what goes with bad nights, said with its interval."""

import math
from collections.abc import Sequence
from typing import Any

from dash import html

from components import words
from components.numbers import NUMBERS, said
from components.remarks import tag_name
from somnia_engine.metrics.associations import Association
from somnia_engine.metrics.trend import Regularity
from somnia_engine.text import Text, t

FORMS = {number.key: (number.label, number.form) for number in NUMBERS} | {"score": (Text("Sleep score"), "count")}
MOST_SHOWN = 8


def regularity_card(told: Regularity) -> html.Section:
    """Return the numbers of regularity, each opening what it is and who defined it."""
    cards = [
        _card(_index(told.sri), t("Sleep regularity index"), t("How much likelier than not you are in the same state, asleep or awake, at the same time on two days in a row: 100 is the same every day, 0 is chance. Needs five pairs of days. Half of 60 977 people lay between 74 and 86 (Windred 2024, doi 10.1093/sleep/zsad253)."), "Phillips 2017, doi 10.1038/s41598-017-03171-4"),  # noqa: E501
        _card(said(told.bedtime_spread_min, "time"), t("Spread of your bedtime"), t("The standard deviation of the time at which you went to bed."), "Fischer 2021, doi 10.1093/sleep/zsab103"),  # noqa: E501
        _card(_clock(told.bedtime_h), t("Usual bedtime"), t("The mean over the clock, so that 23:30 and 00:30 meet at midnight."), ""),
        _card(_clock(told.midsleep_h), t("Middle of sleep"), t("Halfway between falling asleep and waking up."), ""),
        _card(_hours(told.social_jetlag_h), t("Social jetlag"), t("How far the middle of sleep shifts between work nights and the nights before Saturday and Sunday."), "Wittmann 2006, doi 10.1080/07420520500545979"),  # noqa: E501
        _card(_index(told.interdaily_stability, 2), t("Stability from day to day (IS)"), t("How much of asleep and awake, hour by hour, the mean day explains: 1 is the same every day. From sleep and wake, not from movement."), "Van Someren 1999, doi 10.3109/07420529908998724"),  # noqa: E501
        _card(_index(told.intradaily_variability, 2), t("Breaks within the day (IV)"), t("How often asleep and awake change from hour to hour: the lower, the more in one piece. From sleep and wake, not from movement."), "Van Someren 1999, doi 10.3109/07420529908998724"),  # noqa: E501
    ]  # fmt: skip
    counted = t(
        "The last four weeks: {n} days measured, {naps} naps among them. On days with a recording you count as awake where nothing was recorded; days without one are left out.",  # noqa: E501
        n=told.n_days,
        naps=told.n_naps,
    )
    return html.Section(
        [html.H2(t("How regular")), html.Div(cards, className="regular"), html.P(counted, className="fine")],
        className="card-plain stack-small",
    )


def goes_with(found: Sequence[Association], *, least: int) -> html.Section:
    """Return what goes with bad nights: what is sure first, what is not said as such, nothing below the least number of nights."""
    if not found:
        said_of = t(
            "Nothing to compare yet: a tag needs {n} nights with it and {n} without, the room two weeks.",
            n=least,
        )
        return html.Section(
            [html.H2(t("What goes with my bad nights")), html.P(said_of, className="muted")], className="card-plain stack-small"
        )
    shown = [_line(one) for one in found[:MOST_SHOWN]]
    rest = len(found) - len(shown)
    more = [html.P(t("{n} more comparisons showed less.", n=rest), className="fine")] if rest > 0 else []
    limits = t(
        "Intervals hold 95 %; p is corrected for all {n} comparisons (Holm). What goes together need not be a cause, and nights that follow each other are alike.",  # noqa: E501
        n=len(found),
    )
    return html.Section(
        [html.H2(t("What goes with my bad nights")), html.Ul(shown, className="goes"), *more, html.P(limits, className="fine")],
        className="card-plain stack-small",
    )


def _line(one: Association) -> html.Li:
    label, form = FORMS[one.outcome]
    mark = "goes-sure" if one.sure else "goes-open"
    if one.kind == "tag":
        change = t(
            "{sign}{size} on {n} nights with it against {m} without ({low} to {high})",
            sign=_sign(one.effect),
            size=said(abs(one.effect), form),
            n=one.n_with,
            m=one.n_without,
            low=_signed(one.low, form),
            high=_signed(one.high, form),
        )
        cause = tag_name(one.cause)
    else:
        change = t(
            "rank correlation {r} over {n} nights ({low} to {high})",
            r=f"{one.effect:+.2f}",
            n=one.n_with,
            low=f"{one.low:+.2f}",
            high=f"{one.high:+.2f}",
        )
        cause = t(FORMS[one.cause][0])
    sure = t("holds after correction, p {p}", p=_p(one.p)) if one.sure else t("could be chance, p {p}", p=_p(one.p))
    size = "" if one.kind == "room" or math.isnan(one.size) else t("; effect size g {g}", g=f"{one.size:+.1f}")
    return html.Li(
        [
            html.Span(className=mark),
            html.Div([html.Strong(f"{cause} · {t(label)}"), html.P(f"{change}{size}; {sure}.", className="muted small")]),
        ]
    )


def _card(value: str, label: str, what: str, source: str) -> html.Details:
    head = html.Summary([html.Span(value, className="number-value"), html.Span(label, className="number-label")])
    lines: list[Any] = [html.P(what), *([html.P(source)] if source else [])]
    return html.Details([head, html.Div(lines, className="number-more")], className="number")


def _index(value: float, places: int = 0) -> str:
    return words.NOTHING if math.isnan(value) else f"{value:.{places}f}"


def _clock(hour: float) -> str:
    if math.isnan(hour):
        return words.NOTHING
    whole = round(hour * 60) % 1440
    return f"{whole // 60:02d}:{whole % 60:02d}"


def _hours(value: float) -> str:
    return words.NOTHING if math.isnan(value) else said(60.0 * value, "time")


def _sign(value: float) -> str:
    return "+" if value >= 0 else "−"


def _signed(value: float, form: str) -> str:
    return f"{_sign(value)}{said(abs(value), form)}"


def _p(value: float) -> str:
    return "< 0.01" if value < 0.01 else f"{value:.2f}"
