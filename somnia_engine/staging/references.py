"""Every published rule of actigraphy that a night's movement allows, to be read beside our own numbers."""

from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.staging.arm_angle import stage_arm_angle
from somnia_engine.staging.cole_kripke import stage_cole_kripke
from somnia_engine.staging.sadeh import stage_sadeh
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram
from somnia_engine.types.night import Lights, SleepStatistics

RULES = (stage_cole_kripke, stage_sadeh, stage_arm_angle)


def reference_hypnograms(features: NightFeatures) -> tuple[Hypnogram, ...]:
    """Return sleep and wake by each rule whose column was measured; `scorer` names the publication."""
    found = (rule(features) for rule in RULES)
    return tuple(hypnogram for hypnogram in found if hypnogram is not None)


def reference_statistics(features: NightFeatures, lights: Lights) -> tuple[SleepStatistics, ...]:
    """Return the numbers of sleep by each rule whose column was measured, between the same lights off and on as ours."""
    return tuple(sleep_statistics(hypnogram, lights) for hypnogram in reference_hypnograms(features))
