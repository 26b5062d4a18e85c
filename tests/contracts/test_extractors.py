"""What every registered extractor must keep."""

import numpy as np
import pytest

from somnia_engine.extractors import extractors
from somnia_engine.types.features import FEATURES, Extractor, NightInput, feature
from tests.engine.make import START, night_of, recording

EVERY = pytest.mark.parametrize("extractor", extractors(), ids=lambda e: e.key)


def busy(extractor: Extractor, *, shift_s: float = 0.0, low: float = 0.0, high: float = 1.0, n_epochs: int = 120) -> NightInput:
    """Return an hour in which every channel of the extractor runs from `low` to `high` of its range, every 2 s."""
    times = np.arange(0.0, 3600.0, 2.0) + shift_s
    share = np.random.default_rng(3).uniform(low, high, len(times))
    channels = {c: (times, feature(c).low + share * (feature(c).high - feature(c).low)) for c in extractor.channels if c in FEATURES}
    return night_of(recording(channels), n_epochs=n_epochs)


@EVERY
def test_it_declares_columns_that_exist(extractor: Extractor) -> None:
    assert set(extractor.columns) <= set(FEATURES)
    assert str(extractor.name)


@EVERY
def test_a_night_without_its_channels_gives_nothing(extractor: Extractor) -> None:
    assert extractor.extract(night_of(recording())) == ()
    assert extractor.extract(night_of()) == ()


@EVERY
def test_its_columns_fit_the_grid_and_the_bounds(extractor: Extractor) -> None:
    for found in extractor.extract(busy(extractor)):
        assert set(found.columns) <= set(extractor.columns)
        assert found.leads in found.columns
        assert found.source == "watch"
        for name, column in found.columns.items():
            seen = column[np.isfinite(column)]
            assert column.shape == (120,)
            assert column.dtype == np.float32
            assert ((seen >= feature(name).low) & (seen <= feature(name).high)).all()


@EVERY
def test_what_is_out_of_range_is_not_measured(extractor: Extractor) -> None:
    for found in extractor.extract(busy(extractor, low=1.01, high=3.0)):
        assert not any(np.isfinite(column).any() for column in found.columns.values())


@EVERY
def test_its_traces_run_over_the_whole_night_and_its_quality_is_a_share(extractor: Extractor) -> None:
    for found in extractor.extract(busy(extractor)):
        for trace in found.traces:
            assert len(trace.samples) == round(3600 * trace.fs)
            assert trace.samples.dtype == np.float32
            assert trace.onset_s == 0.0
            assert trace.fs <= 1.0
        for quality in found.quality:
            assert 0.0 <= quality.coverage <= 1.0
            assert 0.0 <= quality.first_s <= quality.last_s <= 3600.0


@EVERY
def test_a_stream_before_the_night_gives_nothing(extractor: Extractor) -> None:
    assert extractor.extract(busy(extractor, shift_s=-7200.0)) == ()


@EVERY
def test_a_whole_epoch_later_is_the_same_a_row_further(extractor: Extractor) -> None:
    early, late = extractor.extract(busy(extractor)), extractor.extract(busy(extractor, shift_s=300.0, n_epochs=130))
    for a, b in zip(early, late, strict=True):
        for name in a.columns:
            np.testing.assert_allclose(b.columns[name][10:], a.columns[name], rtol=1e-5)
    assert START.tzinfo is not None
