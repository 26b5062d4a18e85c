from datetime import date

import pytest

from somnia_engine.text import Text
from somnia_server.store import jobs, operations
from somnia_server.store.actors import Role
from somnia_server.store.house import now
from somnia_server.work import queue
from tests.server.conftest import make_account, somebody
from tests.server.store.test_jobs import add

pytestmark = pytest.mark.usefixtures("context")


def failed() -> str:
    job_id = add("a", night=date(2025, 1, 10))
    claim = jobs.claim_next()
    jobs.fail(claim, Text("A secret of the file."), error_id="e1")
    return job_id


def test_only_an_administrator_sees_how_the_instance_stands():
    assert all(operations.overview(make_account(role)) is None for role in (Role.USER, Role.DOCTOR))
    assert operations.overview(make_account(Role.ADMIN)) is not None


def test_a_failed_job_is_listed_without_what_its_owner_was_told_and_runs_again():
    job_id, admin = failed(), make_account(Role.ADMIN)
    seen = operations.overview(admin)
    (one,) = seen.failed
    assert (one.id, one.error_id, one.kept, seen.states) == (job_id, "e1", True, {"failed": 1})
    assert "secret" not in repr(seen)
    assert not operations.retry(make_account(Role.DOCTOR), job_id)
    assert operations.retry(admin, job_id)
    assert not operations.retry(admin, job_id)
    view = queue.job_for(somebody("a"), job_id)
    assert (view.state, view.attempts, view.error) == ("queued", 0, None)
    assert jobs.claim_next().id == job_id


def test_storage_and_keys_are_measured():
    seen = operations.overview(make_account(Role.ADMIN))
    assert seen.storage.database > 0
    assert seen.storage.free > 0
    assert seen.keys.since is not None
    assert seen.keys.behind == 0


def test_a_backup_is_as_old_as_its_last_report():
    admin = make_account(Role.ADMIN)
    assert operations.overview(admin).backup_at is None
    operations.note_backup()
    assert abs((now() - operations.overview(admin).backup_at).total_seconds()) < 60
