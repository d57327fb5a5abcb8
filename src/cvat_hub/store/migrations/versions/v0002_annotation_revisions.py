"""A revision for each annotation, and ranges of annotations that nobody sees."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "hidden_annotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("incoming", sa.Boolean(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("first_frame", sa.Integer(), nullable=False),
        sa.Column("last_frame", sa.Integer(), nullable=False),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_annotations")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hidden_annotations_task_id"), "hidden_annotations", ["task_id"])
    with op.batch_alter_table("annotations") as table:
        table.drop_constraint(op.f("fk_annotations_task_id"), type_="foreignkey")
        table.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        if op.get_bind().dialect.name == "sqlite":
            # There, INTEGER alone makes the key the place of the row, without a second index.
            table.alter_column("id", type_=sa.Integer(), existing_type=sa.BigInteger())
