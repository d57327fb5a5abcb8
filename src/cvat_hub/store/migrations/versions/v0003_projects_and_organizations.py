"""Projects, whose labels their tasks share, and organizations with members and invitations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _organizations()
    _projects()
    with _changing("tasks") as tasks:
        _link(tasks, "tasks", "project_id", "projects", "CASCADE")
        _link(tasks, "tasks", "organization_id", "organizations", "SET NULL")
    with _changing("labels") as labels:
        labels.alter_column("task_id", existing_type=sa.Integer(), nullable=True)
        _link(labels, "labels", "project_id", "projects", "CASCADE")


def _organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("contact", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        sa.Column("updated_date", sa.DateTime(), nullable=False),
        _foreign_key("organizations", "owner_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("joined_date", sa.DateTime(), nullable=True),
        _foreign_key("memberships", "organization_id", "organizations", "CASCADE"),
        _foreign_key("memberships", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "organization_id", "user_id", name=op.f("uq_memberships_organization_id_user_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invitations",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        _foreign_key("invitations", "membership_id", "memberships", "CASCADE"),
        _foreign_key("invitations", "owner_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_invitations")),
        sa.UniqueConstraint("membership_id", name=op.f("uq_invitations_membership_id")),
    )
    _index("organizations", "owner_id")
    _index("memberships", "organization_id")
    _index("memberships", "user_id")
    _index("invitations", "owner_id")


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assignee_updated_date", sa.DateTime(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("bug_tracker", sa.String(length=2000), nullable=False),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        sa.Column("updated_date", sa.DateTime(), nullable=False),
        _foreign_key("projects", "owner_id", "users", "SET NULL"),
        _foreign_key("projects", "assignee_id", "users", "SET NULL"),
        _foreign_key("projects", "organization_id", "organizations", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sqlite_autoincrement=True,
    )
    for column in ("owner_id", "assignee_id", "organization_id"):
        _index("projects", column)


@contextmanager
def _changing(table: str) -> Iterator[Any]:
    """Change a table, which SQLite makes anew; numbers that were given out are not given again."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    numbers = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
    of_table = numbers.c.name == table
    if is_sqlite:
        last = connection.scalar(sa.select(numbers.c.seq).where(of_table)) or 0
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if is_sqlite:
        connection.execute(sa.update(numbers).where(of_table).values(seq=last))


def _link(batch: Any, table: str, column: str, target: str, rule: str) -> None:
    batch.add_column(sa.Column(column, sa.Integer(), nullable=True))
    batch.create_foreign_key(op.f(f"fk_{table}_{column}"), target, [column], ["id"], ondelete=rule)
    batch.create_index(op.f(f"ix_{table}_{column}"), [column])


def _foreign_key(table: str, column: str, target: str, rule: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=rule)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
