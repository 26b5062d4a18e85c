"""Trees as arrays answer as scikit-learn does."""

import numpy as np
import pytest

from models.trees import trees_of
from somnia_engine.dsp.trees import load_trees, packed

ensemble = pytest.importorskip("sklearn.ensemble")


def example(missing: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(3000, 6))
    truth = (rows[:, 0] * rows[:, 1] + rows[:, 2] + 0.3 * rng.normal(size=3000) > 0).astype(int)
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows, truth


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_probability_is_that_of_the_fitted_model(missing: float) -> None:
    rows, truth = example(missing)
    model = ensemble.HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(rows[:2000], truth[:2000])
    np.testing.assert_allclose(trees_of(model).probability(rows), model.predict_proba(rows)[:, 1], atol=1e-9)


def test_a_regressor_is_exported_too() -> None:
    rows, truth = example()
    model = ensemble.HistGradientBoostingRegressor(max_iter=20, random_state=0).fit(rows, truth)
    np.testing.assert_allclose(trees_of(model).score(rows), model.predict(rows), atol=1e-9)


def test_trees_survive_the_file_under_their_prefix() -> None:
    rows, truth = example()
    first = trees_of(ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(rows, truth))
    second = trees_of(ensemble.HistGradientBoostingClassifier(max_iter=7, random_state=0).fit(rows[:, ::-1], truth))
    content = packed({"a_": first, "b_": second})
    np.testing.assert_array_equal(load_trees(content, "a_").score(rows), first.score(rows))
    np.testing.assert_array_equal(load_trees(content, "b_").score(rows), second.score(rows))


def test_no_rows_give_no_answers() -> None:
    rows, truth = example()
    trees = trees_of(ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(rows, truth))
    assert trees.probability(rows[:0]).shape == (0,)
