"""Rows that let somebody in get a mark; those that are there already are taken as they stand, once.

From here on a row without its mark counts for nothing, so that this must never be done again to rows that lost theirs. The marks need
the key of the house, which is opened for it before the process has started altogether.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, load_only

from somnia_server.store.bound import FIELDS, mark_of
from somnia_server.store.keys import stored_keys

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = [table for table in FIELDS if table.__tablename__ != "consents"]
"""Consents got theirs later."""
ENDED = {
    "sessions": "ended_at",
    "refresh_tokens": "revoked_at",
    "grants": "revoked_at",
    "invitations": "withdrawn_at",
    "guardians": "ended_at",
    "kiosks": "revoked_at",
}


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table.__tablename__, sa.Column("mark", sa.String(length=64)))
    connection = op.get_bind()
    if not any(connection.scalar(sa.select(sa.func.count()).select_from(table.__table__)) for table in TABLES):
        return
    stored_keys().open_house(connection)
    with Session(connection, join_transaction_mode="rollback_only") as rows:
        for table in TABLES:
            ended = ENDED.get(table.__tablename__)
            here = [getattr(table, found["name"]) for found in sa.inspect(connection).get_columns(table.__tablename__)]
            for row in rows.scalars(sa.select(table).options(load_only(*here))).all():  # later columns are not there yet
                if ended is None or getattr(row, ended) is None:
                    key = sa.inspect(table).primary_key[0]
                    connection.execute(sa.update(table).where(key == getattr(row, key.name)).values(mark=mark_of(row)))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table.__tablename__) as changed:
            changed.drop_column("mark")
