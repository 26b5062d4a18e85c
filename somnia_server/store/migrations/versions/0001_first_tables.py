"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visitors",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("demo", sa.String(128)),
        sa.Column("sealed_name", sa.LargeBinary, nullable=False),
        sa.Column("sealed_sha256", sa.LargeBinary),
        sa.Column("sealed_survey", sa.LargeBinary),
    )
    op.create_index("ix_uploads_owner", "uploads", ["owner"])
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"])
    op.create_table(
        "nights",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("night", sa.Date, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("sealed_summary", sa.LargeBinary, nullable=False),
        sa.Column("sealed_series", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_nights_owner_night", "nights", ["owner", "night"])
    op.create_index("ix_nights_expires_at", "nights", ["expires_at"])
    op.create_index("uq_nights_owner_fingerprint", "nights", ["owner", "fingerprint"], unique=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("night", sa.Date),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("fraction", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("heartbeat_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("night_id", sa.String(32)),
        sa.Column("error_id", sa.String(16)),
        sa.Column("sealed_error", sa.LargeBinary),
        sa.Column("sealed_options", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_jobs_owner", "jobs", ["owner"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
    active = sa.text("state IN ('queued', 'running')")
    op.create_index("uq_jobs_active", "jobs", ["owner", "fingerprint"], unique=True, sqlite_where=active, postgresql_where=active)
    op.create_table(
        "job_uploads",
        sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("upload_id", sa.String(32), sa.ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("ix_job_uploads_upload_id", "job_uploads", ["upload_id"])


def downgrade() -> None:
    for table in ("job_uploads", "jobs", "nights", "uploads", "visitors"):
        op.drop_table(table)
