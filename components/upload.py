"""The upload page: drop, what was found, analyse."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import forms, ids, words
from components.states import icon, message
from components.timeline import day_bar
from somnia_engine.readers import ZONE_SAID, accept, readers
from somnia_engine.text import Text, t
from somnia_engine.types.recording import NightSpan, Survey

STANDING = (
    (
        "video",
        "camera_look",
        Text("How the camera looks at the bed"),
        (
            ("", Text("I do not know: no position is told")),
            ("above", Text("Straight down")),
            ("oblique", Text("From above, aslant")),
            ("level", Text("Level, from the side")),
        ),
    ),
    (
        "mat",
        "mat_head",
        Text("Where the head lies on the mat, if its file does not say it"),
        (("first", Text("At the first row")), ("last", Text("At the last row"))),
    ),
)
"""What is asked once about a source: its channel, the setting that keeps it, the question, the answers."""
NOTHING: Mapping[str, str] = MappingProxyType({})


class File(Protocol):
    """An uploaded file, as the store shows it."""

    id: str
    name: str
    size: int
    received: int
    state: str


class Looked(NamedTuple):
    """A file and what was found in it, or why it was refused."""

    name: str
    survey: Survey | None
    refusal: Text | None = None


def step(number: str, title: str, *children: Any) -> html.Section:
    """Return one of the three steps."""
    return html.Section([html.H2([html.Span(number, className="step-number"), title]), *children], className="step")


def drop_zone() -> html.Div:
    """Return the place where files are dropped; `assets/upload.js` makes it work."""
    said = {
        "paused": t("Paused"), "sending": t("Sending"), "arrived": t("Arrived"), "failed": t("This did not arrive."),
        "pause": t("Pause"), "resume": t("Go on"), "retry": t("Try again"), "cancel": t("Cancel"),
    }  # fmt: skip
    words_of = {"data-words": json.dumps(said), "data-accept": ",".join(accept())}
    button = html.Button(t("Choose files"), className="button button-primary", type="button", **{"data-choose": "files"})
    inside = [
        icon("upload"),
        html.P(t("Drop the files of a night here"), className="drop-title"),
        button,
        _formats(),
    ]
    return html.Div(inside, id=ids.DROP, className="drop", **words_of)


def _formats() -> html.Details:
    """Return what can be read, folded: the list is long, and most people just try their file."""
    names = sorted((t(reader.name) for reader in readers()), key=str.casefold)
    said = t("Sound, watches, rings, room loggers, sleep laboratory: {n} kinds of files", n=len(names))
    return html.Details([html.Summary(said), html.Ul([html.Li(name) for name in names])], className="drop-formats muted small")


def demo_cards(demos: Sequence[Any], pictures: dict[str, Any]) -> html.Div:
    """Return the demo nights as buttons, each with the ribbon of its night."""
    cards = [
        html.Button(
            [pictures[demo.key], html.Span(t(demo.title), className="demo-title"), html.Span(t(demo.description), className="muted small")],
            id=ids.demo(demo.key),
            className="demo",
            type="button",
        )
        for demo in demos
    ]
    return html.Div(cards, className="demos")


def demo_links(demos: Sequence[Any], pictures: dict[str, Any]) -> html.Div:
    """Return the demo nights as links to the page that opens the one that the address names."""
    cards = [
        dcc.Link(
            [pictures[demo.key], html.Span(t(demo.title), className="demo-title"), html.Span(t(demo.description), className="muted small")],
            href=f"/demo?night={demo.key}",
            className="demo",
        )
        for demo in demos
    ]
    return html.Div(cards, className="demos")


def waiting_row(file: File) -> html.Div:
    """Return the row of a file that is being looked into, or that has not arrived completely."""
    if file.state == "damaged":
        said = t("This file cannot be read: what is kept of it was changed on the server. Remove it and bring it again.")
        return html.Div(_row("file-x", file, message(said, tone="high")), className="file")
    if file.state != "ready":
        said = t("{part} % has arrived. Choose the same file again to go on.", part=100 * file.received // max(file.size, 1))
        return html.Div(_row("upload", file, html.P(said, className="muted small")), className="file")
    inside = _row("clock", file, html.P(t("Looking into this file"), className="muted small pulse"))
    return html.Div(inside, id=ids.upload("row", file.id), className="file")


def look_request(file: File, zone: str | None, start: str | None) -> dcc.Store:
    """Return what asks for a file to be looked into, once it is on the page: the file, and what was said about all."""
    return dcc.Store(id=ids.upload("look", file.id), data=[file.id, zone, start])


def looked_row(file: File, looked: Looked, stands: Mapping[str, str] = NOTHING) -> list[Any]:
    """Return the inside of a file's row: what was found, or why it is refused; `stands`: how cameras and mats do, as was last said."""
    done = dcc.Store(id=ids.upload("looked", file.id), data="refused" if looked.survey is None else "read")
    if looked.survey is None:
        return [*_row("file-x", file, message(looked.refusal or Text("This file cannot be read."), tone="high")), done]
    survey = looked.survey
    icons = {reader.key: reader.icon for reader in readers()}
    facts = [html.P([html.Strong(t(survey.name)), " · ", words.channels(survey.channels)], className="small")]
    return [
        *_row(
            icons.get(survey.format, "table"),
            file,
            html.Div([*facts, *_nights(survey), *_standing(file, survey, stands), *_remarks(survey)], className="found"),
        ),
        done,
    ]


def _row(drawing: str, file: File, *inside: Any) -> list[Any]:
    remove = html.Button(
        icon("x"), id=ids.upload("remove", file.id), className="button button-quiet", type="button", title=t("Remove this file")
    )
    head = html.Div([html.Span(file.name, className="file-name"), html.Span(words.size(file.size), className="muted small"), remove])
    return [
        icon(drawing, class_name="file-icon"),
        html.Div([html.Div(head.children, className="file-head"), *inside], className="file-body"),
    ]


def _nights(survey: Survey) -> Iterator[Any]:
    if survey.needs_start:
        yield html.P(
            t("{length} long; it does not say when it began.", length=words.minutes(survey.nights[0].duration_s / 60)), className="small"
        )
        return
    first = survey.nights[-1]
    if first.night is not None and first.start is not None and first.end is not None:
        said = {
            "day": words.day(first.night, year=True),
            "start": words.clock(first.start, survey.zone),
            "end": words.clock(first.end, survey.zone),
        }
        text = t("Night of {day}, {start} – {end}", **said)
        more = "" if len(survey.nights) == 1 else " " + t("and {n} earlier nights", n=len(survey.nights) - 1)
        yield html.P(text + more, className="small numeric")
        yield day_bar(first, survey.zone)
    if survey.zone is not None and without_zone(survey):
        yield html.P(t("{zone}: the file names no zone; change it below if this is wrong.", zone=survey.zone), className="muted small")
    else:
        yield html.P([html.Span(survey.zone or t("No time zone")), ". ", t(survey.zone_origin)], className="muted small")


def _standing(file: File, survey: Survey, stands: Mapping[str, str]) -> Iterator[html.Label]:
    """Yield what is asked about a camera or a mat: no file says it."""
    for channel, name, question, answers in STANDING:
        if channel in survey.channels and name in stands:
            options = [{"label": t(said), "value": value} for value, said in answers]
            select = dbc.Select(id=ids.upload("stands", f"{name}/{file.id}"), options=options, value=stands[name])
            yield html.Label([html.Span(t(question)), select], className="field")


def _remarks(survey: Survey) -> Iterator[html.P]:
    for dropped in survey.dropped:
        yield html.P(t("Left out: {count} × {reason}", count=dropped.count, reason=dropped.reason), className="remark small")
    for note in survey.notes:
        yield html.P(t(note), className="remark small")


def summary(files: Sequence[Looked], *, busy: bool) -> list[Any]:
    """Return the third step: how the files lie to one another, which nights, and the button."""
    surveys = [file.survey for file in files if file.survey is not None]
    nights = {span.night for survey in surveys for span in survey.nights if span.night is not None}
    open_start = any(survey.needs_start for survey in surveys)
    ready = bool(surveys) and not open_start
    button = html.Button(
        [icon("moon"), t("Analyze")], id=ids.ANALYSE, className="button button-primary button-big", disabled=not ready or busy
    )
    hint = t("It takes a minute or two. You can leave the page; the work goes on.") if ready else t("First choose a file, or a demo night.")
    if open_start:
        hint = t("Say when the recording began; then it can be analyzed.")
    remarks = [html.P(said, className="muted small") for said in overlaps(files)]
    choice = forms.night_field(sorted(nights), hidden=len(nights) < 2)
    return [*remarks, choice, html.Div([button, html.Span(hint, className="muted small")], className="actions")]


def zone_open(files: Sequence[Looked]) -> bool:
    """Return whether a file names no zone of its own."""
    return any(file.survey is not None and without_zone(file.survey) for file in files)


def without_zone(survey: Survey) -> bool:
    """Return whether a file names no zone of its own."""
    return survey.zone is None or survey.zone_origin.msgid == ZONE_SAID.msgid


def overlaps(files: Sequence[Looked]) -> Iterator[str]:
    """Yield how files lie to one another: which share a night, and which share none of it."""
    read = [(file.name, file.survey) for file in files if file.survey is not None]
    if len(read) == 2 or (len(read) > 2 and not _all_overlap(read)):
        for (one, first), (other, second) in combinations(read, 2):
            shared = [(a, _shared_min(a, b)) for a in first.nights for b in second.nights if a.night is not None and a.night == b.night]
            for span, minutes in shared[-1:]:
                said = {"one": one, "other": other, "day": words.day(span.night), "length": words.minutes(minutes)}
                if minutes > 0:
                    yield t("{one} and {other} share {length} of {day}; they are read as one night.", **said)
                else:
                    yield t("{one} and {other} are of {day} but share no minute.", **said)
    elif len(read) > 2:
        yield t("All {n} files share the night of {day}; they are read as one.", n=len(read), day=words.day(read[0][1].nights[-1].night))


def _all_overlap(read: Sequence[tuple[str, Survey]]) -> bool:
    last = [survey.nights[-1] for _, survey in read]
    return all(a.night is not None and a.night == b.night and _shared_min(a, b) > 0 for a, b in pairwise(last))


def _shared_min(one: NightSpan, other: NightSpan) -> float:
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return 0.0
    return max(0.0, (min(one.end, other.end) - max(one.start, other.start)).total_seconds() / 60)


def carriers(active: list[str]) -> list[Any]:
    """Return what the page's callbacks hand to one another: nothing to see."""
    return [
        *(dcc.Store(id=name) for name in (ids.ARRIVED, ids.STARTED, ids.FOLLOWED)),
        dcc.Store(id=ids.UNDER_WAY, data=active),
        dcc.Interval(id=ids.POLL, interval=1000, disabled=not active),
        dcc.Location(id=ids.GO, refresh="callback-nav"),
    ]
