"""What a clinic says on its displays."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic_notes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("written_by", sa.String(64), nullable=False),
        sa.Column("written_at", sa.DateTime, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("sealed_text", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_clinic_notes_last_day", "clinic_notes", ["last_day"])


def downgrade() -> None:
    op.drop_table("clinic_notes")
