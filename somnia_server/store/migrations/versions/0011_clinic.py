"""Doctors' scorings, interpretations, messages, visits and filters; and what a list needs of a night, kept small beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0006"
branch_labels = None
depends_on = None


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=32), nullable=nullable)


def _owner(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=64), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def upgrade() -> None:
    op.add_column("nights", sa.Column("sealed_face", sa.LargeBinary, nullable=True))
    _of_a_night()
    _between_people()


def _of_a_night() -> None:
    op.create_table(
        "scorings",
        _id("id"),
        _id("night_id"),
        _owner("patient"),
        _owner("author"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        _at("created_at"),
        _at("changed_at"),
        sa.Column("sealed_marks", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_scorings_version", "scorings", ["night_id", "author", "version"], unique=True)
    op.create_table(
        "interpretations",
        _id("id"),
        _id("night_id"),
        _owner("patient"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        _owner("author"),
        _at("created_at"),
        _at("changed_at"),
        _at("analyzed_at"),
        _at("signed_at", nullable=True),
        _id("scoring_id", nullable=True),
        sa.Column("sealed_text", sa.LargeBinary, nullable=False),
        sa.Column("sealed_summary", sa.LargeBinary, nullable=True),
        sa.Column("sealed_series", sa.LargeBinary, nullable=True),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_interpretations_version", "interpretations", ["night_id", "version"], unique=True)


def _between_people() -> None:
    op.create_table(
        "messages",
        _id("id"),
        _owner("patient"),
        _owner("doctor"),
        _owner("author"),
        _at("created_at"),
        _at("read_at", nullable=True),
        sa.Column("sealed_text", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_messages_patient", "messages", ["patient"], unique=False)
    op.create_table(
        "visits",
        _id("id"),
        _owner("patient"),
        _owner("doctor"),
        _at("begins_at"),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        _at("created_at"),
        sa.Column("sealed_detail", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_visits_patient", "visits", ["patient"], unique=False)
    op.create_index("ix_visits_doctor", "visits", ["doctor"], unique=False)
    op.create_table(
        "filters",
        _id("id"),
        _owner("doctor"),
        _at("created_at"),
        sa.Column("sealed_said", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_filters_doctor", "filters", ["doctor"], unique=False)


def downgrade() -> None:
    for table in ("filters", "visits", "messages", "interpretations", "scorings"):
        op.drop_table(table)
    with op.batch_alter_table("nights") as changed:
        changed.drop_column("sealed_face")
