import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from somnia_server.store.schema import scripts, upgrade
from somnia_server.store.tables import Base, db

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.usefixtures("context")
def test_the_migrations_lead_to_the_tables_that_the_code_speaks_of():
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(found, Base.metadata) == []


@pytest.mark.usefixtures("context")
def test_upgrading_again_changes_nothing():
    upgrade(db.engine)
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == scripts().get_current_head()


@pytest.mark.sqlite
@pytest.mark.usefixtures("context")
def test_sqlite_keeps_foreign_keys_waits_for_locks_and_wipes_what_is_deleted():
    with db.engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 15000), ("secure_delete", 1)):
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_several_processes_may_start_at_once(blank):
    code = "from somnia_server import create_server; from somnia_server.settings import Settings; create_server(Settings.from_env())"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=os.environ | blank, stderr=subprocess.PIPE) for _ in range(4)
    ]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
