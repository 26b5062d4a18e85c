"""The loudest moments of nights."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clips",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("night_id", sa.String(32), sa.ForeignKey("nights.id", ondelete="CASCADE"), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("sealed_clip", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_clips_owner", "clips", ["owner"])
    op.create_index("ix_clips_night_id", "clips", ["night_id"])
    op.create_index("ix_clips_expires_at", "clips", ["expires_at"])


def downgrade() -> None:
    op.drop_table("clips")
