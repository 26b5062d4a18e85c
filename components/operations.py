"""How the instance stands, as cards: jobs with what failed, storage, keys, displays, texts, switches, backups."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

PAGE = "admin"
STATES = {
    "queued": Text("waiting"),
    "running": Text("running"),
    "done": Text("done"),
    "failed": Text("failed"),
    "cancelled": Text("cancelled"),
}
TEXTS = {
    "terms": Text("Terms of use"),
    "privacy": Text("Privacy notice"),
    "ai_text": Text("Reports worded by an outside service"),
    "research": Text("Use for research"),
}
UNITS = ("B", "kB", "MB", "GB", "TB")
LATE_DAYS = 2
"""After so many days without a backup the page says so."""


def cards(seen: Any, switches: Sequence[tuple[str, str, bool]], at: datetime) -> html.Div:
    """Return everything about the instance, small cards beside one another; `switches` are settings: what, its variable, whether on."""
    small = [_backup_card(seen.backup_at, at), _storage_card(seen.storage), _keys_card(seen.keys, at), _texts_card(seen.texts)]
    wide = [_jobs_card(seen.states, seen.failed), _displays_card(seen.displays, seen.invitations), _switches_card(switches)]
    return html.Div([html.Div(small, className="tiles"), *wide], className="stack")


def size(count: int | None) -> str:
    """Return a number of bytes as people say it."""
    if count is None:
        return t("unknown")
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def _facts(facts: Mapping[str, str]) -> html.Dl:
    pairs = [html.Div([html.Dt(name), html.Dd(said, className="numeric")]) for name, said in facts.items()]
    return html.Dl(pairs, className="fact-pairs")


def _jobs_card(states: Mapping[str, int], failed: Sequence[Any]) -> html.Section:
    counts = [html.Span(f"{t(said)} {states.get(state, 0)}", className="chip") for state, said in STATES.items()]
    body = [
        [
            html.Span(_moment(one.finished_at), className="numeric"),
            html.Span(one.owner, className="muted small"),
            one.stage or "–",
            html.Span(str(one.attempts), className="numeric"),
            html.Code(one.error_id or "–"),
            fields.button(PAGE, "retry", t("Try again"), one.id) if one.kept else html.Span(t("files gone"), className="muted"),
        ]
        for one in failed
    ]
    head = [t("ended"), t("whose"), t("stage"), t("tries"), t("in the log as"), ""]
    lead = t("Jobs of the last 7 days. What went wrong is in the server’s log under the number; what the person was told is sealed.")
    return fields.card(t("Analyses"), html.Div(counts, className="chips"), fields.table(head, body, empty=t("Nothing failed.")), lead=lead)


def _displays_card(displays: Sequence[Any], invitations: int) -> html.Section:
    rows = [
        (
            html.P(
                [
                    html.Strong(one.id[:10]),
                    " · ",
                    t("{n} places", n=one.beds),
                    " · ",
                    t("paired {at}", at=_moment(one.paired_at)) if one.paired_at else t("waits for its code"),
                    html.Span(f" {one.doctor}", className="muted small"),
                ]
            ),
            fields.button(PAGE, "revoke_kiosk", t("Take down"), one.id),
        )
        for one in displays
    ]
    waiting = html.P(t("Invitations from patients to doctors that wait for their answer: {n}", n=invitations), className="numeric")
    lead = t("A doctor sets a display up under Patients and names it; here it can be ended at once.")
    return fields.card(t("Displays and invitations"), fields.rows(rows, empty=t("There is no display.")), waiting, lead=lead)


def _storage_card(storage: Any) -> html.Section:
    facts = {
        t("Database"): size(storage.database),
        t("Raw files ({n})", n=storage.files): size(storage.uploads),
        t("Being read"): size(storage.temp),
        t("Free on this disk"): size(storage.free),
        t("Nights"): str(storage.nights),
    }
    return fields.card(t("Storage"), _facts(facts))


def _keys_card(keys: Any, at: datetime) -> html.Section:
    facts = {
        t("Master key from"): keys.place,
        t("This house’s key made"): _age(keys.since, at),
        t("Keys of people"): str(keys.owners),
        t("Oldest of them"): _age(keys.oldest, at),
        t("Waiting to be moved to the present master"): str(keys.behind),
    }
    hint = html.P(
        [t("A new master key, while the pages are served:"), " ", html.Code("flask --app app:server somnia rotate-keys")], className="small"
    )
    return fields.card(t("Keys"), _facts(facts), hint)


def _texts_card(texts: Sequence[tuple[str, str, int]]) -> html.Section:
    facts = {t(TEXTS[kind]): t("version {version}, agreed by {n}", version=version, n=count) for kind, version, count in texts}
    links = [html.A(t(TEXTS[kind]), href=f"/legal/{kind}") for kind, _, _ in texts]
    return fields.card(t("Texts people agree to"), _facts(facts), html.P(_spaced(links), className="small"))


def _switches_card(switches: Sequence[tuple[str, str, bool]]) -> html.Section:
    body = [[what, html.Code(name), html.Strong(t("on")) if on else html.Span(t("off"), className="muted")] for what, name, on in switches]
    lead = t("What this instance has turned on. It is read from the environment at the start; docs/settings.md lists all of it.")
    return fields.card(t("Switches"), fields.table([t("what"), t("setting"), t("state")], body, empty=""), lead=lead)


def _backup_card(made_at: datetime | None, at: datetime) -> html.Section:
    late = made_at is None or (at - made_at).days >= LATE_DAYS
    said = t("No backup was ever reported.") if made_at is None else t("Last backup: {at}", at=_age(made_at, at))
    mark = html.P([html.Span("▲ " if late else "● ", className="shape-moderate" if late else "shape-low"), said])
    said_how = t("SOMNIA does not make backups; let your script report each at its end:")
    hint = html.P([said_how, " ", html.Code("flask --app app:server somnia note-backup")], className="small")
    return fields.card(t("Backup"), mark, hint)


def _age(made: datetime | None, at: datetime) -> str:
    if made is None:
        return "–"
    return t("{day} ({n} days ago)", day=day(made.date(), year=True), n=max(0, (at - made).days))


def _spaced(links: Sequence[Any]) -> list[Any]:
    return [part for link in links for part in (link, " · ")][:-1]


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
