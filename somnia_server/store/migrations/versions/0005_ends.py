"""A family of refresh tokens remembers when it began, and an account whether somebody else chose its password."""

import sqlalchemy as sa
from alembic import op

from somnia_server.store.tables.base import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("began_at", Moment()))
    op.add_column("users", sa.Column("first_password_at", Moment()))


def downgrade() -> None:
    for table, column in (("refresh_tokens", "began_at"), ("users", "first_password_at")):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(column)
