import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from somnia_engine.metrics.agreement import event_agreement, least_certain, stage_agreement
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import Hypnogram, Stage

FULL = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)
LIGHT = (Stage.W, Stage.L, Stage.N3, Stage.R)


def scored(stages: list[int], classes: tuple[Stage, ...] = FULL, p: np.ndarray | None = None) -> Hypnogram:
    return Hypnogram(np.array(stages, np.int8), classes, "somebody", p)


def apneas(*spans: tuple[float, float]) -> EventTable:
    return EventTable.of(Event(EventKind.OA, onset, length, 1.0, "x") for onset, length in spans)


def test_kappa_and_confusion_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    a = rng.integers(0, 5, 800)
    b = np.where(rng.random(800) < 0.7, a, rng.integers(0, 5, 800))
    found = stage_agreement(scored(a.tolist()), scored(b.tolist()))
    assert found.kappa == pytest.approx(cohen_kappa_score(a, b))
    order = [int(stage) for stage in found.classes]
    assert found.confusion.tolist() == confusion_matrix(a, b, labels=order).tolist()


def test_a_table_reckoned_by_hand():
    table = np.array([[25, 13, 12], [12, 2, 16], [3, 15, 2]])
    a = [stage for stage, row in zip((0, 2, 3), table, strict=True) for stage in [stage] * int(row.sum())]
    b = [stage for row in table for stage, n in zip((0, 2, 3), row, strict=True) for _ in range(int(n))]
    found = stage_agreement(scored(a), scored(b))
    assert found.accuracy == pytest.approx(0.29)
    assert found.kappa == pytest.approx((0.29 - 0.35) / (1 - 0.35))


def test_the_finer_scorer_is_compared_on_what_the_coarser_can_tell():
    found = stage_agreement(scored([0, 1, 2, 3, 4]), scored([0, 5, 5, 3, 4], LIGHT))
    assert found.classes == (Stage.W, Stage.R, Stage.L, Stage.N3)
    assert (found.kappa, found.accuracy) == (1.0, 1.0)
    asleep = stage_agreement(scored([0, 1, 2, 3, 4]), scored([0, 6, 6, 6, 0], (Stage.W, Stage.S)))
    assert asleep.classes == (Stage.W, Stage.S)
    assert asleep.accuracy == 0.8


def test_unscored_epochs_count_on_neither_side():
    found = stage_agreement(scored([0, -1, 2, 2]), scored([0, 2, -1, 2]))
    assert (found.n, found.accuracy) == (2, 1.0)
    nothing = stage_agreement(scored([-1, -1]), scored([0, 2]))
    assert nothing.n == 0
    assert np.isnan(nothing.kappa)
    assert np.isnan(nothing.accuracy)


def test_agreement_does_not_depend_on_who_is_first():
    a, b = scored([0, 1, 2, 2, 3, 4, 4]), scored([0, 2, 2, 1, 3, 4, 0])
    assert stage_agreement(a, b).kappa == pytest.approx(stage_agreement(b, a).kappa)
    assert (stage_agreement(a, b).confusion == stage_agreement(b, a).confusion.T).all()


def test_events_match_when_they_overlap_each_with_one():
    found = event_agreement(apneas((10, 20), (100, 20), (200, 5)), apneas((15, 20), (16, 4), (300, 10)), kinds=(EventKind.OA,))
    assert (found.both, found.first_only, found.second_only) == (1, 2, 2)
    assert found.f1 == pytest.approx(1 / 3)


def test_events_of_other_kinds_and_no_events_count_for_nothing():
    assert np.isnan(event_agreement(apneas(), apneas(), kinds=(EventKind.OA,)).f1)
    assert np.isnan(event_agreement(apneas((1, 2)), apneas((1, 2)), kinds=(EventKind.H,)).f1)


def test_the_tour_goes_to_the_least_certain_first_and_keeps_apart():
    p = np.array([[0.9, 0.1], [0.55, 0.45], [0.5, 0.5], [0.8, 0.2], [0.6, 0.4], [np.nan, np.nan]], np.float32)
    night = scored([0, 0, 0, 0, 0, -1], (Stage.W, Stage.S), p)
    assert least_certain(night) == (2, 4, 0)
    assert least_certain(night, most=1) == (2,)
    assert least_certain(scored([0, 1])) == ()
