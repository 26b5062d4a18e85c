"""What the worker costs before its first night, and what the stages of one night cost."""

from collections.abc import Iterator

from somnia_engine.staging import stage_night
from somnia_engine.types.night import NightAnalysis
from tests.bench.engine import IMPORTS
from tests.bench.measure import Row, cpu_ms, in_own_process

WITH_MODELS = (
    IMPORTS
    + """
from somnia_engine.staging.classifier import load_classifier
load_classifier()
"""
)


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the imports, the loaded stage model, and the staging of the demo night."""
    plain, loaded = in_own_process(IMPORTS), in_own_process(WITH_MODELS)
    yield Row("P5", "engine imported, CPU", f"{plain['cpu_s']:.2f} s", f"memory {plain['peak_mib']:.0f} MiB", "", None)
    yield Row("P5", "- with the stage model loaded, CPU", f"{loaded['cpu_s']:.2f} s", f"memory {loaded['peak_mib']:.0f} MiB", "", None)
    hours = analysis.features.n_epochs / 120.0
    yield Row("P5", f"stages of a night of {hours:.1f} h, CPU", f"{cpu_ms(lambda: stage_night(analysis.features)):.0f} ms", "", "", None)
