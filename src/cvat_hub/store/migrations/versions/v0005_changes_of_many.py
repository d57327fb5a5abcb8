"""Rows that take the place of others, and what is hidden by a list or by its label."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("annotations", sa.Column("shown_id", sa.BigInteger(), nullable=True))
    is_renamed = sa.text("shown_id IS NOT NULL")
    op.create_index(
        op.f("ix_annotations_shown_id"),
        "annotations",
        ["shown_id"],
        sqlite_where=is_renamed,
        postgresql_where=is_renamed,
    )
    for name in ("label_id", "attribute_id"):
        op.add_column("hidden_annotations", sa.Column(name, sa.Integer(), nullable=True))
    for name in ("listed", "disturbed"):
        op.add_column(
            "hidden_annotations",
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()),
        )
    op.create_table(
        "hidden_lists",
        sa.Column("hidden_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hidden_id", "annotation_id", name=op.f("pk_hidden_lists")),
        sqlite_with_rowid=False,
    )
