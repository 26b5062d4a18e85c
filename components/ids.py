"""The names of what callbacks touch: `<page>-<part>`."""

from typing import Any

MAIN = "main"
ERROR = "shell-error"
THEME = "shell-theme"
LANGUAGE = "shell-language"

DROP = "upload-drop"
TRANSFERS = "upload-transfers"
ARRIVED = "upload-arrived"
FOUND = "upload-found"
SUMMARY = "upload-summary"
ANALYSE = "upload-analyse"
START = "upload-start"
ZONE = "upload-zone"
START_FIELD = "upload-start-field"
ZONE_FIELD = "upload-zone-field"
NIGHTS = "upload-nights"
STARTED = "upload-started"
FOLLOWED = "upload-followed"
FOLLOW_BAR = "upload-follow-bar"
FOLLOW_WORDS = "upload-follow-words"
JOBS = "upload-jobs"
POLL = "upload-poll"
UNDER_WAY = "upload-under-way"
GO = "upload-go"
STOP = "upload-stop"


def demo(key: str) -> dict[str, str]:
    """Return the id of the button that takes a demo night."""
    return {"type": "upload-demo", "key": key}


def upload(part: str, upload_id: str) -> dict[str, str]:
    """Return the id of a part of an uploaded file's row: row, looked, remove."""
    return {"type": f"upload-{part}", "upload": upload_id}


INFANT = "night-infant"
ROOM = "night-room"
NIGHT_CHART = "night-chart"
NIGHT_FIGURE = "night-figure"
NIGHT_THEME = "night-theme"
NIGHT_VIEW = "night-view"
NIGHT_READOUT = "night-readout"
NIGHT_SCRUBBER = "night-scrubber"
NIGHT_KEYS = "night-keys"
NIGHT_KEYS_BUTTON = "night-keys-button"
NIGHT_ZOOM_OUT = "night-zoom-out"
NIGHT_TABS = "night-tabs"
NIGHT_TAB = "night-tab"
NIGHT_EVENTS = "night-events"
NIGHT_EVENT_LIST = "night-event-list"
NIGHT_WINDOW = "night-window"
NIGHT_LANES = "night-lanes"
NIGHT_HEADS = "night-heads"


def do(page: str, act: Any, key: Any = "") -> dict[str, Any]:
    """Return the id of a button that does something on a page of forms: what it does, and to which thing."""
    return {"type": f"{page}-do", "act": act, "key": key}


def said(page: str, name: Any) -> dict[str, Any]:
    """Return the id of a field on a page of forms."""
    return {"type": f"{page}-said", "name": name}


def body(page: str) -> str:
    """Return the id of what changes on a page of forms."""
    return f"{page}-body"


TRENDS_METRIC = "trends-metric"
TRENDS_SPAN = "trends-span"
TRENDS_BODY = "trends-body"
TRENDS_FIGURES = "trends-figures"
TRENDS_THEME = "trends-theme"
TRENDS_CHART = "trends-chart"
TRENDS_ACTOGRAM = "trends-actogram"
TRENDS_WEEKDAYS = "trends-weekdays"
TRENDS_DEMO = "trends-demo"
TRENDS_FORGET = "trends-forget"
TRENDS_GO = "trends-go"

DEMO_ASKED = "demo-asked"
DEMO_GO = "demo-go"

COMPARE_FIRST = "compare-first"
COMPARE_SECOND = "compare-second"
COMPARE_DAY = "compare-day"
COMPARE_BODY = "compare-body"
COMPARE_AROUND = "compare-around"
COMPARE_CHART = "compare-chart"
COMPARE_FIGURE = "compare-figure"
COMPARE_THEME = "compare-theme"
REMARK_NOTE = "remark-note"
REMARK_TAGS = "remark-tags"
REMARK_OWN = "remark-own"
REMARK_SAVE = "remark-save"
REMARK_ANSWER = "remark-answer"
