"""Loud moments from an upload to the ear: only where the person wants them, and no file of them stays unsealed."""

import io
import threading
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile
from flask import Flask

from somnia_server.store import jobs, nights, persons
from somnia_server.store.choices import Choices
from somnia_server.store.clips import list_clips
from somnia_server.store.persons import PersonSettings
from somnia_server.work import analyses, queue
from tests.engine.test_clips import snores
from tests.server.conftest import Visitor


@pytest.mark.parametrize("wanted", [True, False])
def test_clips_are_kept_only_for_whom_they_are_switched_on(app: Flask, visitor: Visitor, stranger: Visitor, wanted: bool):
    wav = io.BytesIO()
    soundfile.write(wav, snores(3), 16000, format="WAV")
    upload_id = visitor.upload(wav.getvalue(), "night.wav")
    with app.app_context():
        persons.save_settings(visitor.actor, PersonSettings(loud_clips=wanted))
        queue.enqueue(visitor.actor, [upload_id], choices=Choices(start=datetime(2025, 1, 10, 22, tzinfo=UTC)))
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
        (night,) = nights.list_nights(visitor.actor)
        kept = list_clips(visitor.actor, night.id)
    assert (len(kept) >= 5) is wanted
    for clip in kept[:1]:
        heard = visitor.client.get(f"/clip/{clip.id}")
        sound, fs = soundfile.read(io.BytesIO(heard.data))
        assert (heard.mimetype, heard.headers["Cache-Control"]) == ("audio/mpeg", "no-store")
        assert len(sound) == pytest.approx(10 * fs, abs=0.2 * fs)
        assert np.abs(sound).max() > 0.1
        assert visitor.client.get(f"/clip/{clip.id}/picture").data.startswith(b"\x89PNG")
        assert stranger.client.get(f"/clip/{clip.id}").status_code == 404
