"""Nights in small for trends, and what people note of a night."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trends",
        sa.Column("night_id", sa.String(32), sa.ForeignKey("nights.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("sealed_trend", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_trends_owner", "trends", ["owner"])
    op.create_table(
        "remarks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("night", sa.Date, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("sealed_remark", sa.LargeBinary, nullable=False),
    )
    op.create_index("uq_remarks_owner_night", "remarks", ["owner", "night"], unique=True)


def downgrade() -> None:
    op.drop_table("remarks")
    op.drop_table("trends")
