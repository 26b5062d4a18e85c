"""What a person answered to questionnaires reaches the judgement of their next night."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from somnia_engine.types.questionnaires import Answered
from somnia_server.store import jobs, nights
from somnia_server.store.answers import save_answers
from somnia_server.work import analyses, queue
from tests.server.conftest import Visitor

DAY = date(2025, 1, 10)


def night() -> bytes:
    """Return five hours of heart rate and blood oxygen."""
    start = datetime(2025, 1, 10, 22, 0, tzinfo=UTC)
    rows = [f"{(start + timedelta(seconds=4 * i)).isoformat()},{55 + i % 9},{95 + i % 2}" for i in range(4500)]
    return "\n".join(["time,hr_bpm,spo2_pct", *rows, ""]).encode()


@pytest.mark.parametrize("answered_at", [DAY, DAY + timedelta(days=40)])
def test_answers_stand_in_the_evidence_of_the_night(app: Flask, visitor: Visitor, answered_at: date):
    upload_id = visitor.upload(night())
    with app.app_context():
        save_answers(visitor.actor, Answered("stop_bang", answered_at, (1, 1, 1, 0, 0, 0, 0, 1)))
        queue.enqueue(visitor.actor, [upload_id])
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
        (kept,) = nights.list_nights(visitor.actor)
    apnea = next(finding for finding in kept.findings if finding.disorder == "apnea")
    assert apnea.evidence, str(apnea.summary)
    told = {str(row.label): row.value for row in apnea.evidence}
    label = f"Breathing questionnaire (STOP-Bang), 0 to 8; 3 or more stand out; answered on {answered_at.isoformat()}"
    assert told[label] == 4.0
