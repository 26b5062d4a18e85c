"""The worker: `python -m somnia_server.work.worker` takes jobs one after another until it is told to stop."""

import logging
import os
import signal
import sys
import threading
import time
from datetime import datetime, timedelta
from types import FrameType

from flask import Flask

from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError
from somnia_server.store import (
    audit,
    clips,
    guardians,
    jobs,
    nights,
    packets,
    people,
    recordings,
    repeats,
    retention,
    sessions,
    tidings,
    tries,
    webhooks,
)
from somnia_server.store.connections import AWAY, is_away
from somnia_server.store.house import house, now
from somnia_server.work import analyses, door, hooks, post

log = logging.getLogger(__name__)

IDLE_S = 0.5
SWEEP_S = 60.0
TELL_S = 10.0
"""How often people are told what is new, and mails are sent [s]."""
DAY_S = 86400.0
NICE = 10
JOB_ROWS_STAY = timedelta(days=7)


def sweep() -> None:
    """Delete what has expired and what dead processes left behind."""
    at = now()
    nights.purge_expired(at)
    clips.purge_clips(at)
    recordings.purge_uploads(at)
    recordings.release_done()
    retention.purge_spent(at)
    if tries.acquire(f"grown up {at:%Y-%m-%d}", 1, seconds=DAY_S):  # it opens each minor's profile: once a day is enough for birthdays
        guardians.end_grown_up(at)
    jobs.purge_jobs(at, older_than=JOB_ROWS_STAY)
    packets.purge_letters(at)
    repeats.purge_repeats(at)
    webhooks.purge_deliveries(at)
    people.purge_visitors(at - JOB_ROWS_STAY)
    sessions.purge_sessions(at - JOB_ROWS_STAY)
    tries.purge_tries(at)
    door.sweep_temp(house().settings.temp)
    audit.anchor(at)


def tell(at: datetime) -> None:
    """Tell people what is new, in the app and by mail, and other systems that they named."""
    tidings.tell_all(at)
    post.send_letters(at)
    hooks.deliver(at)


def work(app: Flask, stop: threading.Event) -> None:
    """Take jobs until `stop` is set; a database that is away for a while is waited for."""
    next_sweep = next_tell = 0.0
    while not stop.is_set():
        worked = False
        try:
            with app.app_context():
                if time.monotonic() >= next_sweep:
                    sweep()
                    next_sweep = time.monotonic() + SWEEP_S
                if time.monotonic() >= next_tell:
                    tell(now())
                    next_tell = time.monotonic() + TELL_S
                worked = _work_once(stop)
        except AWAY as error:
            if not is_away(error):
                raise
            log.warning("the database does not answer; asking again")
        if not worked:
            stop.wait(IDLE_S)


def _work_once(stop: threading.Event) -> bool:
    """Take the next job and bring it to its end; False when there is none."""
    claim = jobs.claim_next()
    if claim is not None:
        analyses.run(claim, stop)
    return claim is not None


def main() -> int:
    """Run a worker until SIGTERM or SIGINT; a job in its hands goes back into the queue."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.nice(NICE)
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        app = create_server(Settings.from_env())
    except SettingsError as error:
        log.error("%s", error)
        return 2
    work(app, stop)
    _anchor_last(app)
    return 0


def _anchor_last(app: Flask) -> None:
    """Anchor the log where it stands when this worker leaves."""
    try:
        with app.app_context():
            audit.anchor(now(), now_in_any_case=True)
    except AWAY as error:
        if not is_away(error):
            raise
        log.warning("the database does not answer; the log is anchored by the next worker")


if __name__ == "__main__":
    sys.exit(main())
