"""What is usual for a person: one night's band is that of all nights at its place, whatever was not measured."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from somnia_engine.metrics.baseline import band_at, baseline

VALUES = st.lists(st.one_of(st.floats(0, 600), st.just(float("nan"))), min_size=1, max_size=60)


@given(VALUES, st.data())
def test_one_nights_band_is_that_of_all_nights_at_its_place(values: list[float], data: st.DataObject) -> None:
    numbers = np.array(values)
    at = data.draw(st.integers(0, len(values) - 1))
    whole = baseline(numbers)
    np.testing.assert_array_equal(band_at(numbers, at), (whole.low[at], whole.high[at]))


def test_six_nights_are_too_few_and_seven_are_enough() -> None:
    nights = np.arange(8.0)
    assert np.isnan(band_at(nights, 6)).all()
    assert np.isfinite(band_at(nights, 7)).all()
