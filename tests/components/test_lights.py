from datetime import UTC, datetime

import pytest

from components.figures.clock import Clock
from components.lights import lights_body, second_of
from somnia_engine.types.night import Lights, SleepStatistics

EPOCHS = 960
BERLIN = Clock(datetime(2025, 11, 14, 22, 12, 30, tzinfo=UTC), "Europe/Berlin")


@pytest.mark.parametrize(
    ("said", "second"),
    [("23:12", 0.0), ("23:13", 30.0), ("00:00", 2850.0), ("0:00", 2850.0), ("07:12", 28770.0), ("12:00", None), ("25:00", None),
     ("23", None), ("", None), ("23:7", None), ("⁷:00", None)],
)  # fmt: skip
def test_a_time_is_found_in_the_night_by_its_own_clock(said: str, second: float | None) -> None:
    assert second_of(BERLIN, said, EPOCHS) == second


def test_a_night_whose_start_nobody_knows_counts_from_its_start() -> None:
    assert second_of(Clock(None, None), "+1:30", EPOCHS) == 5400.0
    assert second_of(Clock(None, None), "1:30", EPOCHS) == 5400.0


def test_an_hour_that_comes_twice_is_its_first() -> None:
    autumn = Clock(datetime(2025, 10, 25, 22, 0, tzinfo=UTC), "Europe/Berlin")
    assert second_of(autumn, "02:30", EPOCHS) == 2.5 * 3600


def test_who_may_only_read_gets_no_form() -> None:
    args = {"edits": [], "numbers": [SleepStatistics()]}
    assert "lights-do" in str(lights_body(BERLIN, Lights(0, 3600), may_edit=True, **args))
    assert "lights-do" not in str(lights_body(BERLIN, Lights(0, 3600), may_edit=False, **args))
