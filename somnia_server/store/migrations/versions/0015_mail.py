"""Whether notices were sent by mail, and who was reminded of a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("mailed_at", sa.DateTime, nullable=True))
    op.add_column("notices", sa.Column("mail_tries", sa.Integer, nullable=True))
    op.add_column("notices", sa.Column("mail_next_at", sa.DateTime, nullable=True))
    op.execute("UPDATE notices SET mailed_at = created_at")
    op.create_index("ix_notices_mailed_at", "notices", ["mailed_at"])
    op.add_column("visits", sa.Column("reminded_at", sa.DateTime, nullable=True))


def downgrade() -> None:
    op.drop_column("visits", "reminded_at")
    op.drop_index("ix_notices_mailed_at", "notices")
    for name in ("mail_next_at", "mail_tries", "mailed_at"):
        op.drop_column("notices", name)
