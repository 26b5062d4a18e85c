"""Demo nights that are given to whoever wants to look: a copy each, marked, gone when a visitor's nights go."""

from datetime import date, timedelta

import pytest
from flask import Flask

from somnia_server.settings import Settings
from somnia_server.store import demo_nights
from somnia_server.store.actors import Actor, Role
from somnia_server.store.nights import list_nights, load_night, purge_expired
from tests.server.conftest import make_night

SOMEBODY, ANOTHER = Actor("v-" + "a" * 32, Role.VISITOR), Actor("v-" + "b" * 32, Role.VISITOR)
DAYS = (date(2025, 11, 13), date(2025, 11, 14))


@pytest.fixture
def prepared(app: Flask, settings: Settings) -> Settings:
    demo_nights.put_demo_nights(settings, "insomnia", nights=[(day, make_night()) for day in DAYS])
    return settings


def test_all_nights_of_a_demo_are_given_and_the_last_is_led_to(app: Flask, prepared: Settings) -> None:
    with app.app_context():
        found = demo_nights.give_demo_nights(SOMEBODY, "insomnia")
        nights = list_nights(SOMEBODY)
        assert [night.night for night in nights] == list(reversed(DAYS))
        assert all(night.demo and night.expires_at is not None for night in nights)
        assert nights[0].id == found
        assert load_night(ANOTHER, found or "") is None


def test_twice_is_once(app: Flask, prepared: Settings) -> None:
    with app.app_context():
        assert demo_nights.give_demo_nights(SOMEBODY, "insomnia") == demo_nights.give_demo_nights(SOMEBODY, "insomnia")
        assert len(list_nights(SOMEBODY)) == len(DAYS)


def test_they_go_when_a_visitors_nights_go_and_the_originals_stay(app: Flask, prepared: Settings) -> None:
    with app.app_context():
        demo_nights.give_demo_nights(SOMEBODY, "insomnia")
        until = list_nights(SOMEBODY)[0].expires_at
        assert until is not None
        purge_expired(until + timedelta(seconds=1))
        assert list_nights(SOMEBODY) == ()
        assert demo_nights.has_demo_nights(prepared, "insomnia")


@pytest.mark.parametrize("key", ["", "healthy", "../insomnia", "."])
def test_what_was_not_analyzed_or_is_no_demo_gives_nothing(app: Flask, prepared: Settings, key: str) -> None:
    with app.app_context():
        assert demo_nights.give_demo_nights(SOMEBODY, key) is None
        assert list_nights(SOMEBODY) == ()
