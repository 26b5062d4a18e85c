"""Alembic asks for this file; the steps are run by `somnia_server.store.schema.upgrade`, which owns the connection."""

from alembic import context

context.run_migrations()
