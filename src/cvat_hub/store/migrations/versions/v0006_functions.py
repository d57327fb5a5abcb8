"""Functions that agents serve, the queue of what is asked of them, and tracking states."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "functions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        sa.Column("updated_date", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_functions")),
        sqlite_autoincrement=True,
    )
    _index("functions", "owner_id")
    _index("functions", "organization_id")
    _presence()
    _requests()
    op.create_table(
        "tracking_states",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("function_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("agent_state", sa.Text(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("used_date", sa.DateTime(), nullable=False),
        _function_of("tracking_states"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tracking_states")),
    )
    for column in ("function_id", "user_id", "used_date"):
        _index("tracking_states", column)


def _presence() -> None:
    op.create_table(
        "function_agents",
        sa.Column("function_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("seen_date", sa.DateTime(), nullable=False),
        _function_of("function_agents"),
        sa.PrimaryKeyConstraint(
            "function_id", "agent_id", "user_id", name=op.f("pk_function_agents")
        ),
    )
    _index("function_agents", "seen_date")
    op.create_table(
        "function_watches",
        sa.Column("function_id", sa.Integer(), nullable=False),
        sa.Column("hub", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("seen_date", sa.DateTime(), nullable=False),
        _function_of("function_watches"),
        sa.PrimaryKeyConstraint("function_id", "hub", name=op.f("pk_function_watches")),
    )


def _requests() -> None:
    op.create_table(
        "function_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("function_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("meant_for", sa.String(length=64), nullable=True),
        sa.Column("agent_id", sa.String(length=64), nullable=True),
        sa.Column("agent_user_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_date", sa.DateTime(), nullable=False),
        sa.Column("started_date", sa.DateTime(), nullable=True),
        sa.Column("heard_date", sa.DateTime(), nullable=True),
        sa.Column("finished_date", sa.DateTime(), nullable=True),
        _function_of("function_requests"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_function_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_function_requests_key")),
        sqlite_autoincrement=True,
    )
    for column in ("function_id", "user_id", "finished_date"):
        _index("function_requests", column)
    unfinished = sa.text("status IN ('queued', 'started')")
    op.create_index(
        "ix_function_requests_unfinished",
        "function_requests",
        ["function_id", "category", "turn"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    batch = sa.text("category = 'batch' AND status IN ('queued', 'started')")
    op.create_index(
        "uq_function_requests_batch_task_id",
        "function_requests",
        ["task_id"],
        unique=True,
        sqlite_where=batch,
        postgresql_where=batch,
    )


def _function_of(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_function_id")
    return sa.ForeignKeyConstraint(["function_id"], ["functions.id"], name=name, ondelete="CASCADE")


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
