"""The rows of analyses: moving, done, failed, cancelled."""

from dataclasses import dataclass
from datetime import date

from components.progress import job_rows
from somnia_engine.text import Text


@dataclass(frozen=True)
class Job:
    state: str
    id: str = "j1"
    stage: str = "stage"
    fraction: float = 0.5
    eta_s: float | None = 90.0
    night: date | None = date(2025, 11, 14)
    night_id: str | None = None
    error: Text | None = None
    error_id: str | None = None


def test_a_running_job_says_its_stage_and_the_time_left_and_can_be_cancelled() -> None:
    said = str(job_rows([Job("running")]))
    assert "Finding the sleep stages" in said
    assert "about 2 min left" in said
    assert "Cancel the analysis" in said


def test_a_done_job_leads_to_its_night_and_nothing_is_left_to_cancel() -> None:
    said = str(job_rows([Job("done", night_id="abc")]))
    assert "/night/abc" in said
    assert "Cancel the analysis" not in said


def test_a_failed_job_says_why_under_which_id_and_what_to_do() -> None:
    said = str(job_rows([Job("failed", error=Text("The sound could not be read."), error_id="e7")]))
    assert "The sound could not be read." in said
    assert "Error e7" in said
    assert "analyze again" in said


def test_a_cancelled_job_says_that_nothing_is_lost() -> None:
    assert "Your files are still here" in str(job_rows([Job("cancelled")]))
