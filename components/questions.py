"""Questionnaires as forms, with what was answered last and the points that it counts."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields, words
from somnia_engine.questionnaires import asked, score
from somnia_engine.text import Text, t
from somnia_engine.types.questionnaires import Answered, Item, Questionnaire

PAGE = "disorder"
OWN_WORDS = Text("Asked in our own words and counted as published: {citation}.")
COUNTS = Text(
    "Your answers count on this page at once, and for nights that are analyzed from now on; they are kept sealed and are part of your copy."
)
POINTS = Text("{points} of {most} points on {day}; {threshold} or more stand out.")
FEW_POINTS = Text("{points} of {most} points on {day}; {threshold} or fewer stand out.")


def questions_card(keys: Sequence[str], answered: Sequence[Answered]) -> html.Section:
    """Return the questionnaires of a disorder, each folded."""
    parts = [_questionnaire(asked(key), [one for one in answered if one.key == key]) for key in keys]
    return html.Section(
        [html.H2(t("Questionnaires")), html.P(t(COUNTS), className="muted small"), *parts], className="card-plain stack-small"
    )


def field_name(key: str, number: int) -> str:
    """Return what a question's field is called: answers of one questionnaire do not meet those of another."""
    return f"{key}-{number}"


def _questionnaire(found: Questionnaire, answered: Sequence[Answered]) -> html.Details:
    last = max(answered, key=lambda one: one.day, default=None)
    head: list[Any] = [html.Strong(t(found.name)), html.Span(_points(found, last), className="muted small")]
    form = [_question(found.key, number, item) for number, item in enumerate(found.items)]
    own = html.P(t(OWN_WORDS, citation=found.citation), className="fine")
    body = [html.P(t(found.about), className="small"), html.Div(form, className="questions"), own]
    keep = html.Div(fields.button(PAGE, "answer", t("Keep my answers"), found.key, primary=True), className="actions")
    return html.Details(
        [html.Summary(head, className="question-head"), html.Div([*body, keep], className="stack-small")], className="question"
    )


def _question(key: str, number: int, item: Item) -> html.Label:
    options = {"": t("choose")} | {str(place): t(choice.text) for place, choice in enumerate(item.choices)}
    return fields.choice(PAGE, field_name(key, number), t(item.text), options)


def _points(found: Questionnaire, last: Answered | None) -> str:
    if last is None:
        return t("{n} questions, not answered yet", n=len(found.items)) if len(found.items) > 1 else t("one question, not answered yet")
    points = score(last).points
    sentence = FEW_POINTS if found.lower_stands_out else POINTS
    return t(sentence, points=points, most=found.most, day=words.day(last.day, year=True), threshold=found.threshold)
