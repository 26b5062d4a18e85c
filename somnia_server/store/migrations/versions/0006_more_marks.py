"""Consents get a mark, and an account's covers its recovery codes; what is there is taken as it stands, once.

An account is marked anew only when it carries the mark that it had: one that was changed before stays shut.
"""

from hmac import compare_digest
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, load_only

from somnia_server.store.bound import mark_of, mark_without
from somnia_server.store.keys import stored_keys
from somnia_server.store.tables import ConsentRow, UserRow

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES: tuple[Any, ...] = (ConsentRow, UserRow)


def upgrade() -> None:
    op.add_column("consents", sa.Column("mark", sa.String(length=64)))
    connection = op.get_bind()
    if not any(connection.scalar(sa.select(sa.func.count()).select_from(table.__table__)) for table in TABLES):
        return
    stored_keys().open_house(connection)
    with Session(connection, join_transaction_mode="rollback_only") as rows:
        for table in TABLES:
            here = [getattr(table, found["name"]) for found in sa.inspect(connection).get_columns(table.__tablename__)]
            for row in rows.scalars(sa.select(table).options(load_only(*here))).all():  # later columns are not there yet
                if _as_it_was(row):
                    connection.execute(sa.update(table).where(table.id == row.id).values(mark=mark_of(row)))


def _as_it_was(row: ConsentRow | UserRow) -> bool:
    if isinstance(row, ConsentRow):
        return row.withdrawn_at is None
    known = mark_without(row, "recovery_codes"), mark_of(row)
    return row.mark is not None and any(compare_digest(row.mark, mark) for mark in known)


def downgrade() -> None:
    with op.batch_alter_table("consents") as changed:
        changed.drop_column("mark")
