"""Sleep stages of a night, from heart rate and movement on the 30-s grid."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.staging.certainty import disturbed_share, eased, stage_intervals, temperature_of
from somnia_engine.staging.classifier import calibrated, decided, load_classifier
from somnia_engine.staging.inputs import build_inputs, measured
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, SleepStatistics

STAGES = (Stage.W, Stage.L, Stage.N3, Stage.R)
SLEEP_WAKE = (Stage.W, Stage.S)

LEAST_HEART_COVERAGE = 0.5
"""Share of the epochs that must have a heart rate before light, deep and REM sleep are told apart."""


def stage_night(features: NightFeatures) -> Hypnogram | None:
    """Stage a night with the shipped LSTM.

    Trained on Walch 2019 (doi 10.1093/sleep/zsz180); scores and limits stand in `models/sleep_stages/card.toml`.

    Parameters
    ----------
    features : NightFeatures
        `hr_bpm`, `hr_sd_bpm` and its waves [1/min] and `activity_count` [te Lindert counts per 15 s] are read; `p_breathing_event`
        makes the probabilities less sure and changes no stage.

    Returns
    -------
    Hypnogram or None
        W, L, N3, R where heart rate covers at least half of the epochs; W, S from movement alone; None when neither was measured.
        An epoch in which nothing was measured is unscored, its row of probabilities NaN. `scorer` names the version and the inputs.

    Raises
    ------
    ModelError
        The model on disk is not the one its card describes.
    """
    heart, motion = measured(features)
    kind = _kind(heart, motion)
    if kind is None:
        return None
    classes, seen = (SLEEP_WAKE, motion) if kind == "motion" else (STAGES, heart | motion)
    classifier = load_classifier()
    calibration = classifier.calibrations[kind]
    inputs = build_inputs(_with(features, "activity_count") if kind == "motion" else features)
    probabilities = calibrated(classifier.logits(inputs), calibration, classes=len(classes))
    stages = np.array(classes, dtype=np.int8)[decided(probabilities, calibration)]
    slopes, share = classifier.certainty["disturbed"], disturbed_share(features)
    temperature = temperature_of(kind, classifier.certainty, heart=heart, motion=motion)
    probabilities = eased(probabilities, sleep_wake=temperature * (1.0 + slopes["sleep_wake"] * share), sleep=1.0 + slopes["sleep"] * share)
    stages[~seen] = Stage.UNSCORED
    probabilities[~seen] = np.nan
    return Hypnogram(
        stages=stages, classes=classes, scorer=f"somnia-lstm {classifier.version} ({INPUTS[kind]})", probabilities=probabilities
    )


def intervals_of(
    hypnogram: Hypnogram | None, features: NightFeatures, *, statistics: SleepStatistics, lights: Lights
) -> dict[str, tuple[float, float]]:
    """Return where the numbers of a night that was staged from `features` lie in nine nights of ten; nothing for other hypnograms."""
    kind = _kind(*measured(features))
    if hypnogram is None or kind is None:
        return {}
    return stage_intervals(hypnogram, statistics, lights=lights, widths=load_classifier().certainty[kind])


INPUTS = {"full": "heart rate and movement", "heart": "heart rate", "motion": "movement"}


def _kind(heart: NDArray[np.bool_], motion: NDArray[np.bool_]) -> str | None:
    """Return which inputs the night offers: "full", "heart", "motion", or None."""
    if heart.any() and heart.mean() >= LEAST_HEART_COVERAGE:
        return "full" if motion.any() else "heart"
    return "motion" if motion.any() else None


def _with(features: NightFeatures, *names: str) -> NightFeatures:
    return NightFeatures(features.start, features.n_epochs, {name: features[name] for name in names})
