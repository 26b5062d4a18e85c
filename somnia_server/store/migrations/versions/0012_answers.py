"""What people answer to questionnaires."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("sealed_answers", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_answers_owner", "answers", ["owner"])


def downgrade() -> None:
    op.drop_table("answers")
