"""Brings the database to the newest schema when a process starts."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from somnia_server.settings import SettingsError
from somnia_server.store.connections import AWAY, is_away
from somnia_server.store.tables import Base

MIGRATIONS = Path(__file__).parent / "migrations"
STARTING = 0x534F4D4F
"""The lock that whoever changes PostgreSQL's schema holds."""


def scripts() -> ScriptDirectory:
    """Return the migrations that this version knows."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply what is missing up to a revision, in one transaction; nothing when the schema is there already."""
    try:
        _upgrade(engine, revision)
    except AWAY as error:
        if not is_away(error):
            raise
        place = engine.url.render_as_string(hide_password=True)
        raise SettingsError(f"The database {place} does not answer: start it, or change SOMNIA_DATABASE_URL. {error}") from None


def _upgrade(engine: Engine, revision: str) -> None:
    directory = scripts()

    def steps(current: tuple[str, ...] | str, _context: MigrationContext) -> list[RevisionStep]:
        return directory._upgrade_revs(revision, current)  # type: ignore[arg-type]

    environment = EnvironmentContext(Config(), directory, fn=steps)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # two processes may start at once
        else:
            connection.execute(select(func.pg_advisory_xact_lock(STARTING)))
        environment.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()
        connection.commit()
