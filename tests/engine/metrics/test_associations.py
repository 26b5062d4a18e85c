"""What goes with bad nights: planted effects are found, chance is not, and few nights are not spoken of."""

import numpy as np
import pytest
from scipy import stats

from somnia_engine.metrics.associations import associations, holm

NONE: dict[str, np.ndarray] = {}


def tagged(n: int, every: int, name: str = "alcohol") -> list[frozenset[str]]:
    return [frozenset([name]) if i % every == 0 else frozenset() for i in range(n)]


def test_a_planted_difference_is_found_with_its_interval() -> None:
    rng = np.random.default_rng(1)
    tags = tagged(60, 3)
    values = rng.normal(88.0, 3.0, 60) - 8.0 * np.array(["alcohol" in night for night in tags])
    (found,) = associations({"se_pct": values}, tags=tags, rooms=NONE)
    assert (found.cause, found.outcome, found.n_with, found.n_without) == ("alcohol", "se_pct", 20, 40)
    assert found.low < -8.0 < found.high < 0.0
    assert found.sure
    assert found.size < -1.5


def test_chance_is_seldom_taken_for_an_association() -> None:
    rng = np.random.default_rng(2)
    sure = 0
    for _ in range(20):
        tags = [frozenset(tag for tag in "abcd" if rng.random() < 0.4) for _ in range(50)]
        outcomes = {name: rng.normal(0, 1, 50) for name in ("score", "tst_min", "se_pct")}
        sure += any(one.sure for one in associations(outcomes, tags=tags, rooms=NONE))
    assert sure <= 3  # of 20 families at 5 %


def test_few_nights_are_not_spoken_of() -> None:
    values = np.arange(20.0)
    assert associations({"score": values}, tags=tagged(20, 5), rooms=NONE) == ()
    assert associations({"score": values[:13]}, tags=[frozenset()] * 13, rooms={"room_temp_mean_c": values[:13]}) == ()
    assert len(associations({"score": values}, tags=tagged(20, 4), rooms=NONE)) == 1


def test_nights_that_were_not_measured_do_not_count() -> None:
    values = np.arange(24.0)
    values[::4] = np.nan
    assert associations({"score": values}, tags=tagged(24, 4), rooms=NONE) == ()


def test_the_room_is_compared_by_ranks_as_scipy_does() -> None:
    rng = np.random.default_rng(4)
    room = np.round(rng.normal(20, 2, 40))
    values = -room + rng.normal(0, 1.5, 40)
    (found,) = associations({"se_pct": values}, tags=[frozenset()] * 40, rooms={"room_temp_mean_c": room})
    assert found.effect == pytest.approx(stats.spearmanr(room, values).statistic)
    assert found.low < found.effect < found.high < 0
    assert found.sure


def test_holms_correction_is_the_printed_one() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # the example of R's p.adjust(method = "holm")
    assert holm([]) == []


def test_the_same_nights_give_the_same_answer_and_order_does_not_matter_much() -> None:
    rng = np.random.default_rng(5)
    values, tags = rng.normal(0, 1, 40), tagged(40, 3)
    one, two = (associations({"score": values}, tags=tags, rooms=NONE) for _ in range(2))
    assert one == two
    (turned,) = associations({"score": -values}, tags=tags, rooms=NONE)
    assert turned.effect == pytest.approx(-one[0].effect)
    assert turned.p == pytest.approx(one[0].p, abs=0.03)
