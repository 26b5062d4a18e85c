"""Devices that seal packets, and the packets that they brought."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=12), primary_key=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        _at("created_at"),
        _at("seen_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        _at("code_expires_at", nullable=True),
        sa.Column("sealed_name", sa.LargeBinary, nullable=False),
        sa.Column("sealed_key", sa.LargeBinary, nullable=True),
    )
    op.create_index("ix_devices_owner", "devices", ["owner"])
    op.create_index("uq_devices_code", "devices", ["code"], unique=True)
    op.create_table(
        "packets",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=12), sa.ForeignKey("devices.id", ondelete="CASCADE"), nullable=False),
        sa.Column("nonce", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("night", sa.Date, nullable=True),
        _at("created_at"),
        sa.Column("sealed_letter", sa.LargeBinary, nullable=True),
    )
    op.create_index("ix_packets_owner", "packets", ["owner"])
    op.create_index("ix_packets_job", "packets", ["job"])
    op.create_index("uq_packets_device_nonce", "packets", ["device", "nonce"], unique=True)


def downgrade() -> None:
    op.drop_table("packets")
    op.drop_table("devices")
