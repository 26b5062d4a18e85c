"""What can leave this server, as a list: every connection to another machine, whether it is on, what goes through it."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import fields
from somnia_engine.text import t


def outlets(entries: Sequence[Any], *, regions: Sequence[str], hosts: bool) -> list[html.Section]:
    """Return the connections, those that are on first; `hosts` shows which machines they lead to."""
    on = [entry for entry in entries if entry.leaves]
    off = [entry for entry in entries if not entry.leaves]
    places = t("Data may only go to: {regions}.", regions=", ".join(sorted(regions))) if regions else t("Regions are not restricted.")
    lead = t("Every connection is off until the administrator turns it on. What is not in this list is not opened.")
    return [
        fields.card(t("On"), _table(on, hosts=hosts, empty=t("Nothing leaves this server.")), lead=f"{lead} {places}"),
        fields.card(t("Off"), _table(off, hosts=hosts, empty=t("Every connection is on."))),
    ]


def _table(entries: Sequence[Any], *, hosts: bool, empty: str) -> html.Div | html.P:
    head = [t("what"), t("for what"), t("what goes through it"), t("where it leads")]
    body = [[t(entry.title), t(entry.purpose), t(entry.data), _where(entry, hosts=hosts)] for entry in entries]
    return fields.table(head, body, empty=empty)


def _where(entry: Any, *, hosts: bool) -> str:
    if not entry.on:
        return t("nowhere")
    if not entry.leaves:
        return t("stays on this machine")
    region = entry.region or t("region not declared")
    return f"{entry.host} ({region})" if hosts else region
