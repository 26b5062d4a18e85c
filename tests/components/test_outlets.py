from dataclasses import dataclass

import pytest

from components.outlets import outlets
from somnia_engine.text import Text
from tests.components.test_tables import words


@dataclass(frozen=True)
class Connection:
    title: Text
    on: bool = True
    leaves: bool = True
    host: str | None = "mail.example"
    region: str | None = None
    purpose: str = "Sends."
    data: str = "An address."


def shown(*entries: Connection, hosts: bool = False, regions: tuple[str, ...] = ()) -> list[str]:
    return [words(card) for card in outlets(entries, regions=regions, hosts=hosts)]


def test_a_server_from_which_nothing_leaves_says_so():
    on, off = shown(Connection(Text("Mail"), on=False, leaves=False, host=None))
    assert "Nothing leaves this server." in on
    assert "Mail" in off
    assert "nowhere" in off


@pytest.mark.parametrize(("hosts", "there"), [(True, True), (False, False)])
def test_machines_are_named_to_administrators_only(hosts, there):
    on, off = shown(Connection(Text("Mail"), region="in"), hosts=hosts)
    assert "Mail" in on
    assert ("mail.example" in on) is there
    assert "in" in on
    assert "Mail" not in off


def test_a_region_that_nobody_declared_is_named_as_such():
    assert "region not declared" in shown(Connection(Text("Mail")))[0]


def test_what_stays_on_this_machine_does_not_count_as_leaving():
    on, off = shown(Connection(Text("Mail"), leaves=False, host="127.0.0.1"))
    assert "Mail" not in on
    assert "stays on this machine" in off


def test_where_data_may_go_is_said():
    assert "de, in" in shown(regions=("in", "de"))[0]
    assert "not restricted" in shown()[0]
